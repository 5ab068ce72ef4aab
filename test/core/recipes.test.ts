/** What people read of a recipe; that the numbers are the publishers' is compared in test/engine/sampling. */
import { describe, expect, it } from 'vitest';
import { RECIPE_NAMES, recipeOf, recipeSentence } from '../../src/core/recipes.ts';

describe('the licence', () => {
  it.each(['dmd2', 'flash'] as const)('of %s forbids commercial use, and is said', (name) => {
    expect(recipeOf(name).licence).toContain('not for commercial use');
  });
});

describe('a recipe', () => {
  it.each([
    ['lcm', '', 'LCM: LCM, guidance 1 to 2'],
    ['one-step', '', 'One-step: LCM, guidance 1'],
    ['hyper-sd', 'SDXL', 'Hyper-SD, SDXL, 1 to 8 steps: TCD eta 1, guidance 1'],
    ['hyper-sd-4', 'SD 1.5', 'Hyper-SD, SD 1.5, 4 steps: DDIM trailing, guidance 1'],
    ['lightning-8', '', 'SDXL-Lightning, 8 steps: Euler trailing, guidance 1'],
    ['dmd2', 'SDXL', 'DMD2, SDXL, 4 steps: LCM 999 749 499 249, guidance 1'],
  ] as const)('is told in a few words: %s', (name, base, words) => {
    expect(recipeSentence(name, base)).toBe(words);
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
