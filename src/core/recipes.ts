/**
 * Recipes: how a model with a given accelerator in it wants to be stepped, as data. An accelerator is a LoRA that makes
 * a model draw in few steps; LCM-LoRA was the first of the family. Numbers are the publishers': their cards and code.
 *
 * "Guidance 0" of some cards means none, which is 1 here. Knows no files; which of them wants which recipe is found out
 * in engine/weights/accelerator.
 */
import type { WholeSampling } from './sampling.ts';

export type RecipeBounds = { readonly usual: number; readonly least: number; readonly most: number };

export type Recipe = WholeSampling & {
  /** What made it: `Hyper-SD`. */
  readonly family: string;
  /** Which of the family's it is, for people; '' where there is one. */
  readonly variant: string;
  /** Step counts that it was trained for. */
  readonly steps: RecipeBounds & { readonly only?: readonly number[] };
  readonly guidance: RecipeBounds;
  /** Of the published files, where it is known. */
  readonly licence?: string;
};

const NON_COMMERCIAL = 'CC BY-NC: not for commercial use';

const NO_GUIDANCE: RecipeBounds = { usual: 1, least: 1, most: 1 };

/** Latent consistency's original schedule has 50 steps. */
const ANY_STEPS = { usual: 4, least: 1, most: 50 } as const;

const only = (...steps: readonly [number, ...number[]]) =>
  ({ usual: steps[0], least: Math.min(...steps), most: Math.max(...steps), only: steps }) as const;

const LCM = { scheduler: 'lcm', grid: 'lcm', eta: 1, lastStep: 'one' } as const satisfies WholeSampling;
/** The published schedulers of Stable Diffusion have set_alpha_to_one off. */
const DDIM_TRAILING = {
  scheduler: 'ddim',
  grid: 'trailing',
  eta: 0,
  lastStep: 'first',
} as const satisfies WholeSampling;
const EULER_TRAILING = { ...DDIM_TRAILING, scheduler: 'euler', lastStep: 'one' } as const satisfies WholeSampling;
const TCD = { scheduler: 'tcd', grid: 'lcm', eta: 0.3, lastStep: 'first' } as const satisfies WholeSampling;

const hyper = (steps: number): Recipe => ({
  ...DDIM_TRAILING,
  family: 'Hyper-SD',
  variant: counted(steps),
  steps: only(steps),
  guidance: NO_GUIDANCE,
});
const hyperCfg = (steps: number): Recipe => ({
  ...hyper(steps),
  variant: `${counted(steps)} with guidance`,
  guidance: { usual: 5, least: 5, most: 8 },
});
const lightning = (steps: number): Recipe => ({
  ...EULER_TRAILING,
  family: 'SDXL-Lightning',
  licence: 'OpenRAIL++',
  variant: counted(steps),
  steps: only(steps),
  guidance: NO_GUIDANCE,
});
const pcm = (steps: number, variant: 'small' | 'normal', guidance: RecipeBounds): Recipe => ({
  ...DDIM_TRAILING,
  family: 'PCM',
  variant: `${counted(steps)}, ${variant} guidance`,
  steps: only(steps),
  guidance,
});
const SMALL: RecipeBounds = { usual: 1, least: 1, most: 2 };

export const RECIPES = {
  lcm: { ...LCM, family: 'LCM', variant: '', steps: ANY_STEPS, guidance: { usual: 1, least: 1, most: 2 } },
  tcd: { ...TCD, family: 'TCD', variant: '', steps: ANY_STEPS, guidance: NO_GUIDANCE },
  /** Fourstep's own: learnt from where a teacher's whole path ends, so two steps are its usual and one will do. */
  'one-step': {
    ...LCM,
    family: 'One-step',
    variant: '',
    steps: { usual: 2, least: 1, most: 4 },
    guidance: NO_GUIDANCE,
  },
  'hyper-sd': {
    ...TCD,
    eta: 1,
    family: 'Hyper-SD',
    variant: '1 to 8 steps',
    steps: { usual: 4, least: 1, most: 8 },
    guidance: NO_GUIDANCE,
  },
  'hyper-sd-2': hyper(2),
  'hyper-sd-4': hyper(4),
  'hyper-sd-8': hyper(8),
  'hyper-sd-8-cfg': hyperCfg(8),
  'hyper-sd-12-cfg': hyperCfg(12),
  'lightning-2': lightning(2),
  'lightning-4': lightning(4),
  'lightning-8': lightning(8),
  dmd2: {
    ...LCM,
    grid: [999, 749, 499, 249],
    family: 'DMD2',
    licence: NON_COMMERCIAL,
    variant: '4 steps',
    steps: only(4),
    guidance: NO_GUIDANCE,
  },
  'pcm-small-2': pcm(2, 'small', SMALL),
  'pcm-small-4': pcm(4, 'small', SMALL),
  'pcm-small-8': pcm(8, 'small', SMALL),
  'pcm-small-16': pcm(16, 'small', SMALL),
  'pcm-normal-4': pcm(4, 'normal', { usual: 3, least: 2.5, most: 3.5 }),
  'pcm-normal-8': pcm(8, 'normal', { usual: 4, least: 3, most: 6 }),
  'pcm-normal-16': pcm(16, 'normal', { usual: 4, least: 3, most: 6 }),
  flash: {
    ...LCM,
    family: 'Flash',
    variant: '',
    licence: NON_COMMERCIAL,
    steps: { usual: 4, least: 1, most: 8 },
    guidance: NO_GUIDANCE,
  },
  vegart: {
    ...LCM,
    family: 'VegaRT',
    variant: '',
    licence: 'Apache-2.0',
    steps: { usual: 4, least: 1, most: 8 },
    guidance: SMALL,
  },
} as const satisfies Readonly<Record<string, Recipe>>;

export type RecipeName = keyof typeof RECIPES;

export const RECIPE_NAMES = Object.keys(RECIPES).filter(isRecipeName);

export function isRecipeName(text: string): text is RecipeName {
  return Object.hasOwn(RECIPES, text);
}

export function recipeOf(name: RecipeName): Recipe {
  return RECIPES[name];
}

/** Whether the recipe goes with so many steps. */
export function allowsSteps(name: RecipeName, steps: number): boolean {
  const { only, least, most } = recipeOf(name).steps;
  return only === undefined ? steps >= least && steps <= most : only.includes(steps);
}

/** The guidance that the recipe has for one that was asked for. */
export function guidanceFor(name: RecipeName, guidance: number): number {
  const { least, most } = recipeOf(name).guidance;
  return Math.min(Math.max(guidance, least), most);
}

/** `Hyper-SD, 4 steps`. */
export function recipeTitle(name: RecipeName): string {
  const { family, variant } = recipeOf(name);
  return variant === '' ? family : `${family}, ${variant}`;
}

/** What of a recipe a request carries. */
export function samplingOf(name: RecipeName): WholeSampling {
  const { scheduler, grid, eta, lastStep } = recipeOf(name);
  return { scheduler, grid, eta, lastStep };
}

/** `Hyper-SD, SD 1.5, 4 steps: DDIM trailing, guidance 1`; `base` as people call it, where it is known. */
export function recipeSentence(name: RecipeName, base = ''): string {
  const { family, variant, guidance } = recipeOf(name);
  const who = [family, base, variant].filter((word) => word !== '').join(', ');
  return `${who}: ${samplingWords(recipeOf(name))}, guidance ${range(guidance)}`;
}

/** The sentence, with the licence of the published files where it is known: nobody should learn of it too late. */
export function recipeNote(name: RecipeName, base = ''): string {
  const { licence } = recipeOf(name);
  return `${recipeSentence(name, base)}${licence === undefined ? '' : ` (${licence})`}`;
}

const SAMPLERS = { lcm: 'LCM', tcd: 'TCD', ddim: 'DDIM', euler: 'Euler', 'dpm++': 'DPM-Solver++' } as const;

function samplingWords({ scheduler, grid, eta }: Recipe): string {
  const where = grid === 'lcm' ? '' : ` ${typeof grid === 'string' ? grid : grid.join(' ')}`;
  return `${SAMPLERS[scheduler]}${where}${scheduler === 'tcd' ? ` eta ${eta}` : ''}`;
}

function range({ least, most }: RecipeBounds): string {
  return least === most ? `${least}` : `${least} to ${most}`;
}

function counted(steps: number): string {
  return `${steps} steps`;
}
