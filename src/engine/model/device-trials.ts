/**
 * What a device is asked before nets are built for it: small graphs whose answers a processor gives too. A provider may
 * have an operator and compute it wrongly with some driver, or end the process. Knows no net; what follows from the answers
 * is device-forms.ts.
 */
import {
  Add,
  Cast,
  Conv,
  Gemm,
  GraphBuilder,
  LayerNormalization,
  MultiHeadAttention,
  serialize,
  type Graph,
  type Value,
} from '../onnx/index.ts';
import { Session, type Device, type FloatTensor } from '../ort/index.ts';

export const TRIALS = {
  /** Anything at all. */
  opens: { limit: 0, define: (g) => [Add(given(g, 'x', [4, 4]), g.scalar(1))] },
  /** Half precision, with sums that need more. */
  half: {
    limit: 1e-2,
    define: (g) => {
      const [x, w, one] = [given(g, 'x', [8, 64]), given(g, 'w', [64, 64]), given(g, 'one', [64])];
      const [a, b, scale] = [Cast(x, 'f16'), Cast(w, 'f16'), Cast(one, 'f16')];
      return [Cast(LayerNormalization(Gemm(a, b, undefined), scale, scale), 'f32')];
    },
  },
  /** Attention as one operator: few and many keys, narrow and wide heads. */
  fused: { limit: 1e-3, define: (g) => attentions(g, 'f32') },
  fusedHalf: { limit: 2e-2, define: (g) => attentions(g, 'f16') },
  /** Convolutions with channels last, whatever their count. */
  channelsLast: {
    limit: 1e-3,
    define: (g) =>
      [3, 4, 9, 64].map((channels) => {
        const [x, w] = [given(g, `x${channels}`, [2, channels, 8, 8]), given(g, `w${channels}`, [32, channels, 3, 3])];
        return Conv(x, w, undefined, { pads: [1, 1, 1, 1] });
      }),
  },
} as const satisfies Readonly<Record<string, Trial>>;

export type TrialName = keyof typeof TRIALS;

type Trial = {
  /** Relative L2 from the processor's answer that is still rounding. */
  readonly limit: number;
  readonly define: (graph: GraphBuilder) => readonly Value[];
};

export type TrialResult = { readonly passed: boolean; readonly detail: string };

/** Runs one on `device` and on the processor. What the device throws is its answer. */
export async function tryOut(name: TrialName, device: Device): Promise<TrialResult> {
  const { limit, define } = TRIALS[name];
  const graph = new GraphBuilder(name);
  for (const [k, value] of define(graph).entries()) {
    graph.output(`y${k}`, value);
  }
  const finished = graph.finish();
  try {
    const [theirs, ours] = [await answer(finished, device), await answer(finished, { kind: 'cpu' })];
    const distance = Math.max(...theirs.map((values, k) => relativeL2(values, ours[k] ?? values)));
    return { passed: distance <= limit, detail: `${distance.toExponential(1)} from the processor's answer` };
  } catch (error) {
    return { passed: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function attentions(graph: GraphBuilder, dtype: 'f32' | 'f16'): readonly Value[] {
  return (
    [
      [256, 77, 320, 8],
      [64, 64, 1280, 8],
      [64, 64, 512, 1],
    ] as const
  ).map(([queries, keys, features, num_heads], k) => {
    const tokens = (name: string, count: number): Value =>
      Cast(given(graph, `${name}${k}`, [2, count, features]), dtype);
    return Cast(MultiHeadAttention(tokens('q', queries), tokens('k', keys), tokens('v', keys), { num_heads }), 'f32');
  });
}

async function answer(graph: Graph, device: Device): Promise<readonly Float32Array[]> {
  const session = await Session.create(serialize(graph), { device, startup: 'fast', isLogged: false });
  try {
    const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, numbers(shape.map(Number))]));
    return Object.values(await session.run(feeds)).map(({ data }) => data);
  } finally {
    await session.release();
  }
}

function given(graph: GraphBuilder, name: string, shape: readonly number[]): Value {
  return graph.input(name, 'f32', shape);
}

/** Always the same, between −1 and 1, without a pattern that a wrong index would keep. */
function numbers(shape: readonly number[]): FloatTensor {
  const length = shape.reduce((product, side) => product * side, 1);
  return { data: Float32Array.from({ length }, (_, k) => Math.sin(k * k * 0.37 + k)), shape };
}

/** ‖a − b‖ / ‖b‖ */
function relativeL2(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (const [k, expected] of b.entries()) {
    difference += ((a[k] ?? Number.NaN) - expected) ** 2;
    norm += expected ** 2;
  }
  return Number.isFinite(difference) ? Math.sqrt(difference / norm) : Number.POSITIVE_INFINITY;
}
