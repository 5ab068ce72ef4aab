/**
 * What a device is asked before nets are built for it: small graphs whose answers a processor gives too. A provider may
 * have an operator and compute it wrongly with some driver, or end the process. Knows no net; what follows from the answers
 * is device-forms.ts.
 */
import {
  Add,
  BiasSplitGelu,
  Cast,
  Conv,
  Gelu,
  Gemm,
  GraphBuilder,
  GroupNorm,
  InstanceNormalization,
  LayerNormalization,
  Mul,
  MultiHeadAttention,
  NhwcConv,
  QuickGelu,
  Reshape,
  serialize,
  SkipGroupNorm,
  Split,
  Transpose,
  Unsqueeze,
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
  /** The operators of a graph whose pictures have their channels last, which a processor lacks. */
  lastGraph: { limit: 1e-3, define: (g) => lastOperators(g, 'f32'), reference: (g) => firstOperators(g) },
  lastGraphHalf: { limit: 2e-2, define: (g) => lastOperators(g, 'f16'), reference: (g) => firstOperators(g) },
} as const satisfies Readonly<Record<string, Trial>>;

export type TrialName = keyof typeof TRIALS;

type Trial = {
  /** Relative L2 from the processor's answer that is still rounding. */
  readonly limit: number;
  readonly define: (graph: GraphBuilder) => readonly Value[];
  /** What a processor computes instead, where it lacks the operators. */
  readonly reference?: (graph: GraphBuilder) => readonly Value[];
};

export type TrialResult = { readonly passed: boolean; readonly detail: string };

/** Runs one on `device` and on the processor. What the device throws is its answer. */
export async function tryOut(name: TrialName, device: Device): Promise<TrialResult> {
  const { limit, define, reference = define }: Trial = TRIALS[name];
  try {
    const theirs = await answer(graphOf(name, define), device);
    const ours = await answer(graphOf(name, reference), { kind: 'cpu' });
    const distance = Math.max(...theirs.map((values, k) => relativeL2(values, ours[k] ?? values)));
    return { passed: distance <= limit, detail: `${distance.toExponential(1)} from the processor's answer` };
  } catch (error) {
    return { passed: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** What `define` defines, as outputs y0, y1, …. */
export function graphOf(name: string, define: Trial['define']): Graph {
  const graph = new GraphBuilder(name);
  for (const [k, value] of define(graph).entries()) {
    graph.output(`y${k}`, value);
  }
  return graph.finish();
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

/** Channels of pictures in 32 groups: each kind that onnxruntime has another kernel for. */
const NORMED = [128, 256, 320, 960] as const;
const SIDE = 8;
const GATES = 1280;
const NORM = { groups: 32, epsilon: 1e-5, silu: true } as const;

function lastOperators(graph: GraphBuilder, dtype: 'f32' | 'f16'): readonly Value[] {
  const as = (name: string, ...shape: readonly number[]): Value => Cast(given(graph, name, shape), dtype);
  const pictures = NORMED.flatMap((channels) => {
    const [gamma, beta] = [given(graph, `gamma${channels}`, [channels]), given(graph, `beta${channels}`, [channels])];
    const x = as(`x${channels}`, 2, SIDE, SIDE, channels);
    const plus = as(`plus${channels}`, 2, channels);
    return [GroupNorm(x, gamma, beta, NORM), SkipGroupNorm(x, gamma, beta, plus, NORM)];
  });
  const convolved = NhwcConv(as('x', 2, SIDE, SIDE, 64), as('w', 32, 3, 3, 64), as('b', 32), { pads: [1, 1, 1, 1] });
  const gated = BiasSplitGelu(as('tokens', 2, SIDE, 2 * GATES), as('gates', 2 * GATES));
  return [...pictures, convolved, gated].map((value) => Cast(value, 'f32'));
}

/** The same in operators that every processor has. */
function firstOperators(graph: GraphBuilder): readonly Value[] {
  const toFirst = (x: Value): Value => Transpose(x, [0, 3, 1, 2]);
  const toLast = (x: Value): Value => Transpose(x, [0, 2, 3, 1]);
  const pictures = NORMED.flatMap((channels) => {
    const [gamma, beta] = [given(graph, `gamma${channels}`, [channels]), given(graph, `beta${channels}`, [channels])];
    const x = given(graph, `x${channels}`, [2, SIDE, SIDE, channels]);
    const plus = Unsqueeze(given(graph, `plus${channels}`, [2, channels]), [1, 2]);
    const [ones, zeros] = [1, 0].map((value) => graph.floats(`all ${value}`, new Float32Array(32).fill(value), [32]));
    const normed = (picture: Value): Value => {
      const grouped = Reshape(toFirst(picture), [2, 32, -1], [2, 32, (channels / 32) * SIDE ** 2]);
      const instances = InstanceNormalization(grouped, ones ?? grouped, zeros ?? grouped, { epsilon: NORM.epsilon });
      const shape = [2, channels, SIDE, SIDE];
      return QuickGelu(Add(Mul(toLast(Reshape(instances, shape, shape)), gamma), beta), { alpha: 1 });
    };
    return [normed(x), normed(Add(x, plus))];
  });
  const [x, w] = [given(graph, 'x', [2, SIDE, SIDE, 64]), given(graph, 'w', [32, 3, 3, 64])];
  const convolved = toLast(Conv(toFirst(x), toFirst(w), given(graph, 'b', [32]), { pads: [1, 1, 1, 1] }));
  const both = Add(given(graph, 'tokens', [2, SIDE, 2 * GATES]), given(graph, 'gates', [2 * GATES]));
  const [hidden = both, gate = both] = Split(both, [GATES, GATES], 2);
  return [...pictures, convolved, Mul(hidden, Gelu(gate))];
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
export function numbers(shape: readonly number[]): FloatTensor {
  const length = shape.reduce((product, side) => product * side, 1);
  return { data: Float32Array.from({ length }, (_, k) => Math.sin(k * k * 0.37 + k)), shape };
}

/** ‖a − b‖ / ‖b‖ */
export function relativeL2(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (const [k, expected] of b.entries()) {
    difference += ((a[k] ?? Number.NaN) - expected) ** 2;
    norm += expected ** 2;
  }
  return Number.isFinite(difference) ? Math.sqrt(difference / norm) : Number.POSITIVE_INFINITY;
}
