/**
 * Accelerators as the command line names them, by file or by the id that the model knows them by, with the recipe that
 * each wants: said, recognised, or asked for. Nothing is drawn by a guess.
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { closest } from '../../commands/closest.ts';
import type { NamedAccelerator } from '../bot/stepping.ts';
import type { ModelAccelerator } from '../core/accelerator.ts';
import { UserError } from '../core/errors.ts';
import { type RecipeName, recipeNote } from '../core/recipes.ts';
import { acceleratorWords, openLora, recogniseAccelerator } from '../engine/weights/index.ts';

export type AcceleratorOptions = {
  /** A file, an id of the model's, or `none`. */
  readonly accelerator?: string | undefined;
  /** The same by its older name, which says that it is LCM's where the file does not say what it is. */
  readonly lcmLora?: string | undefined;
  /** Undefined or `auto`: recognised. */
  readonly recipe?: RecipeName | 'auto' | undefined;
};

/**
 * Undefined where the model's usual one is meant.
 * Throws `UserError` `usage.recipe` where nothing tells how the file is stepped, `lora.missing`, and as `openLora`.
 */
export async function namedAccelerator(
  { accelerator, lcmLora, recipe = 'auto' }: AcceleratorOptions,
  installed: readonly ModelAccelerator[],
): Promise<NamedAccelerator | undefined> {
  const given = accelerator ?? lcmLora;
  if (given === undefined) {
    const [usual] = installed;
    return recipe === 'auto' ? undefined : { accelerator: { kind: 'model', id: usual?.id }, recipe };
  }
  if (given === 'none') {
    return { accelerator: { kind: 'none' }, recipe: recipe === 'auto' ? undefined : recipe };
  }
  const own = installed.find(({ id }) => id === given);
  if (own !== undefined) {
    return { accelerator: { kind: 'model', id: own.id }, recipe: recipe === 'auto' ? own.recipe : recipe };
  }
  const { file, weight } = await fileOf(given, installed);
  return {
    accelerator: { kind: 'file', file, weight },
    recipe: recipe === 'auto' ? await recipeFor(file, lcmLora === given ? 'lcm' : undefined) : recipe,
  };
}

export type AddedAccelerators = {
  /** `FILE` or `FILE:WEIGHT`, the usual one first; `none` alone. */
  readonly accelerator?: readonly string[] | undefined;
  readonly lcmLora?: string | undefined;
  /** In the order of the accelerators. */
  readonly recipe?: readonly (RecipeName | 'auto')[] | undefined;
};

/** For the catalog; undefined: none were named, and the model's own manifest decides. Tells what was recognised. */
export async function addedAccelerators(
  { accelerator, lcmLora, recipe = [] }: AddedAccelerators,
  say: (line: string) => void,
): Promise<readonly ModelAccelerator[] | undefined> {
  const given = accelerator ?? (lcmLora === undefined ? undefined : [lcmLora]);
  if (given === undefined || given.includes('none')) {
    return given === undefined ? undefined : [];
  }
  const added: ModelAccelerator[] = [];
  for (const [k, text] of given.entries()) {
    const { file, weight } = await fileOf(text, []);
    const said = recipe[k] ?? 'auto';
    const found = said === 'auto' ? await recipeFor(file, text === lcmLora ? 'lcm' : undefined) : said;
    say(`${file}: ${recipeNote(found)}`);
    const namesakes = added.filter((each) => each.recipe === found).length;
    added.push({ id: namesakes === 0 ? found : `${found}-no${namesakes + 1}`, file, weight, recipe: found });
  }
  return added;
}

/** The recipe of a file; `assumed` where nothing tells. Throws `UserError` `usage.recipe`. */
async function recipeFor(file: string, assumed: RecipeName | undefined): Promise<RecipeName> {
  const recognition = await recogniseAccelerator(await openLora(file));
  if (recognition.kind === 'known') {
    return recognition.recipe;
  }
  if (assumed !== undefined) {
    return assumed;
  }
  const why =
    acceleratorWords(recognition) ??
    'nothing in it says that it is an accelerator; if it is one, name its recipe with --recipe';
  throw new UserError('usage.recipe', `Expected --recipe NAME for ${file}: ${why}.`, { params: { file } });
}

/** `FILE` or `FILE:WEIGHT`; a drive letter's colon is not taken for a weight. */
async function fileOf(
  text: string,
  installed: readonly ModelAccelerator[],
): Promise<{ readonly file: string; readonly weight: number }> {
  const match = /^(.+?)(?::(-?\d*\.?\d+))?$/.exec(text);
  const file = resolve(match?.[1] ?? text);
  const isThere = await stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  );
  if (!isThere) {
    const ids = installed.map(({ id }) => id);
    const near = closest(text, ids);
    const hint =
      near === undefined ? `The model has: ${ids.length === 0 ? 'none' : ids.join(', ')}.` : `Did you mean ${near}?`;
    throw new UserError(
      'lora.missing',
      `Expected an accelerator's file, one of the model's accelerators, or none; got "${text}", which is none of them. ${hint}`,
      { params: { file: text, hint } },
    );
  }
  return { file, weight: match?.[2] === undefined ? 1 : Number(match[2]) };
}
