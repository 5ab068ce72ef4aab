/**
 * Which accelerator a wish is drawn with and how that is stepped: the model's usual one, the one for a quality, or one
 * that was named; by its recipe, whose steps are refused outside it and whose guidance is mended. Pure.
 */
import { ofQuality, type ModelAccelerator, type Quality, usualSteps } from '../core/accelerator.ts';
import type { ModelManifest } from '../core/manifest.ts';
import { allowsSteps, guidanceFor, recipeOf, type RecipeName, recipeTitle, samplingOf } from '../core/recipes.ts';
import type { Accelerator, UsedRecipe } from '../core/request.ts';
import type { Sampling } from '../core/sampling.ts';
import { refusal } from './refusal.ts';

/** An accelerator that was named; without a recipe it is stepped as the model's own scheduler says. */
export type NamedAccelerator = { readonly accelerator: Accelerator; readonly recipe: RecipeName | undefined };

export type SteppingWish = {
  readonly steps?: number | undefined;
  readonly guidance?: number | undefined;
  /** Of the accelerators that the model has. */
  readonly quality?: Quality | undefined;
  /** Goes before the quality. */
  readonly named?: NamedAccelerator | undefined;
  /** What is to be another than the recipe has it. */
  readonly sampling?: Partial<Sampling> | undefined;
  /** Where no guidance is asked for: the least that gives words to keep out an effect. */
  readonly leastGuidance?: number | undefined;
};

export type SteppedModel = Pick<ModelManifest, 'defaults'> & Partial<Pick<ModelManifest, 'accelerators'>>;

export type Stepping = {
  readonly accelerator: Accelerator;
  readonly recipe: UsedRecipe;
  readonly steps: number;
  readonly guidance: number;
};

/** Throws `UserError` `request.steps-recipe` for steps that the recipe was not made for. */
export function steppingOf(wish: SteppingWish, model: SteppedModel): Stepping {
  const { accelerator, recipe, steps: usual } = chosen(wish, model);
  const { sampling = {} } = wish;
  const isOwnWay =
    recipe === undefined || (sampling.scheduler ?? recipeOf(recipe).scheduler) !== recipeOf(recipe).scheduler;
  const list = typeof sampling.grid === 'object' ? sampling.grid : undefined;
  const steps = wish.steps ?? list?.length ?? usual;
  if (isOwnWay) {
    const scheduler = sampling.scheduler ?? model.defaults.scheduler;
    const guidance = wish.guidance ?? Math.max(model.defaults.guidance, wish.leastGuidance ?? 0);
    return { accelerator, recipe: { ...sampling, scheduler }, steps, guidance };
  }
  if (list === undefined && !allowsSteps(recipe, steps)) {
    const { only, least, most } = recipeOf(recipe).steps;
    const allowed = only === undefined ? `${least}–${most}` : only.join(', ');
    throw refusal('request.steps-recipe', { recipe: recipeTitle(recipe), allowed, given: steps });
  }
  const own = recipeOf(recipe).guidance.usual;
  const guidance = wish.guidance ?? guidanceFor(recipe, Math.max(own, wish.leastGuidance ?? 0));
  const used = guidanceFor(recipe, guidance);
  return {
    accelerator,
    recipe: { name: recipe, ...samplingOf(recipe), ...sampling, ...(used === guidance ? {} : { guidance: used }) },
    steps,
    guidance,
  };
}

type Chosen = { readonly accelerator: Accelerator; readonly recipe: RecipeName | undefined; readonly steps: number };

function chosen({ named, quality }: SteppingWish, { accelerators = [], defaults }: SteppedModel): Chosen {
  if (named !== undefined) {
    const { accelerator, recipe } = named;
    const own = accelerator.kind === 'model' ? accelerators.find(({ id }) => id === accelerator.id) : undefined;
    const usual = recipe === undefined ? defaults.steps : recipeOf(recipe).steps.usual;
    const steps = own?.recipe === recipe && own !== undefined ? usualSteps(own, { accelerators, defaults }) : usual;
    return { accelerator, recipe, steps };
  }
  const choice =
    quality === undefined
      ? { accelerator: accelerators[0], steps: defaults.steps }
      : ofQuality({ accelerators, defaults }, quality);
  return { accelerator: useOf(choice.accelerator), recipe: choice.accelerator?.recipe, steps: choice.steps };
}

function useOf(accelerator: ModelAccelerator | undefined): Accelerator {
  return accelerator === undefined ? { kind: 'model' } : { kind: 'model', id: accelerator.id };
}
