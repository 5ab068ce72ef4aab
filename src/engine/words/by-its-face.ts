/**
 * Whether a prompt is first of all about one animal: a small model that learnt animals both whole and by their faces draws
 * the faces far better, so it is asked for those in its captions' words. Pure.
 */
import type { Part } from './plain-wording.ts';
import type { WordTable } from './word-table.ts';

const SEVERAL = /^(?:\d+|two|three|four|five|many|pair)$/u;
const FACE = /\b(?:face|avatar|portrait|head)\b/u;

/** The words to begin with; undefined where the prompt is about something else, about several, or asks for a face itself. */
export function facing(table: WordTable, parts: readonly Part[]): string | undefined {
  const said = parts.map((part) => part.said?.toLowerCase() ?? '');
  const first = parts.findIndex(({ isThing }) => isThing);
  const isOne = table.animals.has(said[first] ?? '') && !said.slice(0, first).some((word) => SEVERAL.test(word));
  return isOne && !said.some((word) => FACE.test(word)) ? table.face : undefined;
}
