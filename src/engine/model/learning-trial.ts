/**
 * A step of learning in fp32 and in halves, on a device: a few layers as a UNet has them, with the gradients by a LoRA of theirs.
 * Halves pass where they are faster by enough and their gradients those of fp32. Remembers nothing.
 */
import {
  Add,
  Cast,
  Conv,
  GraphBuilder,
  LayerNormalization,
  MatMul,
  Mul,
  ReduceSum,
  Reshape,
  serialize,
  Softmax,
  Transpose,
  type Graph,
  type Value,
} from '../onnx/index.ts';
import { gradientName, gradients } from '../onnx/gradients/index.ts';
import { Session, type Device } from '../ort/index.ts';
import type { NumberType } from '../nets/index.ts';
import { numbers, relativeL2, type TrialResult } from './device-trials.ts';

/** Below it fp32 stays, whose gradients nothing has to be done for. */
const FASTER = 1.1;
/** Relative L2 of gradients: halves in a few layers come to 1e-3. */
const LIMIT = 2e-2;
const CALLS = 4;
const LEARNT = ['down', 'up'] as const;
const LEARNT_SHARE = 0.05;
const [HEADS, RANK, BLOCKS, KERNEL] = [8, 8, 3, 3];
/** So that small gradients are no zeros in halves. */
const LOSS_SCALE = 2 ** 12;

export type TrialSize = { readonly channels: number; readonly side: number };

/** SD 1.5's second level at its own size: much to compute, and no more memory than any card has. */
const USUAL: TrialSize = { channels: 640, side: 32 };

/** `nowMs`: of a monotonic clock. What the device throws is its answer. */
export async function tryLearning(device: Device, nowMs: () => number, size = USUAL): Promise<TrialResult> {
  try {
    const [single, half] = [await timed(device, 'f32', nowMs, size), await timed(device, 'f16', nowMs, size)];
    const distance = Math.max(
      ...LEARNT.map((_, k) => relativeL2(half.found[k] ?? NOTHING, single.found[k] ?? NOTHING)),
    );
    const ratio = single.leastMs / half.leastMs;
    const detail = `${ratio.toFixed(2)} times as fast as fp32, ${distance.toExponential(1)} from its gradients`;
    return { passed: ratio >= FASTER && distance <= LIMIT, detail };
  } catch (error) {
    return { passed: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

const NOTHING = new Float32Array();

type Timed = { readonly leastMs: number; readonly found: readonly Float32Array[] };

async function timed(device: Device, dtype: NumberType, nowMs: () => number, size: TrialSize): Promise<Timed> {
  const graph = stepOf(dtype, size);
  const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, numbers(shape.map(Number))]));
  const session = await Session.create(serialize(graph), { device, startup: 'fast', isLogged: false });
  try {
    // The first call makes the kernels.
    let results = await session.run(feeds);
    let leastMs = Number.POSITIVE_INFINITY;
    for (let call = 0; call < CALLS; call++) {
      const startedAt = nowMs();
      results = await session.run(feeds);
      leastMs = Math.min(leastMs, nowMs() - startedAt);
    }
    return { leastMs, found: LEARNT.map((name) => results[gradientName(name)]?.data ?? NOTHING) };
  } finally {
    await session.release();
  }
}

function stepOf(dtype: NumberType, { channels, side }: TrialSize): Graph {
  const graph = new GraphBuilder(`learning in ${dtype}`);
  const pixels = side ** 2;
  const kernels = numbers([channels, channels, KERNEL, KERNEL]);
  const share = 1 / Math.sqrt(channels * KERNEL ** 2);
  const w = Cast(
    graph.floats(
      'w',
      kernels.data.map((value) => share * value),
      kernels.shape,
    ),
    dtype,
  );
  const ones = graph.floats(`ones ${channels}`, new Float32Array(channels).fill(1), [channels]);
  const zeros = graph.floats(`zeros ${channels}`, new Float32Array(channels), [channels]);
  const learnt = [graph.input('down', 'f32', [channels, RANK]), graph.input('up', 'f32', [RANK, channels])];
  // As small as what is learnt: attention to one token alone would have no gradients.
  const [down, up] = learnt.map((value) => Cast(Mul(value, graph.scalar(LEARNT_SHARE)), dtype));
  let x = Cast(graph.input('x', 'f32', [1, channels, side, side]), dtype);
  for (let block = 0; block < BLOCKS; block++) {
    const convolved = Conv(x, w, undefined, { pads: [1, 1, 1, 1] });
    const flat = Reshape(convolved, [1, channels, pixels], [1, channels, pixels]);
    const tokens = Cast(Transpose(flat, [0, 2, 1]), 'f32');
    const normed = Cast(LayerNormalization(tokens, ones, zeros), dtype);
    const styled = Add(normed, MatMul(MatMul(normed, down ?? normed), up ?? normed));
    const mixed = Transpose(Add(normed, attended(styled, channels / HEADS)), [0, 2, 1]);
    x = Reshape(mixed, [1, channels, side, side], [1, channels, side, side]);
  }
  const wide = Cast(x, 'f32');
  const sum = ReduceSum(Mul(wide, wide), [0, 1, 2, 3]);
  graph.output('loss', Reshape(Mul(sum, graph.scalar(LOSS_SCALE / (channels * pixels))), [1], [1]));
  return gradients(graph.finish(), 'loss', LEARNT);
}

/** Each token of [1, S, C] by all of them, in heads of `width`. */
function attended(tokens: Value, width: number): Value {
  const [, count = 1, channels = 1] = tokens.shape.map(Number);
  const split = [1, count, channels / width, width];
  const heads = Reshape(Mul(tokens, Cast(tokens.graph.scalar(width ** -0.25), tokens.dtype)), split, split);
  const [queries, keys, values] = [
    [0, 2, 1, 3],
    [0, 2, 3, 1],
    [0, 2, 1, 3],
  ].map((perm) => Transpose(heads, perm));
  const scores = MatMul(queries ?? heads, keys ?? heads); // [1, heads, S, S]
  return Reshape(Transpose(MatMul(Softmax(scores), values ?? heads), [0, 2, 1, 3]), [1, count, channels], tokens.shape);
}
