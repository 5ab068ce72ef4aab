/**
 * The accelerators of a model, and which of them draws at a wished quality: a fast one and a fine one are enough, and one
 * alone has more or fewer steps to give. Pure; knows no files' contents.
 */
import { z } from 'zod';

import type { Parsed } from './parsed.ts';
import { RECIPE_NAMES, recipeOf, type RecipeName } from './recipes.ts';

export const modelAccelerator = z.object({
  /** What it is chosen by. */
  id: z.string().min(1),
  /** Relative to the manifest's folder; absolute where an operator chose it. */
  file: z.string(),
  /** λ_lcm of the paper. */
  weight: z.number().default(1),
  recipe: z.enum(RECIPE_NAMES),
});
export type ModelAccelerator = Parsed<typeof modelAccelerator>;

/** What `lcmLora` of older manifests and catalog entries means. */
export function lcmAccelerator(file: string): ModelAccelerator {
  return { id: 'lcm', file, weight: 1, recipe: 'lcm' };
}

export const QUALITIES = ['draft', 'fast', 'fine'] as const;
export type Quality = (typeof QUALITIES)[number];

type Accelerated = {
  readonly accelerators: readonly ModelAccelerator[];
  readonly defaults: { readonly steps: number };
};

export type QualityChoice = {
  /** Undefined: the model has none. */
  readonly accelerator: ModelAccelerator | undefined;
  readonly steps: number;
};

/**
 * Three or more accelerators, by what a picture costs with them: the cheapest drafts, the costliest is fine. Two: the
 * cheaper one is fast, and drafts in half its steps. One: half and twice its steps, as far as its recipe goes.
 */
export function ofQuality({ accelerators, defaults }: Accelerated, quality: Quality): QualityChoice {
  const byCost = accelerators.toSorted((a, b) => costOf(a) - costOf(b));
  const cheapest = byCost[0];
  const usual = (accelerator: ModelAccelerator | undefined): QualityChoice => ({
    accelerator,
    steps: accelerator === undefined ? defaults.steps : usualSteps(accelerator, { accelerators, defaults }),
  });
  const times = ({ accelerator, steps }: QualityChoice, factor: number): QualityChoice => ({
    accelerator,
    steps: nearestSteps(accelerator?.recipe, Math.max(1, Math.round(steps * factor))),
  });
  switch (quality) {
    case 'draft':
      return byCost.length > 2 ? usual(cheapest) : times(usual(cheapest), 1 / 2);
    case 'fast':
      return byCost.length > 2 ? usual(byCost[1]) : usual(cheapest);
    case 'fine':
      return byCost.length > 1
        ? usual(byCost.at(-1))
        : cheapest === undefined
          ? usual(cheapest)
          : times(usual(cheapest), 2);
    default:
      return quality satisfies never;
  }
}

/** The quality that a picture of this accelerator was asked for with; undefined for the model's usual. */
export function qualityOf(model: Accelerated, id: string | undefined, steps: number): Quality | undefined {
  const first = model.accelerators[0];
  if (id === undefined || (id === first?.id && steps === model.defaults.steps)) {
    return undefined;
  }
  const choices = QUALITIES.map((quality) => ({ quality, ...ofQuality(model, quality) }));
  const same = choices.filter(({ accelerator }) => accelerator?.id === id);
  const exact = same.find((choice) => choice.steps === steps);
  return exact?.quality ?? (id === first?.id ? undefined : same[0]?.quality);
}

/** The first is the model's usual one, and drawn as its manifest says. */
export function usualSteps({ id, recipe }: ModelAccelerator, { accelerators, defaults }: Accelerated): number {
  return id === accelerators[0]?.id ? defaults.steps : recipeOf(recipe).steps.usual;
}

/** With guidance above 1 the UNet runs twice a step. */
function costOf({ recipe }: ModelAccelerator): number {
  const { steps, guidance } = recipeOf(recipe);
  return steps.usual * (guidance.usual > 1 ? 2 : 1);
}

function nearestSteps(recipe: RecipeName | undefined, steps: number): number {
  if (recipe === undefined) {
    return steps;
  }
  const { only, least, most } = recipeOf(recipe).steps;
  const nearest = (only ?? []).toSorted((a, b) => Math.abs(a - steps) - Math.abs(b - steps))[0];
  return nearest ?? Math.min(Math.max(steps, least), most);
}
