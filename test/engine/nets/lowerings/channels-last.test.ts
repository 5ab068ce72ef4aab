/**
 * Graphs with channels last against the ordinary ones, over the same weights. What only CUDA has kernels for is spelt out
 * for the processor: this holds the graphs, not the kernels, which a device tries for itself when it is opened.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { targetsOf } from '../../../../src/engine/model/style-set.ts';
import {
  buildKLDecoder,
  buildKLEncoder,
  buildSrvgg,
  buildTinyDecoder,
  buildTinyEncoder,
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
  parseSrvggConfig,
  parseUNetConfig,
  unetLoraTargets,
  type Lowering,
  type NetWeights,
  type StyleForm,
} from '../../../../src/engine/nets/index.ts';
import { channelsLastLowering } from '../../../../src/engine/nets/lowerings/channels-last.ts';
import { ordinaryLowering } from '../../../../src/engine/nets/lowerings/ordinary.ts';
import type { Graph } from '../../../../src/engine/onnx/index.ts';
import type { Feeds } from '../../../../src/engine/ort/index.ts';
import { feedsOf, type LoraRow } from '../../../support/lora-rows.ts';
import { floats, given, goldenConfig, outputOf, randomSource, relativeL2 } from '../../../support/net-case.ts';
import { speltOut } from '../../../support/spelt-out.ts';

/** Relative L2: sums in another order. */
const TOLERANCE = 1e-5;

const ordinary = ordinaryLowering({ dtype: 'f32', islands: [], attention: 'fused' });
/** Every norm and every gate by its own operator, of shapes that CUDA has no kernels for too. */
const last = channelsLastLowering(ordinary, { norms: () => true, splitGelu: () => true });

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-last-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Build = (weights: NetWeights, lowering: Lowering) => Graph;

async function distance(part: string, build: Build, feeds: Feeds, lowering = last): Promise<number> {
  const directory = mkdtempSync(path.join(folder, 'weights-'));
  const weights = randomSource(directory, part, build(NO_WEIGHTS, ordinary));
  const cacheDir = path.join(directory, 'derived');
  const prepared = await lowering.prepareWeights(weights, (given) => build(given, lowering), cacheDir);
  const theirs = await outputOf(speltOut(build(prepared, lowering)), feeds);
  return relativeL2(theirs, await outputOf(build(weights, ordinary), feeds));
}

function unet(model: string, size: readonly [number, number], options: Options = {}): Promise<number> {
  const config = parseUNetConfig({ ...Object(goldenConfig(model, 'unet')), ...options.config }, model);
  const build: Build = (weights, lowering) =>
    buildUNet(config, weights, {
      lowering,
      sizes: options.sizes ?? 'whole',
      ...(options.styles && { styles: options.styles }),
    });
  const feeds = {
    sample: given('last/sample', 2, config.inChannels, ...size),
    timestep: floats([999, 259]),
    encoder_hidden_states: given('last/text', 2, 77, config.contextFeatures),
    ...options.more,
  };
  return distance('unet', build, feeds, options.lowering);
}

type Options = {
  readonly config?: Readonly<Record<string, unknown>>;
  readonly sizes?: 'any' | 'whole';
  readonly styles?: Partial<StyleForm>;
  readonly more?: Feeds;
  readonly lowering?: Lowering;
};

describe('channels last', () => {
  it("is SD 1.5's UNet, on a picture that is not square", async () => {
    expect(await unet('sd15', [16, 24])).toBeLessThan(TOLERANCE);
  });

  it('crops what downsampling had rounded up', async () => {
    expect(await unet('sd15', [13, 18], { sizes: 'any' })).toBeLessThan(TOLERANCE);
  });

  it('takes nine channels', async () => {
    expect(await unet('sd15', [8, 16], { config: { in_channels: 9 } })).toBeLessThan(TOLERANCE);
  });

  it("is SDXL's UNet", async () => {
    const more = {
      text_embeds: given('last/text_embeds', 2, 32),
      time_ids: floats([128, 192, 0, 0, 128, 192, 64, 64, 8, 4, 128, 128], [2, 6]),
    };
    expect(await unet('sdxl', [16, 8], { more })).toBeLessThan(TOLERANCE);
  });

  it('mixes the styles of its rows, at every layer that takes one', async () => {
    const config = parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15');
    const targets = unetLoraTargets(config);
    const beside = new Set(targetsOf('all', targets).map(({ module }) => module));
    const rows: readonly LoraRow[] = [{ index: 0, rank: 3 }, undefined];
    const styled = { styles: { beside }, more: feedsOf(targets, beside, rows) };
    expect(await unet('sd15', [16, 8], styled)).toBeLessThan(TOLERANCE);
  });

  it('leaves to ordinary forms what no kernel takes', async () => {
    const lowering = loweringFor({ provider: 'cuda', channels: 'last' });
    const config = parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15');
    const operators = buildUNet(config, NO_WEIGHTS, { lowering }).nodes.map(({ opType }) => opType);
    expect(operators).toContain('NhwcConv');
    expect(operators).not.toContain('GroupNorm'); // a tiny model has other channels than those of CUDA's kernels
    expect(await unet('sd15', [16, 8], { lowering })).toBeLessThan(TOLERANCE);
  });

  it('turns no picture round between the first convolution and the last', () => {
    const config = parseUNetConfig(goldenConfig('sd15', 'unet'), 'sd15');
    const turns = (lowering: Lowering): number =>
      buildUNet(config, NO_WEIGHTS, { lowering, sizes: 'whole' }).nodes.filter(({ opType }) => opType === 'Transpose')
        .length;
    expect(turns(last)).toBe(2);
    expect(turns(ordinary)).toBeGreaterThan(2);
  });

  it('is both halves of an AutoencoderKL', async () => {
    const config = parseAutoencoderKLConfig(goldenConfig('sd15', 'vae'), 'sd15');
    const decode: Build = (weights, lowering) => buildKLDecoder(config, weights, { lowering });
    const encode: Build = (weights, lowering) => buildKLEncoder(config, weights, { lowering });
    expect(await distance('vae', decode, { latents: given('last/z', 2, 4, 8, 12) })).toBeLessThan(TOLERANCE);
    expect(await distance('vae', encode, { image: given('last/image', 2, 3, 64, 48) })).toBeLessThan(TOLERANCE);
  });

  it('is both halves of an AutoencoderTiny', async () => {
    const config = parseAutoencoderTinyConfig(goldenConfig('taesd', 'vae'), 'tiny');
    const decode: Build = (weights, lowering) => buildTinyDecoder(config, weights, { lowering });
    const encode: Build = (weights, lowering) => buildTinyEncoder(config, weights, { lowering });
    expect(await distance('vae', decode, { latents: given('last/z', 2, 4, 8, 12) })).toBeLessThan(TOLERANCE);
    expect(await distance('vae', encode, { image: given('last/image', 2, 3, 64, 48) })).toBeLessThan(TOLERANCE);
  });

  it('is an upscaler', async () => {
    const config = parseSrvggConfig({ num_feat: 16, num_conv: 3, upscale: 2, act_type: 'prelu' }, 'upscaler');
    const build: Build = (weights, lowering) => buildSrvgg(config, weights, { lowering });
    expect(await distance('upscaler', build, { image: given('last/image', 1, 3, 12, 20) })).toBeLessThan(TOLERANCE);
  });
});
