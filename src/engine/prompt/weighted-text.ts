/**
 * What brackets mean in a weighted prompt: (word) × 1.1, [word] ÷ 1.1, (word:1.3) × 1.3, nested ones multiplied, \( a bracket
 * itself, BREAK the end of a chunk. Brackets that stay open reach to the end. Pure.
 *
 * As parse_prompt_attention of https://github.com/AUTOMATIC1111/stable-diffusion-webui (modules/prompt_parser.py at 1.10).
 */
export type PromptPiece =
  | { readonly kind: 'text'; readonly text: string; readonly weight: number }
  | { readonly kind: 'break' };

const ROUND = 1.1;
const SQUARE = 1 / 1.1;
const PARTS = /\\[()[\]\\]|\\|\(|\[|:\s*(?<weight>[+-]?(?:\d+\.?\d*|\.\d+))\s*\)|\)|\]|[^\\()[\]:]+|:/gu;
const BREAK = /\s*\bBREAK\b\s*/u;

type Open = { kind: 'text' | 'break'; text: string; weight: number };

/** Neighbours of one weight are one piece; an empty prompt is one empty piece. */
export function parseWeighted(prompt: string): readonly PromptPiece[] {
  const pieces: Open[] = [];
  const round: number[] = [];
  const square: number[] = [];
  const multiply = (start: number | undefined, factor: number): void => {
    for (const piece of pieces.slice(start)) {
      piece.weight *= factor;
    }
  };
  for (const { 0: part, groups } of prompt.matchAll(PARTS)) {
    const weight = groups?.['weight'];
    if (part.startsWith('\\')) {
      pieces.push({ kind: 'text', text: part.slice(1), weight: 1 });
    } else if (part === '(') {
      round.push(pieces.length);
    } else if (part === '[') {
      square.push(pieces.length);
    } else if (weight !== undefined && round.length > 0) {
      multiply(round.pop(), Number(weight));
    } else if (part === ')' && round.length > 0) {
      multiply(round.pop(), ROUND);
    } else if (part === ']' && square.length > 0) {
      multiply(square.pop(), SQUARE);
    } else {
      for (const [k, text] of part.split(BREAK).entries()) {
        pieces.push(...(k > 0 ? [{ kind: 'break' as const, text: '', weight: 1 }] : []), {
          kind: 'text',
          text,
          weight: 1,
        });
      }
    }
  }
  round.forEach((start) => multiply(start, ROUND));
  square.forEach((start) => multiply(start, SQUARE));
  return joined(pieces);
}

function joined(pieces: readonly Open[]): readonly PromptPiece[] {
  const all: PromptPiece[] = [];
  for (const { kind, text, weight } of pieces) {
    const last = all.at(-1);
    if (kind === 'break') {
      all.push({ kind });
    } else if (last?.kind === 'text' && last.weight === weight) {
      all[all.length - 1] = { kind, text: last.text + text, weight };
    } else {
      all.push({ kind, text, weight });
    }
  }
  return all.length === 0 ? [{ kind: 'text', text: '', weight: 1 }] : all;
}
