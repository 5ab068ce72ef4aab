/**
 * Renames as tables of pairs, read in either direction, so that every rename has an inverse. Knows no particular net.
 */

/** `[diffusers, other]` beginnings of names; each is a whole number of dotted words. */
export type RenameTable = readonly (readonly [diffusers: string, other: string])[];

export type Direction = 'from diffusers' | 'to diffusers';

/** Renames the beginning of a dotted name by the first pair that fits; undefined when none does. */
export function renameBeginning(table: RenameTable, name: string, direction: Direction): string | undefined {
  for (const [diffusers, other] of table) {
    const [from, to] = direction === 'from diffusers' ? [diffusers, other] : [other, diffusers];
    if (name === from || name.startsWith(`${from}.`)) {
      return to + name.slice(from.length);
    }
  }
  return undefined;
}
