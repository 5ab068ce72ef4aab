/** Which accelerator of a model draws at a wished quality, and in how many steps. */
import { describe, expect, it } from 'vitest';
import { ofQuality, QUALITIES, qualityOf, type ModelAccelerator } from '../../src/core/accelerator.ts';
import { allowsSteps, guidanceFor, type RecipeName } from '../../src/core/recipes.ts';

const own = (recipe: RecipeName): ModelAccelerator => ({
  id: recipe,
  file: `${recipe}.safetensors`,
  weight: 1,
  recipe,
});
const model = (steps: number, ...recipes: readonly RecipeName[]) => ({
  accelerators: recipes.map(own),
  defaults: { steps },
});

function chosen(of: ReturnType<typeof model>) {
  return QUALITIES.map((quality) => {
    const { accelerator, steps } = ofQuality(of, quality);
    return `${accelerator?.id} ${steps}`;
  });
}

describe('a quality', () => {
  it.each([
    ['one, of any steps', model(4, 'lcm'), ['lcm 2', 'lcm 4', 'lcm 8']],
    ['one, of its steps alone', model(4, 'hyper-sd-4'), ['hyper-sd-4 4', 'hyper-sd-4 4', 'hyper-sd-4 4']],
    ['a fast and a fine one', model(4, 'lcm', 'hyper-sd-8'), ['lcm 2', 'lcm 4', 'hyper-sd-8 8']],
    ['a usual one and one for one step', model(4, 'lcm', 'one-step'), ['one-step 1', 'one-step 2', 'lcm 4']],
    ['a fine and a fast one', model(8, 'hyper-sd-8-cfg', 'hyper-sd'), ['hyper-sd 2', 'hyper-sd 4', 'hyper-sd-8-cfg 8']],
    [
      'three',
      model(4, 'lightning-4', 'lightning-2', 'lightning-8'),
      ['lightning-2 2', 'lightning-4 4', 'lightning-8 8'],
    ],
    ['none', model(25), ['undefined 13', 'undefined 25', 'undefined 25']],
  ] as const)('of a model that has %s', (_, of, expected) => {
    expect(chosen(of)).toEqual(expected);
  });

  it('is told again from what was drawn', () => {
    const of = model(4, 'lcm', 'hyper-sd-8');
    expect(qualityOf(of, 'hyper-sd-8', 8)).toBe('fine');
    expect(qualityOf(of, 'lcm', 2)).toBe('draft');
    expect(qualityOf(of, 'lcm', 4)).toBeUndefined();
    expect(qualityOf(of, 'lcm', 3)).toBeUndefined();
    expect(qualityOf(of, undefined, 4)).toBeUndefined();
  });
});

describe('a recipe’s bounds', () => {
  it('say which steps go with it', () => {
    expect([1, 8, 9].map((steps) => allowsSteps('hyper-sd', steps))).toEqual([true, true, false]);
    expect([3, 4].map((steps) => allowsSteps('lightning-4', steps))).toEqual([false, true]);
  });

  it('mend a guidance', () => {
    expect(guidanceFor('hyper-sd-8-cfg', 1)).toBe(5);
    expect(guidanceFor('lcm', 7)).toBe(2);
    expect(guidanceFor('lcm', 1.5)).toBe(1.5);
  });
});
