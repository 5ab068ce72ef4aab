/**
 * An animal and a role in one breath (a cat astronaut, a robot dog): a model that learnt each by itself draws only one of
 * them, so they are read as two things, and that is told. Pure.
 */
import { articleFor, type Part } from './plain-wording.ts';
import type { WordTable } from './word-table.ts';

export type Pair = { readonly word: string; readonly drawn: string };

/** The parts with "and" and an article between such two, and what those pairs are. */
export function besideEachOther(
  table: WordTable,
  text: string,
  parts: readonly Part[],
): { readonly apart: readonly Part[]; readonly pairs: readonly Pair[] } {
  const pairs: Pair[] = [];
  const apart = parts.map((part, at) => {
    const next = parts[at + 1];
    if (part.said === undefined || next?.said === undefined || text.slice(part.end, next.start) !== ' ') {
      return part;
    }
    if (!areApart(table, part.said.toLowerCase(), next.said.toLowerCase())) {
      return part;
    }
    const first = [part.said, 'and', articleFor('a', next.said, true) ?? []].flat().join(' ');
    pairs.push({ word: text.slice(part.start, next.end), drawn: `${first} ${next.said}` });
    return { ...part, said: first };
  });
  return { apart, pairs };
}

function areApart({ animals, roles }: WordTable, first: string, second: string): boolean {
  return (animals.has(first) && roles.has(second)) || (roles.has(first) && animals.has(second));
}
