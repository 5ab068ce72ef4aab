/** Every sampler against diffusers, step by step; how the numbers were made is in test/golden/make_schedules.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SCHEDULER_NAMES } from '../../../src/core/sampling.ts';
import { isRecipeName, RECIPE_NAMES, recipeOf } from '../../../src/core/recipes.ts';
import type { Sampling } from '../../../src/core/sampling.ts';
import { lcmTimesteps } from '../../../src/engine/sampling/grid.ts';
import { alphasCumprod } from '../../../src/engine/sampling/noise-schedule.ts';
import {
  drawsNoise,
  initialLatents,
  parseSchedulerConfig,
  plan,
  type Plan,
  step,
  TorchGenerator,
} from '../../../src/engine/sampling/index.ts';

const goldenCase = z.object({
  scheduler: z.enum(SCHEDULER_NAMES),
  config: z.string(),
  steps: z.number(),
  strength: z.number().nullable(),
  timesteps: z.array(z.number()),
  start: z.array(z.number()),
  seen: z.array(z.number()),
  after: z.array(z.array(z.number())),
});

const golden = z
  .object({
    configs: z.record(z.string(), z.unknown()),
    alphasCumprod: z.record(z.string(), z.record(z.string(), z.number())),
    lcmImg2img: z.record(z.string(), z.array(z.number())),
    cases: z.array(goldenCase.extend({ eta: z.number().optional(), grid: z.array(z.number()).optional() })),
    recipes: z.array(goldenCase.extend({ recipe: z.string() })),
  })
  .parse(JSON.parse(readFileSync(new URL('../../golden/schedules/schedules.json', import.meta.url), 'utf8')));

const SEED = 7;
const LENGTH = 12;
const INIT = Float32Array.from({ length: LENGTH }, (_, i) => -1.5 + (2.7 * i) / (LENGTH - 1));

function madeUpModel(x: Float32Array, timestep: number): Float32Array {
  return x.map((value) => 0.7 * value + 0.3 * Math.sin(3 * value + timestep / 100));
}

/** Relative to the largest value; noise grows to hundreds of times the signal in some schedules. */
function difference(actual: Float32Array, expected: readonly number[]): number {
  const scale = Math.max(1, ...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) / scale;
}

function configNamed(name: string) {
  return parseSchedulerConfig(golden.configs[name], `${name} of the golden file`);
}

/** Draws the golden's latents step by step beside it; how far from it, at most. */
function distancesFrom(golden: z.infer<typeof goldenCase>, sampling: Sampling) {
  const strength = golden.strength ?? undefined;
  const planned = plan(configNamed(golden.config), { ...sampling, steps: golden.steps, strength });
  const timesteps = planned.steps.map(({ timestep }) => timestep);
  const generator = new TorchGenerator(SEED);
  let latents = initialLatents(planned, generator.randn(LENGTH), strength === undefined ? undefined : INIT);
  const start = difference(unscaled(planned, 0, latents.x), golden.start);
  const seen = difference(latents.x, golden.seen);
  const after: number[] = [];
  for (const [index, timestep] of timesteps.entries()) {
    const output = madeUpModel(latents.x, timestep);
    const noise = drawsNoise(planned, index) ? generator.randn(LENGTH) : undefined;
    latents = step(planned, index, { latents, output, noise });
    const expected = golden.after[index - timesteps.length + golden.after.length];
    after.push(expected === undefined ? 0 : difference(unscaled(planned, index + 1, latents.x), expected));
  }
  return {
    steps: timesteps.length,
    timesteps: difference(Float32Array.from(timesteps), golden.timesteps),
    start,
    seen,
    after: Math.max(...after),
  };

  /** diffusers' Euler keeps the signal at 1 between steps. */
  function unscaled({ steps }: Plan, index: number, x: Float32Array): Float32Array {
    const alpha = golden.scheduler === 'euler' ? (steps[index]?.alpha ?? 1) : 1;
    return x.map((value) => value / alpha);
  }
}

describe('samplers', () => {
  it.each(golden.cases)(
    '$scheduler follows diffusers ($config, $steps steps, strength $strength, eta $eta, timesteps $grid)',
    (golden) => {
      const { steps, timesteps, start, seen, after } = distancesFrom(golden, golden);
      expect(steps).toBe(golden.timesteps.length);
      expect(timesteps).toBeLessThan(1e-5);
      expect(start).toBeLessThan(3e-6);
      expect(seen).toBeLessThan(3e-6);
      expect(after).toBeLessThan(1e-4);
    },
  );

  it.each(golden.recipes)('$recipe follows its publisher ($config, $steps steps, strength $strength)', (golden) => {
    expect(golden.recipe).toSatisfy(isRecipeName);
    const recipe = recipeOf(isRecipeName(golden.recipe) ? golden.recipe : 'lcm');
    const { steps, timesteps, start, seen, after } = distancesFrom(golden, recipe);
    expect(steps).toBe(golden.timesteps.length);
    expect(timesteps).toBe(0);
    expect(start).toBeLessThan(3e-6);
    expect(seen).toBeLessThan(3e-6);
    expect(after).toBeLessThan(1e-4);
  });

  it('are compared at every step count of every recipe', () => {
    const compared = new Set(golden.recipes.map(({ recipe, steps }) => `${recipe} ${steps}`));
    const allowed = RECIPE_NAMES.flatMap((name) => {
      const { steps } = recipeOf(name);
      const counts = steps.only ?? Array.from({ length: steps.most - steps.least + 1 }, (_, i) => steps.least + i);
      return counts.map((count) => `${name} ${count}`);
    });
    expect(compared).toEqual(new Set(allowed));
  });

  it('have TCD between DDIM and LCM: eta 0 is DDIM, eta 1 is LCM but for the least noise of training', () => {
    const mixes = (sampling: Sampling) =>
      plan(configNamed('sd15'), { ...sampling, steps: 4, strength: undefined }).steps.map(({ mix }) => mix);
    const grid = [999, 759, 499, 259];
    const ddim = mixes({ scheduler: 'ddim', grid, lastStep: 'first' });
    expect(mixes({ scheduler: 'tcd', grid, eta: 0 })).toEqual(ddim);
    const lcm = mixes({ scheduler: 'lcm' });
    const leastNoise = Math.sqrt(1 - 0.99915);
    for (const [i, mix] of mixes({ scheduler: 'tcd', eta: 1 }).entries()) {
      expect(Math.abs(mix.x0 - lcm[i]!.x0)).toBeLessThan(0.001);
      expect(Math.abs(mix.noise - lcm[i]!.noise)).toBeLessThan(0.001);
      expect(mix.output).toBeLessThan(leastNoise + 1e-4);
    }
  });

  it('leave their inputs as they were', () => {
    const planned = plan(configNamed('sd15'), { scheduler: 'lcm', steps: 2, strength: undefined });
    const latents = initialLatents(planned, new TorchGenerator(1).randn(LENGTH), undefined);
    const before = latents.x.slice();
    const output = madeUpModel(latents.x, 999);
    const outputBefore = output.slice();
    step(planned, 0, { latents, output, noise: new TorchGenerator(2).randn(LENGTH) });
    expect(latents.x).toEqual(before);
    expect(output).toEqual(outputBefore);
  });

  it('say which step lacks its noise', () => {
    const planned = plan(configNamed('sd15'), { scheduler: 'lcm', steps: 2, strength: undefined });
    const latents = initialLatents(planned, new Float32Array(LENGTH), undefined);
    expect(() => step(planned, 0, { latents, output: latents.x, noise: undefined })).toThrow('step 0 draws noise');
  });
});

describe('the noise schedule', () => {
  it.each(Object.entries(golden.alphasCumprod))('has the alphaBar of diffusers (%s)', (name, expected) => {
    const values = alphasCumprod(configNamed(name));
    for (const [timestep, value] of Object.entries(expected)) {
      expect(Math.abs(values[Number(timestep)]! - value)).toBeLessThanOrEqual(1e-6 * value + 1e-9);
    }
  });

  it('has the published anchors of Stable Diffusion', () => {
    const values = alphasCumprod(configNamed('sd15'));
    const anchors = { 19: 0.982244, 259: 0.658976, 499: 0.27767, 759: 0.0522129, 999: 0.0046601 };
    for (const [timestep, value] of Object.entries(anchors)) {
      expect(Math.abs(values[Number(timestep)]! - value)).toBeLessThan(1e-6);
    }
  });
});

describe('the LCM grid', () => {
  const grid = { strength: 1, originalSteps: 50, trainTimesteps: 1000 };
  it.each([
    [1, [999]],
    [2, [999, 499]],
    [3, [999, 679, 339]],
    [4, [999, 759, 499, 259]],
    [5, [999, 799, 599, 399, 199]],
    [6, [999, 839, 679, 499, 339, 179]],
    [8, [999, 879, 759, 639, 499, 379, 259, 139]],
  ])('of %i steps is pinned', (steps, timesteps) => {
    expect(lcmTimesteps({ ...grid, steps })).toEqual(timesteps);
  });

  it.each(Object.entries(golden.lcmImg2img))('keeps four steps at strength %s', (strength, timesteps) => {
    expect(lcmTimesteps({ ...grid, steps: 4, strength: Number(strength) })).toEqual(timesteps);
  });

  it('refuses more steps than it has at a strength', () => {
    expect(() => lcmTimesteps({ ...grid, steps: 8, strength: 0.1 })).toThrow(
      'Expected no more steps than the schedule has, but 8 were asked for and the LCM schedule has 5 at strength 0.1; ask for fewer steps or more strength.',
    );
  });
});

describe('a list of timesteps', () => {
  const planOf = (grid: readonly number[], steps: number) =>
    plan(configNamed('sd15'), { scheduler: 'lcm', grid, steps, strength: undefined });

  it('that does not descend within training is refused', () => {
    expect(() => planOf([499, 999], 2)).toThrow('Expected descending timesteps from 999 to 0, but got 499, 999');
    expect(() => planOf([1000, 499], 2)).toThrow('Expected descending timesteps from 999 to 0');
  });

  it('is as long as there are steps', () => {
    expect(() => planOf([999, 749, 499, 249], 8)).toThrow('8 were asked for and there are 4 (999, 749, 499, 249)');
  });
});

describe('scheduler settings', () => {
  it('of a flow model are refused by name', () => {
    expect(() => parseSchedulerConfig({ prediction_type: 'flow_prediction' }, 'scheduler_config.json')).toThrow(
      'but `prediction_type` is not usable',
    );
  });

  it.each(['EDMEulerScheduler', 'EDMDPMSolverMultistepScheduler', 'FlowMatchEulerDiscreteScheduler'])(
    'of %s are refused by name',
    (name) => {
      expect(() => parseSchedulerConfig({ _class_name: name }, 'scheduler_config.json')).toThrow(`are of ${name},`);
    },
  );

  it('that ask for zero terminal signal with an epsilon prediction are refused', () => {
    const config = parseSchedulerConfig({ rescale_betas_zero_snr: true }, 'scheduler_config.json');
    expect(() => plan(config, { scheduler: 'lcm', steps: 4, strength: undefined })).toThrow('zero signal');
  });

  it('leave no step for too little strength of a many-step sampler', () => {
    const config = parseSchedulerConfig({}, 'scheduler_config.json');
    expect(() => plan(config, { scheduler: 'ddim', steps: 4, strength: 0.2 })).toThrow(
      '4 steps at strength 0.2 leave none',
    );
  });
});

describe('settings that a sampler cannot follow', () => {
  const options = { steps: 4, strength: undefined } as const;
  it.each([
    { setting: { algorithm_type: 'dpmsolver' }, scheduler: 'dpm++' },
    { setting: { algorithm_type: 'sde-dpmsolver' }, scheduler: 'dpm++' },
    { setting: { solver_order: 3 }, scheduler: 'dpm++' },
    { setting: { use_lu_lambdas: true }, scheduler: 'dpm++' },
    { setting: { use_flow_sigmas: true }, scheduler: 'euler' },
    { setting: { interpolation_type: 'log_linear' }, scheduler: 'euler' },
    { setting: { timestep_type: 'continuous' }, scheduler: 'euler' },
    { setting: { sigma_max: 120 }, scheduler: 'euler' },
  ] as const)(
    'are refused by name where they count, and nowhere else: $setting for $scheduler',
    ({ setting, scheduler }) => {
      const config = parseSchedulerConfig(setting, 'scheduler_config.json');
      const [key = ''] = Object.keys(setting);
      expect(() => plan(config, { scheduler, ...options })).toThrow(key);
      expect(plan(config, { scheduler: 'ddim', ...options }).steps.length).toBe(4);
    },
  );
});
