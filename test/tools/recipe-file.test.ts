/** A recipe's changes out of a file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { recipeFrom } from '../../src/tools/recipe-file.ts';
import { styleRecipe } from '../../src/train/index.ts';
import { rateAt } from '../../src/train/style-recipe.ts';

const USUAL = styleRecipe({ down: [{ channels: 192 }] });
let file = '';
beforeEach(async () => {
  file = path.join(await mkdtemp(path.join(tmpdir(), 'fourstep-recipe-')), 'recipe.json');
});
afterEach(() => rm(path.dirname(file), { recursive: true, force: true }));

async function recipe(changes: unknown) {
  await writeFile(file, JSON.stringify(changes));
  return recipeFrom(file, USUAL);
}

describe('a recipe in a file', () => {
  it('changes what it names, and nothing else', async () => {
    expect(await recipeFrom(undefined, USUAL)).toBe(USUAL);
    const { learns, keeps, ...changed } = await recipe({ batch: 24, learns: 'all', keeps: 'up_blocks\\.[12]\\.' });
    const { learns: _, ...usual } = USUAL;
    expect(changed).toEqual({ ...usual, batch: 24 });
    const layer = (module: string) =>
      ({ module, weightName: `${module}.weight`, kind: 'linear', in: 1, out: 1 }) as never;
    expect(['mid_block.x', 'conv_in', 'time_embedding.linear_1'].map((name) => learns(layer(name)))).toEqual([
      true,
      false,
      false,
    ]);
    expect(['up_blocks.1.x', 'up_blocks.0.x', 'mid.up_blocks.1.x'].map((name) => keeps!(name))).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('can have the rate fall as a cosine', async () => {
    const falling = { ...(await recipe({ fall: 'cosine', coolDown: 0.5, steps: 100, rate: 1, warmUpSteps: 1 })) };
    const rates = [1, 51, 76, 100].map((step) => rateAt(falling, step));
    expect(rates.map((rate) => Math.round(1000 * rate) / 1000)).toEqual([1, 1, 0.51, 0.021]);
  });

  it('is refused with what is wrong in it', async () => {
    await expect(recipe({ batches: 24 })).rejects.toThrow(/Expected a training recipe in .*batches/s);
    await expect(recipe({ coolDown: 2 })).rejects.toThrow(/coolDown/);
  });
});
