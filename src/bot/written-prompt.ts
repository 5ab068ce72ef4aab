/**
 * What a prompt says besides its words, in the habits of other programs: a pasted block of parameters, and styles by
 * `<lora:name:0.8>`. Only where the server reads prompts so; in plain ones every letter is a word. Pure.
 */
import { takeLoraTags } from '../../commands/lora-tags.ts';
import { parsePastedParameters, type PastedParameters } from '../../commands/pasted-parameters.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { Style } from '../core/style.ts';
import { styleNamed, type StyleInMix } from './wish.ts';

export type WrittenPrompt = {
  readonly prompt: string;
  readonly negative: string;
  /** Named in the prompt. */
  readonly styles: readonly StyleInMix[];
  readonly pasted: Omit<PastedParameters, 'prompt' | 'negative'>;
};

/** Without the marks of a weighted prompt, which may stand within a word: `kit(ten)`. As typed, too, where that differs. */
export function wordsAsRead(prompt: string, grammar: GenerationRequest['promptGrammar']): string {
  const bare = prompt
    .replaceAll(/:\s*[+-]?[\d.]+\s*(?=\))/gu, '')
    .replaceAll(/[()[\]\\]/gu, '')
    .replaceAll(/::\s*[+-]?[\d.]*/gu, ' ');
  return grammar === 'plain' || bare === prompt ? prompt : `${prompt}\n${bare}`;
}

const NOTHING_PASTED = { seed: undefined, steps: undefined, guidance: undefined, size: undefined } as const;
/** Settings for more steps than four-step models take belong to another sampler, and so does their guidance. */
const MOST_STEPS = 8;

export function readWritten(
  { prompt, negative }: { readonly prompt: string; readonly negative: string },
  grammar: GenerationRequest['promptGrammar'],
  styles: readonly Style[],
  model: string,
): WrittenPrompt {
  if (grammar === 'plain') {
    return { prompt, negative, styles: [], pasted: NOTHING_PASTED };
  }
  const { steps, guidance, ...pasted } = parsePastedParameters(prompt) ?? {
    prompt,
    negative: undefined,
    ...NOTHING_PASTED,
  };
  const own = (name: string): Style | undefined => {
    const style = styleNamed(styles, name, model);
    return style?.model === model ? style : undefined;
  };
  const { text, tags } = takeLoraTags(pasted.prompt, (name) => own(name) !== undefined);
  const isQuick = steps !== undefined && steps <= MOST_STEPS;
  return {
    prompt: text,
    negative: [negative, pasted.negative ?? ''].filter((words) => words !== '').join(', '),
    styles: tags.flatMap(({ name, weight }) => {
      const style = own(name);
      // The tag says the weight itself, not a share of the style's usual one.
      return style === undefined ? [] : [{ style, share: style.weight === 0 ? 0 : weight / style.weight }];
    }),
    pasted: {
      seed: pasted.seed,
      size: pasted.size,
      steps: isQuick ? steps : undefined,
      guidance: isQuick ? guidance : undefined,
    },
  };
}
