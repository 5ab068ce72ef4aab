/** Every sampler against diffusers, step by step; how the numbers were made is in test/golden/make_schedules.py. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SCHEDULER_NAMES } from '../../../src/core/request.ts';
import { lcmTimesteps } from '../../../src/engine/sampling/lcm.ts';
import { alphasCumprod } from '../../../src/engine/sampling/noise-schedule.ts';
import {
  drawsNoise,
  initialLatents,
  parseSchedulerConfig,
  plan,
  scaleInput,
  step,
  TorchGenerator,
} from '../../../src/engine/sampling/index.ts';

const golden = z
  .object({
    configs: z.record(z.string(), z.unknown()),
    alphasCumprod: z.record(z.string(), z.record(z.string(), z.number())),
    lcmImg2img: z.record(z.string(), z.array(z.number())),
    cases: z.array(
      z.object({
        scheduler: z.enum(SCHEDULER_NAMES),
        config: z.string(),
        steps: z.number(),
        strength: z.number().nullable(),
        timesteps: z.array(z.number()),
        start: z.array(z.number()),
        seen: z.array(z.number()),
        after: z.array(z.array(z.number())),
      }),
    ),
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

describe('samplers', () => {
  it.each(golden.cases)('$scheduler follows diffusers ($config, $steps steps, strength $strength)', (golden) => {
    const strength = golden.strength ?? undefined;
    const planned = plan(configNamed(golden.config), { scheduler: golden.scheduler, steps: golden.steps, strength });
    const timesteps = planned.steps.map(({ timestep }) => timestep);
    expect(timesteps.length).toBe(golden.timesteps.length);
    expect(difference(Float32Array.from(timesteps), golden.timesteps)).toBeLessThan(1e-5);

    const generator = new TorchGenerator(SEED);
    let latents = initialLatents(planned, generator.randn(LENGTH), strength === undefined ? undefined : INIT);
    expect(difference(latents.x, golden.start)).toBeLessThan(3e-6);
    const seen = new Float32Array(LENGTH);
    scaleInput(planned, 0, latents.x, seen);
    expect(difference(seen, golden.seen)).toBeLessThan(3e-6);
    for (const [index, expected] of golden.after.entries()) {
      const input = new Float32Array(LENGTH);
      scaleInput(planned, index, latents.x, input);
      const output = madeUpModel(input, timesteps[index]!);
      const noise = drawsNoise(planned, index) ? generator.randn(LENGTH) : undefined;
      latents = step(planned, index, { latents, output, noise });
      expect(difference(latents.x, expected), `after step ${index + 1}`).toBeLessThan(1e-4);
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

describe('scheduler settings', () => {
  it('of a flow model are refused by name', () => {
    expect(() => parseSchedulerConfig({ prediction_type: 'flow_prediction' }, 'scheduler_config.json')).toThrow(
      'but `prediction_type` is not usable',
    );
  });

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
