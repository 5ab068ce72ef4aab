/** From a wish for steps, guidance and quality to an accelerator and how it is stepped. */
import { describe, expect, it } from 'vitest';
import { steppingOf, type SteppedModel } from '../../src/bot/stepping.ts';
import type { RecipeName } from '../../src/core/recipes.ts';

const model = (...recipes: readonly RecipeName[]): SteppedModel => ({
  accelerators: recipes.map((recipe) => ({ id: recipe, file: 'a.safetensors', weight: 1, recipe })),
  defaults: { width: 64, height: 64, steps: 4, guidance: 1, scheduler: 'lcm' },
});

describe('the stepping of a picture', () => {
  it('is the usual accelerator’s by its recipe', () => {
    expect(steppingOf({}, model('hyper-sd-4', 'hyper-sd-8'))).toEqual({
      accelerator: { kind: 'model', id: 'hyper-sd-4' },
      recipe: { name: 'hyper-sd-4', scheduler: 'ddim', grid: 'trailing', eta: 0, lastStep: 'first' },
      steps: 4,
      guidance: 1,
    });
  });

  it('is another accelerator’s at another quality', () => {
    const fine = steppingOf({ quality: 'fine' }, model('lcm', 'hyper-sd-8-cfg'));
    expect(fine).toMatchObject({ accelerator: { id: 'hyper-sd-8-cfg' }, steps: 8, guidance: 5 });
  });

  it('refuses steps that the recipe was not made for, in one sentence', () => {
    expect(() => steppingOf({ steps: 6 }, model('lightning-4'))).toThrow(
      'SDXL-Lightning, 4 steps goes with 4 steps; you asked for 6. Leave the steps out, or ask for those.',
    );
    expect(() => steppingOf({ steps: 9 }, model('hyper-sd'))).toThrow('goes with 1–8 steps; you asked for 9');
  });

  it('mends a guidance that the recipe does not go with, and keeps what was asked', () => {
    expect(steppingOf({ guidance: 7 }, model('hyper-sd-4'))).toMatchObject({ guidance: 7, recipe: { guidance: 1 } });
    expect(steppingOf({ guidance: 1.5 }, model('lcm')).recipe).not.toHaveProperty('guidance');
  });

  it('raises guidance for words to keep out as far as the recipe goes', () => {
    expect(steppingOf({ leastGuidance: 1.5 }, model('lcm')).guidance).toBe(1.5);
    expect(steppingOf({ leastGuidance: 1.5 }, model('hyper-sd-4')).guidance).toBe(1);
  });

  it('leaves the recipe where another scheduler is asked for', () => {
    const own = steppingOf({ sampling: { scheduler: 'euler' }, steps: 12, guidance: 4 }, model('lcm'));
    expect(own).toMatchObject({ recipe: { scheduler: 'euler' }, steps: 12, guidance: 4 });
    expect(own.recipe).not.toHaveProperty('name');
  });

  it('takes as many steps as timesteps are listed', () => {
    const listed = steppingOf({ sampling: { grid: [999, 600, 201] } }, model('tcd'));
    expect(listed).toMatchObject({ steps: 3, recipe: { name: 'tcd', grid: [999, 600, 201] } });
  });

  it('takes the recipe of a file that was named', () => {
    const accelerator = { kind: 'file', file: '/dmd2.safetensors', weight: 0.7 } as const;
    expect(steppingOf({ named: { accelerator, recipe: 'dmd2' } }, model('lcm'))).toMatchObject({
      accelerator,
      recipe: { name: 'dmd2', grid: [999, 749, 499, 249] },
      steps: 4,
    });
  });

  it('of a model without accelerators is its scheduler’s', () => {
    const slow: SteppedModel = { defaults: { width: 64, height: 64, steps: 25, guidance: 7.5, scheduler: 'dpm++' } };
    expect(steppingOf({}, slow)).toEqual({
      accelerator: { kind: 'model' },
      recipe: { scheduler: 'dpm++' },
      steps: 25,
      guidance: 7.5,
    });
  });
});
