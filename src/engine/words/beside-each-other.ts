/**
 * An animal and a role in one breath (a cat astronaut, a robot dog): a model that learnt each by itself draws only one of
 * them, so they are read as two things, the role first, and that is told. Pure.
 */
import { articleFor, type Part } from './plain-wording.ts';
import type { WordTable } from './word-table.ts';

export type Pair = { readonly word: string; readonly drawn: string };

/** The parts with such two as "role and an animal", and what those pairs are. */
export function besideEachOther(
  table: WordTable,
  text: string,
  parts: readonly Part[],
): { readonly apart: readonly Part[]; readonly pairs: readonly Pair[] } {
  const pairs: Pair[] = [];
  const apart = [...parts];
  for (const [at, part] of parts.entries()) {
    const next = parts[at + 1];
    const isOneBreath = next !== undefined && text.slice(part.end, next.start) === ' ';
    if (!isOneBreath || part.said === undefined || next.said === undefined || !areApart(table, part.said, next.said)) {
      continue;
    }
    // The role first: beside somebody an animal is drawn by its face.
    const [role, animal] = table.roles.has(part.said.toLowerCase()) ? [part.said, next.said] : [next.said, part.said];
    const first = [role, 'and', articleFor('a', animal, true) ?? []].flat().join(' ');
    pairs.push({ word: text.slice(part.start, next.end), drawn: `${first} ${animal}` });
    apart[at] = { ...part, said: first };
    apart[at + 1] = { ...next, said: animal };
  }
  return { apart, pairs };
}

function areApart({ animals, roles }: WordTable, one: string, other: string): boolean {
  const [first, second] = [one.toLowerCase(), other.toLowerCase()];
  return (animals.has(first) && roles.has(second)) || (roles.has(first) && animals.has(second));
}
