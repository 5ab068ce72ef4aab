/**
 * A prompt of several concepts, as Midjourney writes them: `hot dog::2 food::-0.5` is two, mixed by their shares of the sum
 * of all weights. A concept without a number counts 1. Pure.
 */
import { UserError } from '../../core/errors.ts';

export type Concept = {
  readonly text: string;
  /** Of all concepts the shares add up to 1; one that is to be kept out has a negative one. */
  readonly share: number;
};

const MARK = /::[ \t]*(?<weight>[+-]?(?:\d+\.?\d*|\.\d+))?/gu;

/** Throws `UserError` `prompt.weights` where the weights add up to nothing. */
export function splitConcepts(prompt: string): readonly Concept[] {
  const found: { text: string; weight: number }[] = [];
  let start = 0;
  for (const match of prompt.matchAll(MARK)) {
    found.push({ text: prompt.slice(start, match.index).trim(), weight: Number(match.groups?.['weight'] ?? 1) });
    start = match.index + match[0].length;
  }
  if (found.length === 0) {
    return [{ text: prompt, share: 1 }];
  }
  const rest = prompt.slice(start).trim();
  const all = [...found, ...(rest === '' ? [] : [{ text: rest, weight: 1 }])].filter(({ text }) => text !== '');
  const sum = all.reduce((total, { weight }) => total + weight, 0);
  if (all.length > 0 && !(sum > 0)) {
    throw new UserError(
      'prompt.weights',
      `The weights behind :: must add up to more than 0, but they add up to ${sum}; give what you want to see more weight.`,
      { params: { sum } },
    );
  }
  return all.length === 0 ? [{ text: '', share: 1 }] : all.map(({ text, weight }) => ({ text, share: weight / sum }));
}
