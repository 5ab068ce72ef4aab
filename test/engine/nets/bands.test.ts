/** A decoder in bands of rows against the same one whole, and against diffusers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  buildKLDecoder,
  loweringFor,
  NO_WEIGHTS,
  parseAutoencoderKLConfig,
  type Lowering,
  type NetWeights,
} from '../../../src/engine/nets/index.ts';
import { bindLengths, type Graph } from '../../../src/engine/onnx/index.ts';
import { peakBytes } from '../../../src/engine/onnx/peak-memory.ts';
import { eightBitInstructions } from '../../../src/engine/ort/index.ts';
import { given, goldenConfig, goldens, outputOf, randomSource, relativeL2, runNet } from '../../support/net-case.ts';

const DIRECT = loweringFor({ provider: 'cpu' });
const EIGHT = loweringFor({ provider: 'cpu', precision: 'int8' });
const WINOGRAD = loweringFor({ provider: 'cpu', convolutions: 'winograd' });
/** The same, but nothing is large. */
const whole = (lowering: Lowering): Lowering => ({ ...lowering, largestPicture: Number.POSITIVE_INFINITY });
/** Means of means, and sums of a convolution in another order. */
const ROUNDING = 3e-5;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-bands-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `pixels`: what it was made for, by which its pictures are large. */
function decoder(json: object, pixels: number): (weights: NetWeights, lowering: Lowering) => Graph {
  const golden = { ...Object(goldenConfig('sd15', 'vae')), sample_size: pixels };
  const config = parseAutoencoderKLConfig({ ...golden, ...json }, 'test');
  return (weights, lowering) => buildKLDecoder(config, weights, { lowering });
}

/** Parts that are made of pictures in bands: 2 of each doubled band, and all of those that were whole. */
function splits(graph: Graph): readonly number[] {
  return graph.nodes.flatMap(({ opType, outputs }) => (opType === 'Split' ? [outputs.length] : []));
}

describe('a decoder in bands', () => {
  const build = decoder({}, 4096);

  it('decodes into the pictures of diffusers', async () => {
    const { image } = await runNet('vae', (weights) => build(weights, DIRECT), {
      latents: given('vae-kl/latents', 2, 4, 4, 6),
    });
    expect(image?.shape).toEqual([2, 3, 32, 48]);
    expect(relativeL2(image!.data, await (await goldens())('vae-kl/image'))).toBeLessThan(1e-4);
  });

  it.each([
    { rows: 1, size: [8, 8] },
    { rows: 2, size: [5, 7] },
    { rows: 1, size: [1, 3] },
    { rows: 1, size: [2, 1] },
  ])('gives what it gives whole: $rows rows of $size', async ({ rows, size }) => {
    const weights = randomSource(folder, 'vae', build(NO_WEIGHTS, DIRECT));
    const [bands, plain] = [DIRECT, whole(DIRECT)].map((lowering) => build(weights, lowering));
    expect(splits(bands!)).toEqual([2, 2, 2, 2, 2, 2, 2]); // 1 → 2 → 4 → 8
    expect(splits(plain!)).toEqual([]);
    const feeds = { latents: given('bands/latents', rows, 4, ...size) };
    expect(relativeL2(await outputOf(bands!, feeds), await outputOf(plain!, feeds))).toBeLessThan(ROUNDING);
  });

  it.each([
    [8, 12],
    [3, 5],
  ])('gives it with Winograd convolutions: %i × %i', async (height, width) => {
    const large = decoder({ block_out_channels: [192, 192], layers_per_block: 1 }, 512);
    const plain = randomSource(folder, 'vae', large(NO_WEIGHTS, DIRECT));
    const weights = await WINOGRAD.prepareWeights(plain, (asked) => large(asked, WINOGRAD), folder);
    const bands = large(weights, WINOGRAD);
    expect(splits(bands)).toEqual([2]);
    expect(bands.nodes.filter(({ opType }) => opType === 'FusedMatMul')).toHaveLength(8 + 2 * 4); // not the one that doubles
    const feeds = { latents: given('bands/latents', 1, 4, height, width) };
    const expected = await outputOf(large(weights, whole(WINOGRAD)), feeds);
    expect(relativeL2(await outputOf(bands, feeds), expected)).toBeLessThan(ROUNDING);
  });

  it.skipIf(eightBitInstructions() === undefined).each([
    { rows: 1, size: [8, 8] },
    { rows: 2, size: [3, 5] },
  ])('is near fp32 in 8 bits: $rows rows of $size', async ({ rows, size }) => {
    const wide = decoder({ block_out_channels: [32, 32, 64, 64] }, 4096);
    const plain = randomSource(folder, 'vae', wide(NO_WEIGHTS, DIRECT));
    const weights = await EIGHT.prepareWeights(plain, (asked) => wide(asked, EIGHT), folder);
    const bands = wide(weights, EIGHT);
    expect(splits(bands)).toEqual([2, 2, 2, 2, 2, 2, 2]);
    const inFloat = bands.nodes.filter(({ opType }) => opType === 'Conv');
    // The first two, the last in eight bands, and the way past a resnet that has fewer channels after it, in four.
    expect(inFloat).toHaveLength(2 + 8 + 4);
    const feeds = { latents: given('bands/latents', rows, 4, ...size) };
    const exact = await outputOf(wide(plain, DIRECT), feeds);
    expect(relativeL2(await outputOf(bands, feeds), exact)).toBeLessThan(0.05);
    expect(relativeL2(await outputOf(wide(weights, whole(EIGHT)), feeds), exact)).toBeLessThan(0.05);
  });

  it('doubles a band before a convolution where that has no shorter way', async () => {
    const plain: Lowering = { ...DIRECT, doubledConvolution: () => undefined };
    const weights = randomSource(folder, 'vae', build(NO_WEIGHTS, DIRECT));
    const feeds = { latents: given('bands/latents', 1, 4, 3, 5) };
    const [bands, short] = [plain, DIRECT].map((lowering) => build(weights, lowering));
    expect(bands!.nodes.filter(({ opType }) => opType === 'Resize')).toHaveLength(7);
    expect(relativeL2(await outputOf(bands!, feeds), await outputOf(short!, feeds))).toBeLessThan(ROUNDING);
  });
});

describe('what a decoder of the published size holds', () => {
  const published = { block_out_channels: [128, 256, 512, 512], layers_per_block: 2, norm_num_groups: 32 };
  const gigabytes = (lowering: Lowering, pixels: number): number => {
    const graph = decoder(published, pixels)(NO_WEIGHTS, lowering);
    return peakBytes(bindLengths(graph, { rows: 1, height: pixels / 8, width: pixels / 8 })) / 1e9;
  };

  it.each([512, 1024])('is much less in bands: %i²', (pixels) => {
    const share = gigabytes(DIRECT, pixels) / gigabytes(whole(DIRECT), pixels);
    expect(share).toBeLessThan(0.7);
  });

  it('is that of whole pictures where they are small, and on a device', () => {
    const small = decoder(published, 128);
    expect(small(NO_WEIGHTS, DIRECT)).toEqual(small(NO_WEIGHTS, whole(DIRECT)));
    const large = decoder(published, 1024);
    const device = loweringFor({ provider: 'cuda' });
    expect(large(NO_WEIGHTS, device)).toEqual(large(NO_WEIGHTS, whole(device)));
  });
});
