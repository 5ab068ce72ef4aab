/** What people read of a recipe; that the numbers are the publishers' is compared in test/engine/sampling. */
import { describe, expect, it } from 'vitest';
import { RECIPE_NAMES, recipeOf, recipeSentence } from '../../src/core/recipes.ts';

describe('a recipe', () => {
  it.each([
    ['lcm', 'LCM, guidance 1 to 2'],
    ['hyper-sd', '1 to 8 steps: TCD eta 1, guidance 1'],
    ['hyper-sd-4', '4 steps: DDIM trailing, guidance 1'],
    ['lightning-8', '8 steps: Euler trailing, guidance 1'],
    ['dmd2', '4 steps: LCM 999 749 499 249, guidance 1'],
  ] as const)('is told in a few words: %s', (name, words) => {
    expect(recipeSentence(name)).toBe(words);
  });

  it.each(RECIPE_NAMES)('has usual values that are its own: %s', (name) => {
    const { steps, guidance, grid } = recipeOf(name);
    for (const { usual, least, most } of [steps, guidance]) {
      expect(usual).toBeGreaterThanOrEqual(least);
      expect(usual).toBeLessThanOrEqual(most);
    }
    expect(steps.only ?? [steps.usual]).toContain(steps.usual);
    expect(typeof grid === 'string' ? steps.usual : grid.length).toBe(steps.usual);
  });
});
