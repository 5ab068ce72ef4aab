/** Layers in 8 bits against the same whole numbers multiplied here, and whole nets against fp32. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  buildNet,
  flat,
  input,
  output,
  ROWS,
  type Sides,
  type StyleForm,
} from '../../../../src/engine/nets/building.ts';
import { conv2d, type ConvOptions } from '../../../../src/engine/nets/convolution.ts';
import {
  buildMerge,
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  parseUNetConfig,
  unetLoraTargets,
  type NetWeights,
} from '../../../../src/engine/nets/index.ts';
import { gatedGelu, linear } from '../../../../src/engine/nets/linear.ts';
import { rowsName, WeightScope } from '../../../../src/engine/nets/weight-scope.ts';
import { serialize, type Graph, type Value } from '../../../../src/engine/onnx/index.ts';
import { eightBitInstructions, Session, type Feeds, type FloatTensor } from '../../../../src/engine/ort/index.ts';
import { withoutStaleForms, type TensorSource } from '../../../../src/engine/weights/index.ts';
import { quantiseMatrix } from '../../../../src/engine/weights/quantised.ts';
import { overlay } from '../../../../src/engine/weights/tensor-table.ts';
import { writeTensors } from '../../../support/safetensors-file.ts';
import { floats, given, goldenConfig, outputOf, randomSource, relativeL2 } from '../../../support/net-case.ts';

const FLOAT = loweringFor({ provider: 'cpu' });
const EIGHT = loweringFor({ provider: 'cpu', precision: 'int8' });
/** Sums of whole numbers are exact; what is left is rounding where they become floats. */
const EXACT = 2e-6;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-eight-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Build = (weights: NetWeights, lowering: typeof FLOAT) => Graph;

const one =
  (
    sides: Sides,
    x: (building: Parameters<typeof input>[0]) => Value,
    layer: (scope: WeightScope, x: Value) => Value,
  ): Build =>
  (weights, lowering) =>
    buildNet('one', weights, { lowering, sides }, (building) => {
      output(building, 'y', layer(new WeightScope(building).at('layer'), x(building)));
    });

function convolution(options: ConvOptions, [channels, features]: readonly [number, number] = [40, 48]): Build {
  return one(
    { usual: 64, multiple: 1 },
    (building) => input(building, 'x', [ROWS, channels, 'height', 'width']),
    (scope, x) => conv2d(scope, x, features, options),
  );
}

const tokens = (building: Parameters<typeof input>[0], channels: number): Value =>
  input(building, 'x', [`${ROWS}·height·width`, channels]);

function matrix(usual: number): Build {
  return one(
    { usual, multiple: 1 },
    (building) => tokens(building, 48),
    (scope, x) => linear(scope, x, 40),
  );
}

async function prepared(build: Build): Promise<{ readonly float: TensorSource; readonly eight: TensorSource }> {
  const float = randomSource(folder, 'eight', build(NO_WEIGHTS, FLOAT));
  return { float, eight: await EIGHT.prepareWeights(float, (weights) => build(weights, EIGHT), folder) };
}

function operators(graph: Graph): readonly string[] {
  return graph.nodes.map(({ opType }) => opType);
}

/** As DynamicQuantizeLinear of the ONNX specification does it, and back. */
function throughU8(x: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const [least, greatest] = [Math.min(0, ...x), Math.max(0, ...x)];
  const scale = Math.fround((greatest - least) / 255);
  const zero = Math.round(-least / scale);
  return x.map((value) => (Math.min(255, Math.max(0, roundedEven(value / scale) + zero)) - zero) * scale);
}

function roundedEven(value: number): number {
  const floor = Math.floor(value);
  const isHalf = value - floor === 0.5;
  return isHalf ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(value);
}

/** Weights through s8 and back, under their own names. */
async function throughS8(source: TensorSource): Promise<Float32Array<ArrayBuffer>> {
  const w = await source.readFloats('layer.weight');
  const shape = source.get('layer.weight')?.shape ?? [];
  const { values, scales } = quantiseMatrix(w, shape);
  const [outputs = 1, inFeatures = 1] = shape;
  const area = w.length / (outputs * inFeatures);
  return w.map((_, k) => {
    const [output, input, place] = [Math.floor(k / (inFeatures * area)), Math.floor(k / area) % inFeatures, k % area];
    return (values[(place * inFeatures + input) * outputs + output] ?? 0) * (scales[output] ?? 1);
  });
}

describe.skipIf(eightBitInstructions() === undefined)(
  'a layer in 8 bits (a processor with instructions for them)',
  () => {
    it.each([
      { options: {}, rows: 1, size: [8, 8] },
      { options: {}, rows: 2, size: [5, 7] },
      { options: { stride: 2 }, rows: 1, size: [8, 6] },
      { options: { stride: 2 }, rows: 2, size: [5, 3] },
      { options: { stride: 2, pads: [0, 0, 1, 1] as const }, rows: 1, size: [8, 8] },
      { options: { bias: false }, rows: 2, size: [3, 4] },
    ])('multiplies whole numbers, as a convolution $options of $rows × $size', async ({ options, rows, size }) => {
      const build = convolution(options);
      const { float, eight } = await prepared(build);
      const graph = build(eight, EIGHT);
      expect(operators(graph)).toContain('MatMulIntegerToFloat');
      expect(operators(graph)).not.toContain('Conv');
      const x = given('eight/x', rows, 40, ...size);
      const y = await outputOf(graph, { x });
      // The same rounded numbers through the convolution in fp32.
      const rounded = { ...x, data: throughU8(new Float32Array(x.data)) };
      const expected = await withWeights(float, await throughS8(float), (source) =>
        outputOf(build(source, FLOAT), { x: rounded }),
      );
      expect(relativeL2(y, expected)).toBeLessThan(EXACT);
      expect(relativeL2(y, await outputOf(build(float, FLOAT), { x }))).toBeLessThan(0.02);
    });

    it('multiplies whole numbers, as a matrix over many tokens', async () => {
      const build = matrix(64);
      const { float, eight } = await prepared(build);
      const x = given('eight/x', 30, 48);
      const y = await outputOf(build(eight, EIGHT), { x });
      const rounded = { ...x, data: throughU8(new Float32Array(x.data)) };
      const expected = await withWeights(float, await throughS8(float), (source) =>
        outputOf(build(source, FLOAT), { x: rounded }),
      );
      expect(relativeL2(y, expected)).toBeLessThan(EXACT);
    });

    it('gives the same numbers bit for bit whether its weights are packed or stay mapped', async () => {
      const build = matrix(64);
      const { eight } = await prepared(build);
      const feeds: Feeds = { x: given('eight/x', 30, 48) };
      const answer = async (startup: 'fast' | 'throughput') => {
        const session = await Session.create(serialize(build(eight, EIGHT)), { startup });
        const { y } = await session.run(feeds);
        await session.release();
        return y?.data;
      };
      expect(await answer('throughput')).toEqual(await answer('fast'));
    });

    it('gives each of few tokens a scale of its own: a huge one leaves the others as they are', async () => {
      const build = matrix(8);
      const { float, eight } = await prepared(build);
      const x = given('eight/x', 30, 48);
      const data = x.data.map((value, k) => (k < 48 ? value * 500 : value));
      const feeds = { x: { ...x, data } };
      const [y, expected] = [await outputOf(build(eight, EIGHT), feeds), await outputOf(build(float, FLOAT), feeds)];
      expect(relativeL2(y.subarray(40), expected.subarray(40))).toBeLessThan(0.02);
      const zeros = { x: { ...x, data: new Float32Array(data.length) } };
      expect(relativeL2(await outputOf(build(eight, EIGHT), zeros), await outputOf(build(float, FLOAT), zeros))).toBe(
        0,
      );
    });

    it('keeps both halves of a matrix', async () => {
      const build = one(
        { usual: 64, multiple: 1 },
        (building) => tokens(building, 48),
        (scope, x) => gatedGelu(scope, x, 40),
      );
      const { float, eight } = await prepared(build);
      const feeds = { x: given('eight/x', 30, 48) };
      expect(
        relativeL2(await outputOf(build(eight, EIGHT), feeds), await outputOf(build(float, FLOAT), feeds)),
      ).toBeLessThan(0.04);
    });

    it('stays in float where latents come in, past a resnet, for one vector a row and over a prompt', async () => {
      const narrow = convolution({}, [4, 48]);
      expect(operators(narrow(NO_WEIGHTS, EIGHT))).toContain('Conv');
      const past = convolution({ kernel: 1 });
      expect(operators(past(NO_WEIGHTS, EIGHT))).toContain('Conv');
      const vector = one(
        { usual: 64, multiple: 1 },
        (building) => input(building, 'x', [ROWS, 48]),
        (scope, x) => linear(scope, x, 40),
      );
      expect(operators(vector(NO_WEIGHTS, EIGHT))).toContain('Gemm');
      const prompt = one(
        { usual: 64, multiple: 1 },
        (building) => flat(input(building, 'x', [ROWS, 'tokens', 48])),
        (scope, x) => linear(scope, x, 40),
      );
      expect(operators(prompt(NO_WEIGHTS, EIGHT))).toContain('Gemm');
    });
  },
);

describe.skipIf(eightBitInstructions() === undefined)(
  'a UNet in 8 bits (a processor with instructions for them)',
  () => {
    const config = parseUNetConfig(
      {
        ...Object(goldenConfig('sd15', 'unet')),
        block_out_channels: [64, 64, 96, 96],
        layers_per_block: 1,
        sample_size: 32,
      },
      'test',
    );
    const styles = {
      rows: 'shared',
      beside: new Set(['down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q']),
    } as const;

    it('is near fp32, with a LoRA in fp32 beside it, and is prepared once', async () => {
      const build =
        (form: Partial<StyleForm>): Build =>
        (weights, lowering) =>
          buildUNet(config, weights, { lowering, sizes: 'whole', styles: form });
      const { float, eight } = await prepared(build({}));
      const feeds: Feeds = {
        sample: given('eight/sample', 1, 4, 16, 16),
        timestep: floats([999]),
        encoder_hidden_states: given('eight/context', 1, 77, 32),
      };
      const [plain, exact] = [
        await outputOf(build({})(eight, EIGHT), feeds),
        await outputOf(build({})(float, FLOAT), feeds),
      ];
      // Random weights, which even nothing out; a trained net is nearer.
      expect(relativeL2(plain, exact)).toBeLessThan(0.06);
      const [module] = styles.beside;
      const lora: Feeds = {
        ...feeds,
        [`${module}.lora_down`]: given('eight/down', 64, 4),
        [`${module}.lora_up`]: given('eight/up', 4, 64),
      };
      const [styled, exactly] = [
        await outputOf(build(styles)(eight, EIGHT), lora),
        await outputOf(build(styles)(float, FLOAT), lora),
      ];
      expect(relativeL2(styled, exactly)).toBeLessThan(0.06);
      expect(relativeL2(styled, plain)).toBeGreaterThan(3 * relativeL2(styled, exactly));

      const again = await EIGHT.prepareWeights(float, (weights) => build({})(weights, EIGHT), folder);
      expect(again.get('conv_in.weight')).toEqual(float.get('conv_in.weight'));
      expect([...again.names].toSorted()).toEqual([...eight.names].toSorted());
    });

    it('makes anew only those of weights that have changed, and finds them again', async () => {
      const build: Build = (weights, lowering) => buildUNet(config, weights, { lowering, sizes: 'whole' });
      const { float, eight } = await prepared(build);
      const [query, bias] = ['to_q.weight', 'to_out.0.bias'].map(
        (end) => `down_blocks.0.attentions.0.transformer_blocks.0.attn1.${end}`,
      );
      const changes = await Promise.all(
        [query!, bias!].map(async (name) => ({
          name,
          shape: float.get(name)?.shape ?? [],
          data: (await float.readFloats(name)).map((value) => value + 0.1),
        })),
      );
      const changed = overlay('', eight, writeTensors(path.join(folder, 'style.safetensors'), changes));
      const prepare = () =>
        EIGHT.prepareWeights(withoutStaleForms(changed, eight), (weights) => build(weights, EIGHT), folder);
      const again = await prepare();
      expect([...again.names].toSorted()).toEqual([...eight.names].toSorted());
      const others = again.names.filter((name) => again.get(name)?.file !== eight.get(name)?.file);
      expect(others.toSorted()).toEqual([query!, bias!, ...eightBitNamesOf(again, query!)].toSorted());
      const { values } = quantiseMatrix(changes[0]!.data, changes[0]!.shape);
      const made = again.get(eightBitNamesOf(again, query!)[0]!)!;
      expect(new Int8Array(readFileSync(made.file).buffer, made.offset, made.length)).toEqual(values);
      const at = statSync(made.file).mtimeMs;
      expect((await prepare()).get(made.name)).toEqual(made);
      expect(statSync(made.file).mtimeMs).toBe(at);
    });

    it('takes a LoRA in its matrices, whole and in halves, rounded as its own are', async () => {
      const block = 'down_blocks.0.attentions.0.transformer_blocks.0';
      const modules = new Set(['attn1.to_q', 'ff.net.0.proj', 'attn2.to_k'].map((name) => `${block}.${name}`));
      const build =
        (form: Partial<StyleForm>): Build =>
        (weights, lowering) =>
          buildUNet(config, weights, { lowering, sizes: 'whole', styles: { rows: 'shared', ...form } });
      const { float, eight } = await prepared(build({}));
      const taken = unetLoraTargets(config, EIGHT).filter(({ module }) => modules.has(module));
      expect(taken.map(({ use }) => [use?.isQuantised, use?.parts])).toEqual([
        [true, 1],
        [false, 1],
        [true, 2],
      ]);
      const pairs: Feeds = Object.fromEntries(
        taken.flatMap(({ module, inFeatures, outFeatures }) => [
          [`${module}.lora_down`, scaled(given(`eight/${module}/down`, inFeatures, 4), 0.2)],
          [`${module}.lora_up`, scaled(given(`eight/${module}/up`, 4, outFeatures), 0.2)],
        ]),
      );
      const merger = await Session.create(serialize(buildMerge(eight, taken)));
      const merged = await merger.runMixed(pairs);
      await merger.release();

      for (const { module, weightName, inFeatures, outFeatures, use } of taken.filter(({ use }) => use?.isQuantised)) {
        const [down, up] = ['down', 'up'].map((end) => pairs[`${module}.lora_${end}`]?.data ?? []);
        const w = (await float.readFloats(weightName)).map((value, k) => {
          const [o, i] = [Math.floor(k / inFeatures), k % inFeatures];
          const terms = [0, 1, 2, 3].map((r) => Number(down![i * 4 + r]) * Number(up![r * outFeatures + o]));
          return value + terms.reduce((sum, term) => sum + term, 0);
        });
        const count = outFeatures / (use?.parts ?? 1);
        for (let start = 0; start < outFeatures; start += count) {
          const part = w.subarray(start * inFeatures, (start + count) * inFeatures);
          const { values, scales } = quantiseMatrix(part, [count, inFeatures]);
          const name = (which: string) => rowsName(`${module}.merged.${which}`, outFeatures, start, count);
          expect(relativeL2(new Float32Array(merged[name('s8_scale')]!.data), scales)).toBeLessThan(1e-6);
          // A number in the middle between two goes either way.
          const apart = values.map((value, k) => Math.abs(value - (merged[name('s8')]?.data[k] ?? Number.NaN)));
          expect(Math.max(...apart)).toBeLessThanOrEqual(1);
          expect(apart.filter((each) => each > 0).length).toBeLessThan(values.length / 500);
        }
      }

      const feeds: Feeds = {
        sample: given('eight/sample', 1, 4, 16, 16),
        timestep: floats([999]),
        encoder_hidden_states: given('eight/context', 1, 77, 32),
      };
      const [within, exact, plain] = [
        await outputOf(build({ merged: modules })(eight, EIGHT), { ...feeds, ...merged }),
        await outputOf(build({ beside: modules })(float, FLOAT), { ...feeds, ...pairs }),
        await outputOf(build({})(float, FLOAT), feeds),
      ];
      expect(relativeL2(within, exact)).toBeLessThan(0.06);
      expect(relativeL2(plain, exact)).toBeGreaterThan(3 * relativeL2(within, exact));
    });
  },
);

/** Of a weight in 8 bits: its whole numbers, and their scales. */
function eightBitNamesOf({ names }: TensorSource, weight: string): readonly string[] {
  return names.filter((name) => name.startsWith(weight.replace(/weight$/u, 's8')));
}

function scaled({ data, shape }: FloatTensor, factor: number): FloatTensor {
  return { data: data.map((value) => value * factor), shape };
}

/** Runs over the source with other numbers in `layer.weight`. */
async function withWeights<Result>(
  source: TensorSource,
  weight: Float32Array<ArrayBuffer>,
  run: (source: TensorSource) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(path.join(tmpdir(), 'fourstep-eight-other-'));
  try {
    const tensors = await Promise.all(
      source.names.map(async (name) => ({
        name,
        shape: source.get(name)?.shape ?? [],
        data: name === 'layer.weight' ? weight : await source.readFloats(name),
      })),
    );
    return await run(writeTensors(path.join(directory, 'weights.safetensors'), tensors));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
