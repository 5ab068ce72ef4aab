/**
 * Gradients of whole training steps against torch in fp64 (test/golden/make_gradients.py): every LoRA matrix of the
 * UNet, linear and convolution, and of the text encoders, and the vectors of new words; matrices random on both sides.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { gradientName } from '../../src/engine/onnx/gradients/index.ts';
import { serialize } from '../../src/engine/onnx/index.ts';
import {
  buildClipText,
  buildUNet,
  clipTextLoraTargets,
  loweringFor,
  parseClipTextConfig,
  parseUNetConfig,
  unetLoraTargets,
  type NetWeights,
} from '../../src/engine/nets/index.ts';
import { NO_WEIGHTS } from '../../src/engine/nets/building.ts';
import { Session, type Feeds, type FloatTensor } from '../../src/engine/ort/index.ts';
import { openComponent, openSafetensors } from '../../src/engine/weights/index.ts';
import { widen } from '../../src/engine/weights/widen.ts';
import { loweringToLearn } from '../../src/train/base-model.ts';
import { PieceSessions } from '../../src/train/piece-sessions.ts';
import { planStep, stepArithmetic } from '../../src/train/step-plan.ts';
import { buildStepGraph, type Loss, type TextPart } from '../../src/train/step-graph.ts';
import { goldenConfig, randomSource, relativeL2 } from '../support/net-case.ts';
import { seededNormals } from '../support/random-weights.ts';

const MOJI = path.join(import.meta.dirname, '../../models/moji');
const GOLDEN = path.join(import.meta.dirname, '../golden/gradients/gradients.safetensors');
/** As make_gradients.py has them. */
const [RANK, ROWS, NEW_TOKENS, SKETCH] = [4, 2, 2, 2];
const TIME_IDS = [128, 64, 0, 0, 128, 64, 64, 64, 8, 4, 128, 128];
/**
 * fp32 through two or three nets and back against fp64; the worst matrices come to 7e-6. torch's own fp32 is as far off,
 * and in the same ones: small differences of large numbers, in attention with nearly equal keys.
 */
const TOLERANCE = 1e-5;

const lowering = loweringFor({ provider: 'cpu' });
const golden = await openSafetensors(GOLDEN);
let scratch = '';
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'fourstep-gradients-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

type Case = {
  readonly model: 'moji' | 'sd15' | 'sdxl';
  readonly loss: Loss;
  readonly size: readonly [height: number, width: number];
};

async function config(model: string, part: string): Promise<unknown> {
  return model === 'moji'
    ? JSON.parse(readFileSync(path.join(MOJI, part, 'config.json'), 'utf8'))
    : goldenConfig(model, part);
}

async function weightsOf(model: string, part: string, build: (weights: NetWeights) => ReturnType<typeof buildUNet>) {
  if (model === 'moji') {
    return widen(await openComponent(path.join(MOJI, part)), path.join(scratch, 'cache'));
  }
  const folder = await mkdtemp(path.join(scratch, `${part}-`));
  return randomSource(folder, part, build(NO_WEIGHTS));
}

async function partsOf(model: Case['model']) {
  const unetConfig = parseUNetConfig(await config(model, 'unet'), model);
  const build = (weights: NetWeights) => buildUNet(unetConfig, weights, { lowering });
  const unet = {
    config: unetConfig,
    weights: await weightsOf(model, 'unet', build),
    targets: unetLoraTargets(unetConfig),
  };
  const text: TextPart[] = [];
  for (const [k, part] of (model === 'sdxl' ? ['text_encoder', 'text_encoder_2'] : ['text_encoder']).entries()) {
    const textConfig = parseClipTextConfig(await config(model, part), model);
    const weights = await weightsOf(model, part, (from) => buildClipText(textConfig, from, { lowering }));
    // What SDXL reads of its first encoder is what comes before the last layer.
    const unread = model === 'sdxl' && k === 0 ? `.layers.${textConfig.layers - 1}.` : 'nothing';
    const targets = clipTextLoraTargets(textConfig).filter(({ module }) => !module.includes(unread));
    text.push({ config: textConfig, weights, targets, newTokens: k === 0 ? NEW_TOKENS : 0 });
  }
  return { unet, text };
}

function ids({ vocabulary, positions }: TextPart['config']): BigInt64Array<ArrayBuffer> {
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const words = Array.from({ length: 5 + 4 * row }, (_, k) => (37 * k + 11 * row + 5) % 300);
    const filled = [vocabulary - 2, ...words, ...Array.from({ length: positions }, () => vocabulary - 1)];
    return filled.slice(0, positions);
  });
  return BigInt64Array.from(rows.flat(), BigInt);
}

function tensor(key: string, shape: readonly number[], scale = 1): FloatTensor {
  const count = shape.reduce((product, side) => product * side, 1);
  const data = seededNormals(key, count);
  return { data: scale === 1 ? data : data.map((value) => value * scale), shape };
}

function feedOf(key: string, name: string, shape: readonly number[], text: readonly TextPart[]): Feeds[string] {
  const [first = 1, second = 1] = shape;
  if (name.endsWith('.input_ids')) {
    return { data: ids(text[name.startsWith('text_encoder_2') ? 1 : 0]!.config), shape };
  }
  if (name.endsWith('.lora_gate')) {
    return { data: new Float32Array(first * second).fill(1), shape };
  }
  if (name.endsWith('.lora_down')) {
    return tensor(key, shape, 1 / Math.sqrt(shape.length === 4 ? second * 9 : first));
  }
  if (name.endsWith('.lora_up')) {
    return tensor(key, shape, 0.1);
  }
  if (name.endsWith('.new_places')) {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1));
    for (const [row, place, token] of [
      [0, 2, 0],
      [0, 3, 1],
      [1, 1, 1],
    ] as const) {
      data[(row * second + place) * NEW_TOKENS + token] = 1;
    }
    return { data, shape };
  }
  switch (name) {
    case 'timestep':
      return { data: Float32Array.of(801, 120), shape };
    case 'factor':
      return { data: Float32Array.of(1, -0.4), shape };
    case 'weight':
      return { data: Float32Array.of(0.75, 2), shape };
    case 'time_ids':
      return { data: Float32Array.from(TIME_IDS), shape };
    default:
      return tensor(key, shape);
  }
}

/** As make_gradients.py has it. */
function sketch(values: Float32Array): Float32Array {
  const sums = new Float64Array(Math.ceil(values.length / SKETCH));
  for (const [i, value] of values.entries()) {
    const isNegative = ((Math.imul(i, 2654435761) >>> 16) & 1) === 1;
    sums[i % sums.length]! += isNegative ? -value : value;
  }
  return Float32Array.from(sums);
}

const CASES: readonly Case[] = [
  { model: 'moji', loss: { kind: 'squared' }, size: [16, 16] },
  { model: 'sd15', loss: { kind: 'pseudo-huber', c: 0.1 }, size: [16, 8] },
  { model: 'sdxl', loss: { kind: 'squared' }, size: [16, 16] },
];

it.each(CASES)('learns what torch would: $model, $loss.kind', async ({ model, loss, size: [height, width] }) => {
  const name = `${model}-${loss.kind}`;
  const { unet, text } = await partsOf(model);
  const lengths = { rows: ROWS, height, width, tokens: text[0]!.config.positions, rank: RANK };
  const { graph, learnt } = buildStepGraph({ unet, text, lengths, loss, lowering, attentionBytes: 2 ** 18 });
  const feeds = Object.fromEntries(
    graph.inputs.map((input) => [
      input.name,
      feedOf(`gradient/${name}/${input.name}`, input.name, input.shape.map(Number), text),
    ]),
  );
  const session = await Session.create(serialize(graph), { threads: 1 });
  try {
    const results = await session.run(feeds);
    const [expectedLoss] = await golden.tensors.readFloats(`${name}/loss`);
    expect(Math.abs(results['loss']!.data[0]! / expectedLoss! - 1)).toBeLessThan(1e-5);
    const errors: [string, number][] = [];
    for (const each of learnt) {
      const gradient = results[gradientName(each)]!.data;
      const expected = await golden.tensors.readFloats(`${name}/${each}`);
      errors.push([each, relativeL2(sketch(gradient), expected)]);
    }
    const known = golden.tensors.names.filter((each) => each.startsWith(`${name}/`) && !each.endsWith('/loss'));
    expect(learnt.length).toBe(known.length);
    expect(errors.filter(([, error]) => error > TOLERANCE)).toEqual([]);
  } finally {
    await session.release();
  }
});

/** A device's graph in halves, computed by the processor: in one call, and in pieces between which halves pass. */
it.each([1, 4])('comes near it in halves, where the loss counts more: moji in %i calls', async (calls) => {
  const { unet, text } = await partsOf('moji');
  const lengths = { rows: ROWS, height: 16, width: 16, tokens: text[0]!.config.positions, rank: RANK };
  const half = loweringToLearn('cuda', unet.config, 'f16');
  const step = buildStepGraph({
    unet,
    text,
    lengths,
    loss: { kind: 'squared' },
    lowering: half,
    textLowering: lowering,
  });
  expect(step.graph.inputs.filter(({ dtype }) => dtype === 'f16')).toEqual([]);
  expect(step.graph.values.filter(({ dtype }) => dtype === 'f16').length).toBeGreaterThan(step.learnt.length);
  const distances = new Map<number, number>();
  for (const factor of [1, 2 ** 12]) {
    const feeds = Object.fromEntries(
      step.graph.inputs.map(({ name, shape }) => {
        const feed = feedOf(`gradient/moji-squared/${name}`, name, shape.map(Number), text);
        const isScaled = name === 'weight' && feed.data instanceof Float32Array;
        return [name, isScaled ? { ...feed, data: feed.data.map((value) => factor * value) } : feed];
      }),
    );
    const { pieces } = planStep(step, { arithmetic: stepArithmetic(step) / (calls - 0.5), freeBytes: 1e12 });
    expect(pieces).toHaveLength(calls);
    const sessions = await PieceSessions.open(pieces, { device: { kind: 'cpu' }, startup: 'fast', threads: 1 });
    const results = await sessions.run(feeds, () => Promise.resolve());
    await sessions.release();
    const found = step.learnt.map((each) => sketch(results[gradientName(each)]!.data).map((value) => value / factor));
    const expected = step.learnt.map((each) => golden.tensors.readFloats(`moji-squared/${each}`));
    const joined = (parts: readonly Float32Array[]) => Float32Array.from(parts.flatMap((part) => [...part]));
    distances.set(factor, relativeL2(joined(found), joined(await Promise.all(expected))));
  }
  // 4e-4, and 1.6e-3 where small ones are zeros.
  expect(distances.get(2 ** 12)).toBeLessThan(1e-3);
  expect(distances.get(1)).toBeGreaterThan(2 * distances.get(2 ** 12)!);
});
