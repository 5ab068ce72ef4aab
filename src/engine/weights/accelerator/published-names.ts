/**
 * What a name says of an accelerator: publishers write the family, the base and the step count into the file's name, or
 * into the repository's where the file is called `pytorch_lora_weights`. Knows names alone; whether the file looks like
 * an accelerator at all is another's question.
 */
import type { Base } from '../../../core/manifest.ts';
import { isRecipeName, RECIPE_NAMES, type RecipeName } from '../../../core/recipes.ts';

export type NameGuess = {
  /** One: the name decides. Several: it names the family, and not which of it. */
  readonly recipes: readonly RecipeName[];
  /** Where the name says it. */
  readonly base: Base | undefined;
};

/** Undefined where it names no accelerator, or more than one family. */
export function guessByName(name: string): NameGuess | undefined {
  const words = name
    .replace(/\.safetensors$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-');
  const [found, ...more] = FAMILIES.filter(({ pattern }) => pattern.test(words));
  if (found === undefined || more.length > 0) {
    return undefined;
  }
  const steps = /(\d+)-?steps?(?:-|$)/.exec(words)?.[1];
  return { recipes: found.recipes(words, steps), base: BASES.find(([pattern]) => pattern.test(words))?.[1] };
}

type Family = {
  /** Of lower-case words joined by hyphens. */
  readonly pattern: RegExp;
  readonly recipes: (words: string, steps: string | undefined) => readonly RecipeName[];
};

const FAMILIES: readonly Family[] = [
  { pattern: /(?:^|-)lcm(?:-|$)|(?:^|-)pcm-.*lcm-?like/, recipes: () => ['lcm'] },
  { pattern: /(?:^|-)tcd(?:-|$)/, recipes: () => ['tcd'] },
  {
    // Hyper-SD15-4steps-lora, Hyper-SDXL-8steps-CFG-lora
    pattern: /(?:^|-)hyper-?sd(?:-|xl|v?\d|$)/,
    recipes: (words, steps) => {
      const guided = /(?:^|-)cfg(?:-|$)/.test(words) ? '-cfg' : '';
      return steps === '1' ? ['hyper-sd'] : oneOf('hyper-sd', steps === undefined ? undefined : `${steps}${guided}`);
    },
  },
  // sdxl_lightning_4step_lora
  { pattern: /(?:^|-)sd-?xl-lightning(?:-|$)/, recipes: (_, steps) => oneOf('lightning', steps) },
  // dmd2_sdxl_4step_lora_fp16
  { pattern: /(?:^|-)dmd-?2(?:-|$)/, recipes: () => ['dmd2'] },
  {
    // pcm_sd15_smallcfg_2step_converted
    pattern: /(?:^|-)pcm-(?!.*lcm-?like)/,
    recipes: (words, steps) => {
      const guidance = /(?:^|-)(small|normal)-?cfg(?:-|$)/.exec(words)?.[1];
      return oneOf('pcm', guidance === undefined || steps === undefined ? undefined : `${guidance}-${steps}`);
    },
  },
  { pattern: /(?:^|-)flash-(?:sd|sdxl|diffusion)(?:-|$)/, recipes: () => ['flash'] },
  { pattern: /(?:^|-)vega-?rt(?:-|$)/, recipes: () => ['vegart'] },
];

const BASES: readonly (readonly [RegExp, Base])[] = [
  [/ssd-?1b/, 'ssd1b'],
  [/sd-?xl/, 'sdxl'],
  [/sd-?v?2-?1/, 'sd2'],
  [/sd-?v?1-?5/, 'sd15'],
];

/** The family's recipe of that name, or all of the family where it has none. */
function oneOf(family: string, rest: string | undefined): readonly RecipeName[] {
  const name = `${family}-${rest}`;
  return isRecipeName(name) ? [name] : RECIPE_NAMES.filter((each) => each.startsWith(family));
}
