/** The UNet against diffusers' outputs for the tiny random models. */
import { describe, expect, it } from 'vitest';

import {
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  parseUNetConfig,
  sinusoidsOf,
  sizeMultiple,
  type LoweringOptions,
  type UNetConfig,
  type UNetOptions,
  writeSinusoid,
} from '../../../src/engine/nets/index.ts';
import type { Feeds } from '../../../src/engine/ort/index.ts';
import { floats, given, goldenConfig, goldens, relativeL2, runNet } from '../../support/net-case.ts';

const TOLERANCE = 1e-4;
const golden = await goldens();

const TIME_IDS = [
  [128, 192, 0, 0, 128, 192],
  [64, 64, 8, 4, 128, 128],
  [1, 2, 3, 4, 5, 6],
];

type Case = {
  readonly key: string;
  readonly model: string;
  readonly timesteps: readonly number[];
  readonly size: readonly [number, number];
  readonly features: number;
  readonly options?: Partial<LoweringOptions> & Pick<UNetOptions, 'sizes'>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly more?: Feeds;
};

/** Timesteps as a device gets them that is not to compute sines. */
function sinusoids(config: UNetConfig, timesteps: readonly number[]): Feeds {
  const { timestep } = sinusoidsOf(config);
  const data = new Float32Array(timesteps.length * timestep.features);
  timesteps.forEach((t, k) => writeSinusoid(t, timestep, data.subarray(k * timestep.features)));
  return { timestep_sinusoid: { data, shape: [timesteps.length, timestep.features] } };
}

/** Relative L2 distance from diffusers. */
async function distance({
  key,
  model,
  timesteps,
  size,
  features,
  options: { sizes = 'any', ...options } = {},
  config = {},
  more = {},
}: Case): Promise<number> {
  const json: unknown = goldenConfig(model, 'unet');
  const parsed = parseUNetConfig({ ...Object(json), ...config }, model);
  const rows = timesteps.length;
  const { out_sample } = await runNet(
    'unet',
    (weights) => buildUNet(parsed, weights, { lowering: loweringFor({ provider: 'cpu', ...options }), sizes }),
    {
      sample: given(`${key}/sample`, rows, parsed.inChannels, ...size),
      ...(options.provider === 'webgpu' ? sinusoids(parsed, timesteps) : { timestep: floats(timesteps) }),
      encoder_hidden_states: given(`${key}/encoder_hidden_states`, rows, 77, features),
      ...more,
    },
  );
  expect(out_sample?.shape).toEqual([rows, 4, ...size]);
  return relativeL2(out_sample?.data ?? new Float32Array(), await golden(`${key}/out_sample`));
}

function textTime(key: string, rows: number): Feeds {
  return {
    text_embeds: given(`${key}/text_embeds`, rows, 32),
    time_ids: floats(TIME_IDS.slice(0, rows).flat(), [rows, 6]),
  };
}

describe('UNet2DConditionModel', () => {
  const sd15 = { key: 'unet-sd15', model: 'sd15', timesteps: [999, 499, 19], size: [16, 24], features: 32 } as const;

  it('of SD 1.5 agrees with diffusers for rows at different timesteps and a picture that is not square', async () => {
    expect(await distance({ ...sd15, options: { sizes: 'whole' } })).toBeLessThan(TOLERANCE);
  });

  it('gives the same where attention is decomposed', async () => {
    expect(await distance({ ...sd15, options: { provider: 'webgpu' } })).toBeLessThan(TOLERANCE);
  });

  it('gives the same where queries of a larger model go in blocks', async () => {
    const large = { ...sd15, config: { sample_size: 64 }, options: { provider: 'webgpu' } } as const;
    const config = parseUNetConfig({ ...Object(goldenConfig('sd15', 'unet')), ...large.config }, 'large');
    const graph = buildUNet(config, NO_WEIGHTS, { lowering: loweringFor(large.options) });
    expect(graph.nodes.filter(({ opType, outputs }) => opType === 'Split' && outputs.length === 8)).not.toEqual([]);
    expect(await distance(large)).toBeLessThan(TOLERANCE);
  });

  it('agrees with diffusers for sizes that its downsampling does not divide', async () => {
    expect(
      await distance({ key: 'unet-any-size', model: 'sd15', timesteps: [259], size: [13, 18], features: 32 }),
    ).toBeLessThan(TOLERANCE);
  });

  it('takes the nine channels of an inpainting model', async () => {
    const inpaint = {
      key: 'unet-inpaint',
      model: 'sd15',
      timesteps: [759],
      size: [8, 16],
      features: 32,
      config: { in_channels: 9 },
    } as const;
    expect(await distance(inpaint)).toBeLessThan(TOLERANCE);
  });

  it('of SDXL agrees with diffusers: deep transformers, linear projections, pooled text and sizes', async () => {
    const key = 'unet-sdxl';
    expect(
      await distance({
        key,
        model: 'sdxl',
        timesteps: [999, 259],
        size: [16, 12],
        features: 64,
        more: textTime(key, 2),
      }),
    ).toBeLessThan(TOLERANCE);
  });

  it('of SSD-1B agrees with diffusers: a depth for every layer on the way up, a middle without attention', async () => {
    const key = 'unet-ssd1b';
    expect(
      await distance({
        key,
        model: 'ssd1b',
        timesteps: [999, 259, 0],
        size: [8, 16],
        features: 64,
        more: textTime(key, 3),
      }),
    ).toBeLessThan(TOLERANCE);
  });

  it('of a full LCM takes an embedding of the guidance', async () => {
    const key = 'unet-lcm';
    const more = { timestep_cond: given(`${key}/timestep_cond`, 2, 16) };
    expect(await distance({ key, model: 'lcm', timesteps: [999, 499], size: [8, 8], features: 32, more })).toBeLessThan(
      TOLERANCE,
    );
  });

  it('in fp16 stays within half precision of diffusers', async () => {
    expect(await distance({ ...sd15, options: { dtype: 'f16' } })).toBeLessThan(2e-2);
  });

  it('in fp16 with islands of fp32 stays as near', async () => {
    expect(await distance({ ...sd15, options: { dtype: 'f16', islands: ['norm', 'attention'] } })).toBeLessThan(2e-2);
  });

  it('knows what whole sizes are multiples of', () => {
    expect(sizeMultiple(parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15'))).toBe(8);
    expect(sizeMultiple(parseUNetConfig(goldenConfig('sdxl', 'unet'), 'sdxl'))).toBe(4);
  });

  it('refuses to take a LoRA for a module it lacks', () => {
    const config = parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15');
    expect(() =>
      buildUNet(config, NO_WEIGHTS, {
        lowering: loweringFor({ provider: 'cpu' }),
        styles: { beside: new Set(['conv_inn']) },
      }),
    ).toThrow(/no module conv_inn/);
  });
});
