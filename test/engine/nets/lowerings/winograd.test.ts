/** Winograd convolutions against direct ones: alone at awkward sizes, and in a whole UNet. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { buildNet, input, output, ROWS, type Sides } from '../../../../src/engine/nets/building.ts';
import { conv2d } from '../../../../src/engine/nets/convolution.ts';
import {
  buildKLDecoder,
  buildUNet,
  NO_WEIGHTS,
  parseAutoencoderKLConfig,
  parseUNetConfig,
  loweringFor,
  type Lowering,
  type LoweringOptions,
} from '../../../../src/engine/nets/index.ts';
import { winogradKernels } from '../../../../src/engine/nets/lowerings/winograd.ts';
import { WeightScope } from '../../../../src/engine/nets/weight-scope.ts';
import { gradientName, gradients } from '../../../../src/engine/onnx/gradients/index.ts';
import { bindLengths, Mul, ReduceSum, reopen, type Graph } from '../../../../src/engine/onnx/index.ts';
import type { Feeds } from '../../../../src/engine/ort/index.ts';
import { withWinogradKernels, type TensorSource } from '../../../../src/engine/weights/index.ts';
import {
  floats,
  given,
  goldenConfig,
  outputOf,
  randomSource,
  relativeL2,
  runGraph,
} from '../../../support/net-case.ts';

const OPTIONS = { provider: 'cpu', convolutions: 'winograd' } as const;
const WINOGRAD = loweringFor(OPTIONS);
const DIRECT = loweringFor({ provider: 'cpu' });
const TOLERANCE = 2e-5;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-winograd-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function randomWeights(graph: Graph): TensorSource {
  return randomSource(folder, 'winograd', graph);
}

/** One convolution of 192 → 200 features. */
function oneConvolution(weights: typeof NO_WEIGHTS, lowering: Lowering, sides: Sides): Graph {
  return buildNet('one', weights, { lowering, sides }, (building) => {
    const x = input(building, 'x', [ROWS, 192, 'height', 'width']);
    output(building, 'y', conv2d(new WeightScope(building).at('conv'), x, 200));
  });
}

describe('a Winograd convolution', () => {
  it.each([
    { rows: 1, size: [32, 32], multiple: 4 },
    { rows: 2, size: [8, 12], multiple: 4 },
    { rows: 2, size: [13, 18], multiple: 1 },
    { rows: 3, size: [7, 9], multiple: 1 },
    { rows: 1, size: [1, 2], multiple: 1 },
  ])('gives what the direct one gives: $rows rows of $size', async ({ rows, size, multiple }) => {
    const sides = { usual: 64, multiple };
    const plain = randomWeights(oneConvolution(NO_WEIGHTS, DIRECT, sides));
    const weights = await withWinogradKernels(plain, ['conv.winograd'], folder);
    const graph = oneConvolution(weights, WINOGRAD, sides);
    expect(graph.nodes.map(({ opType }) => opType)).toContain('FusedMatMul');
    expect(graph.nodes.map(({ opType }) => opType).includes('Slice')).toBe(multiple === 1);
    const feeds = { x: given('winograd/x', rows, 192, ...size) };
    const y = await outputOf(graph, feeds);
    expect(relativeL2(y, await outputOf(oneConvolution(plain, DIRECT, sides), feeds))).toBeLessThan(TOLERANCE);
  });

  it.each([
    { rows: 1, size: [16, 12], multiple: 4 },
    { rows: 2, size: [7, 9], multiple: 1 },
  ])('has the gradient of the direct one: $rows rows of $size', async ({ rows, size, multiple }) => {
    const [height = 1, width = 1] = size;
    const sides = { usual: 64, multiple };
    const plain = randomWeights(oneConvolution(NO_WEIGHTS, DIRECT, sides));
    const weights = await withWinogradKernels(plain, ['conv.winograd'], folder);
    const feeds = { x: given('winograd/x', rows, 192, ...size), dy: given('winograd/dy', rows, 200, ...size) };
    const slope = async (net: Graph): Promise<Float32Array> => {
      const { builder, value } = reopen(bindLengths(net, { rows, height, width }));
      const dy = builder.input('dy', 'f32', [rows, 200, height, width]);
      builder.output('loss', ReduceSum(Mul(value('y'), dy), [0, 1, 2, 3]));
      const results = await runGraph(gradients(builder.finish(), 'loss', ['x']), feeds);
      return results[gradientName('x')]!.data;
    };
    const fast = await slope(oneConvolution(weights, WINOGRAD, sides));
    expect(relativeL2(fast, await slope(oneConvolution(plain, DIRECT, sides)))).toBeLessThan(TOLERANCE);
  });

  it('is direct where the weights have no transformed kernel', () => {
    const sides = { usual: 64, multiple: 1 };
    const plain = randomWeights(oneConvolution(NO_WEIGHTS, DIRECT, sides));
    expect(oneConvolution(plain, WINOGRAD, sides)).toEqual(oneConvolution(plain, DIRECT, sides));
  });
});

describe('a UNet with Winograd convolutions', () => {
  const config = parseUNetConfig(
    {
      ...Object(goldenConfig('sd15', 'unet')),
      block_out_channels: [192, 192, 192, 192],
      layers_per_block: 1,
      sample_size: 64,
    },
    'test',
  );

  it('agrees with the direct one, whatever the size and with LoRA inputs on convolutions', async () => {
    const plain = randomWeights(buildUNet(config, NO_WEIGHTS, { lowering: DIRECT }));
    const weights = await WINOGRAD.prepareWeights(
      plain,
      (given) => buildUNet(config, given, { lowering: WINOGRAD }),
      folder,
    );
    const styles = { beside: new Set(['down_blocks.1.resnets.0.conv1']) };
    const feeds = (height: number, width: number): Feeds => ({
      sample: given('winograd/sample', 2, 4, height, width),
      timestep: floats([999, 259]),
      encoder_hidden_states: given('winograd/context', 2, 77, 32),
      'down_blocks.1.resnets.0.conv1.lora_down': given('winograd/down', 4, 192, 3, 3),
      'down_blocks.1.resnets.0.conv1.lora_gate': floats([1, 1, 0, 0, 0, 0, 1, 1], [2, 4]),
      'down_blocks.1.resnets.0.conv1.lora_up': given('winograd/up', 192, 4, 1, 1),
    });
    for (const [sizes, height, width] of [
      ['whole', 16, 24],
      ['any', 13, 18],
    ] as const) {
      const [fast, direct] = [WINOGRAD, DIRECT].map((lowering) =>
        buildUNet(config, weights, { lowering, sizes, styles }),
      );
      const expected = await outputOf(direct!, feeds(height, width));
      expect(relativeL2(await outputOf(fast!, feeds(height, width)), expected)).toBeLessThan(1e-4);
    }
  });

  it('wants kernels for its two largest levels, and none in a small model, in fp16 or on another device', () => {
    const wanted = (options: Partial<LoweringOptions>, json: object = {}): readonly string[] => {
      const other = parseUNetConfig({ ...Object(goldenConfig('sd15', 'unet')), ...json }, 'test');
      return winogradKernels(buildUNet(other, NO_WEIGHTS, { lowering: loweringFor({ ...OPTIONS, ...options }) }));
    };
    const large = { block_out_channels: [320, 640, 1280, 1280], norm_num_groups: 32, sample_size: 64 };
    const names = wanted({}, large);
    expect(names).toContain('down_blocks.0.resnets.0.conv1.winograd');
    expect(names).toContain('up_blocks.1.upsamplers.0.conv.winograd');
    expect(names.filter((name) => /^(down_blocks\.[23]|mid_block|up_blocks\.[01]\.resnets|conv_)/.test(name))).toEqual(
      [],
    );
    expect(names).toHaveLength(22);
    expect(wanted({ dtype: 'f16' }, large)).toEqual([]);
    expect(wanted({ convolutions: 'direct' }, large)).toEqual([]);
    expect(wanted({})).toEqual([]);
  });
});

describe('a VAE decoder with Winograd convolutions', () => {
  const large = { block_out_channels: [128, 256, 512, 512], layers_per_block: 2, norm_num_groups: 32 };
  const golden = { ...Object(goldenConfig('sd15', 'vae')), ...large };

  it('agrees with the direct one, whatever the size', async () => {
    const config = parseAutoencoderKLConfig(
      { ...golden, block_out_channels: [192, 192, 192], layers_per_block: 1, sample_size: 512 },
      'test',
    );
    const plain = randomWeights(buildKLDecoder(config, NO_WEIGHTS, { lowering: DIRECT }));
    const weights = await WINOGRAD.prepareWeights(
      plain,
      (given) => buildKLDecoder(config, given, { lowering: WINOGRAD }),
      folder,
    );
    const fast = buildKLDecoder(config, weights, { lowering: WINOGRAD });
    expect(fast.nodes.map(({ opType }) => opType)).toContain('FusedMatMul');
    for (const [height, width] of [
      [8, 12],
      [7, 9],
    ] as const) {
      const feeds = { latents: given('winograd/latents', 1, config.latentChannels, height, width) };
      const expected = await outputOf(buildKLDecoder(config, plain, { lowering: DIRECT }), feeds);
      expect(relativeL2(await outputOf(fast, feeds), expected)).toBeLessThan(1e-4);
    }
  });

  it('wants kernels where features are many and tiles fit into the memory', () => {
    const wanted = (pixels: number): readonly string[] => {
      const config = parseAutoencoderKLConfig({ ...golden, sample_size: pixels }, 'test');
      return winogradKernels(buildKLDecoder(config, NO_WEIGHTS, { lowering: WINOGRAD }));
    };
    expect(wanted(512)).toContain('decoder.up_blocks.1.upsamplers.0.conv.winograd');
    expect(wanted(1024)).not.toContain('decoder.up_blocks.1.upsamplers.0.conv.winograd');
    expect(wanted(1024)).toContain('decoder.up_blocks.0.upsamplers.0.conv.winograd');
    expect(wanted(512).filter((name) => /up_blocks\.3|conv_/.test(name))).toEqual([]);
    expect(wanted(16)).toEqual([]);
  });
});

describe('transformed kernels', () => {
  const graph = oneConvolution(NO_WEIGHTS, DIRECT, { usual: 64, multiple: 1 });

  it('are written once, beside the model, and found again', async () => {
    const plain = randomWeights(graph);
    const weights = await withWinogradKernels(plain, ['conv.winograd'], folder);
    expect(weights.get('conv.winograd')).toMatchObject({ dtype: 'F32', shape: [1, 36, 200, 192] });
    expect(weights.get('conv.weight')).toEqual(plain.get('conv.weight'));
    const files = readdirSync(path.join(folder, '.fourstep'));
    expect(files).toHaveLength(1);
    await withWinogradKernels(plain, ['conv.winograd'], folder);
    expect(readdirSync(path.join(folder, '.fourstep'))).toEqual(files);
  });

  it('are done without where the disk refuses them', async () => {
    const plain = randomWeights(graph);
    writeFileSync(path.join(folder, '.fourstep'), 'a file where the folder would be');
    writeFileSync(path.join(folder, 'cache'), 'another');
    expect(await withWinogradKernels(plain, ['conv.winograd'], path.join(folder, 'cache', 'deep'))).toBe(plain);
  });
});
