/**
 * Every rule against finite differences: a weighted sum of an operator's outputs, moved along a random direction of each
 * input. Central differences of two widths, extrapolated (Richardson), of sums taken in fp64 over the fp32 outputs.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Value } from '../../../../src/engine/onnx/graph.ts';
import { RULES } from '../../../../src/engine/onnx/gradients/rules.ts';
import { gradientName, gradients } from '../../../../src/engine/onnx/gradients/index.ts';
import * as ops from '../../../../src/engine/onnx/index.ts';
import { GraphBuilder, serialize } from '../../../../src/engine/onnx/index.ts';
import { Session, type Feeds, type FloatTensor } from '../../../../src/engine/ort/index.ts';
import { seededNormals } from '../../../support/random-weights.ts';

/** Outputs are fp32 (6e-8 of their size), steps of .02: what is left of the difference is about 1e-5 of it. */
const TOLERANCE = 2e-3;
const STEP = 0.02;

/** How an operator is called: inputs by shape, of which the numbers are random, and what is computed of them. */
type Case = {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Inputs that are not learnt. */
  readonly fixed?: Feeds;
  /** Where the operator is not smooth, or not defined: what the random numbers go through. */
  readonly drawn?: (value: number) => number;
  readonly build: (inputs: Readonly<Record<string, Value>>, graph: GraphBuilder) => Value | readonly Value[];
};

type Sizes = { readonly n: number; readonly c: number; readonly h: number; readonly w: number };

const awayFromZero = (value: number): number => value + Math.sign(value) * 0.2;
const positive = (value: number): number => Math.abs(value) + 0.5;

const unary =
  (operator: (x: Value) => Value, drawn?: Case['drawn']) =>
  ({ n, c }: Sizes): Case => ({
    inputs: { x: [n, c] },
    ...(drawn && { drawn }),
    build: ({ x }) => operator(x!),
  });
const binary =
  (operator: (a: Value, b: Value) => Value, drawn?: Case['drawn']) =>
  ({ n, c, w }: Sizes): Case => ({
    inputs: { a: [n, 1, w], b: [c, w] },
    ...(drawn && { drawn }),
    build: ({ a, b }) => operator(a!, b!),
  });
const ids = (values: readonly number[], shape: readonly number[]) => ({
  data: BigInt64Array.from(values, BigInt),
  shape,
});

/** A picture that learns before one that does not, through group norm (a group has channels of both), to products of all. */
function besideWhatStays({ n, c, h, w }: Sizes): Case {
  const [channels, groups, area] = [8, 4, h * w];
  return {
    inputs: { a: [n, 2, h, w], b: [n, 2, h, w], down: [c, channels], few: [c, channels, 3, 3] },
    build: ({ a, b, down, few }, graph) => {
      const constant = (name: string, shape: readonly number[]): Value =>
        graph.floats(name, seededNormals(name, count(shape)), shape);
      const x = ops.Concat([constant('before', [n, 1, h, w]), a!, b!, constant('after', [n, 3, h, w])], 1);
      const grouped = ops.Reshape(x, [n, groups, 2 * h, w], [n, groups, 2 * h, w]);
      const [ones, zeros] = [new Float32Array(groups).fill(1), new Float32Array(groups)].map((values, k) =>
        graph.floats(`${k === 0 ? 'ones' : 'zeros'} ${groups}`, values, [groups]),
      );
      const normed = ops.Reshape(ops.InstanceNormalization(grouped, ones!, zeros!), x.shape.map(Number), x.shape);
      const moved = ops.Add(ops.Mul(normed, constant('scale', [channels, 1, 1])), constant('shift', [channels, 1, 1]));
      const active = ops.QuickGelu(moved, { alpha: 1 });
      const pixels = ops.Reshape(x, [n, channels, area], [n, channels, area]);
      return [
        ops.Conv(active, constant('kernel', [3, channels, 3, 3]), undefined, { pads: [1, 1, 1, 1] }),
        ops.Conv(active, few!, undefined, { pads: [1, 1, 1, 1] }),
        ops.Conv(x, constant('past', [3, channels, 1, 1]), constant('bias', [3])),
        ops.Conv(x, constant('strided', [3, channels, 3, 3]), undefined, { pads: [1, 1, 1, 1], strides: [2, 2] }),
        ops.MatMul(down!, pixels),
      ];
    },
  };
}

const CASES: Readonly<Record<string, readonly ((sizes: Sizes) => Case)[]>> = {
  Add: [binary(ops.Add)],
  Sub: [binary(ops.Sub)],
  Mul: [binary(ops.Mul), ({ n, c }) => ({ inputs: { x: [n, c] }, build: ({ x }) => ops.Mul(x!, x!) })],
  Div: [binary(ops.Div, positive)],
  Neg: [unary(ops.Neg)],
  Sqrt: [unary(ops.Sqrt, positive)],
  Exp: [unary(ops.Exp)],
  Cos: [unary(ops.Cos)],
  Sin: [unary(ops.Sin)],
  Tanh: [unary(ops.Tanh)],
  Sigmoid: [unary(ops.Sigmoid)],
  Relu: [unary(ops.Relu, awayFromZero)],
  PRelu: [
    ({ n, c, h }) => ({
      inputs: { x: [n, c, h], slope: [c, 1] },
      drawn: awayFromZero,
      build: ({ x, slope }) => ops.PRelu(x!, slope!),
    }),
  ],
  QuickGelu: [unary((x) => ops.QuickGelu(x, { alpha: 1 })), unary((x) => ops.QuickGelu(x))],
  Gelu: [unary(ops.Gelu)],
  Cast: [
    unary(
      (x) => ops.Cast(ops.Cast(x, 'f16'), 'f32'),
      (value) => Math.round(value * 64) / 64,
    ),
  ],
  Reshape: [
    ({ n, c, h }) => ({ inputs: { x: [n, c * h] }, build: ({ x }) => ops.Reshape(x!, [n * c, h], [n * c, h]) }),
  ],
  Unsqueeze: [unary((x) => ops.Unsqueeze(x, [1, 3]))],
  Transpose: [({ n, c, h }) => ({ inputs: { x: [n, c, h] }, build: ({ x }) => ops.Transpose(x!, [2, 0, 1]) })],
  Concat: [
    ({ n, c, h }) => ({ inputs: { a: [n, c], b: [n, h] }, build: ({ a, b }) => ops.Concat([a!, b!, a!], -1) }),
    besideWhatStays,
  ],
  Split: [
    ({ n, c, h }) => ({ inputs: { x: [n, c + h] }, build: ({ x }) => ops.Split(x!, [c, h], 1) }),
    ({ n, c, h }) => ({ inputs: { x: [n, c + h] }, build: ({ x }) => ops.Split(x!, [c, h], 1)[1]! }),
  ],
  Slice: [
    ({ n, h, w }) => ({
      inputs: { x: [n, h + 1, w + 2] },
      build: ({ x }, graph) => ops.Slice(x!, graph.ints([h, w]), [n, h, w]),
    }),
  ],
  Gather: [
    ({ n, c, h }) => ({
      inputs: { x: [n + 2, c, h] },
      fixed: { ids: ids([1, 0, 1, n + 1], [2, 2]) },
      build: ({ x, ids: indices }) => ops.Gather(x!, indices!),
    }),
  ],
  GatherND: [
    ({ c, h }) => ({
      inputs: { x: [3, h + 1, c] },
      fixed: { ids: ids([0, h, h], [3, 1]) },
      build: ({ x, ids: indices }) => ops.GatherND(x!, indices!, { batch_dims: 1 }),
    }),
  ],
  ReduceSum: [
    ({ n, c, h }) => ({ inputs: { x: [n, c, h] }, build: ({ x }) => ops.ReduceSum(x!, [0, 2]) }),
    ({ n, c, h }) => ({
      inputs: { x: [n, c, h] },
      build: ({ x }) => ops.ReduceSum(x!, [0, 1, 2], { keepdims: false }),
    }),
  ],
  ReduceMean: [({ n, c, h }) => ({ inputs: { x: [n, c, h] }, build: ({ x }) => ops.ReduceMean(x!, [-1]) })],
  MatMul: [
    ({ n, c, h, w }) => ({ inputs: { a: [n, c, h], b: [n, h, w] }, build: ({ a, b }) => ops.MatMul(a!, b!) }),
    ({ n, c, h, w }) => ({ inputs: { a: [n, c, h], b: [h, w] }, build: ({ a, b }) => ops.MatMul(a!, b!) }),
    ({ n, c, h, w }) => ({ inputs: { a: [c, h], b: [n, 2, h, w] }, build: ({ a, b }) => ops.MatMul(a!, b!) }),
  ],
  FusedMatMul: [
    ...[
      { transA: false, transB: true },
      { transA: true, transB: false },
      { transA: true, transB: true },
    ].map(({ transA, transB }) => ({ n, c, h, w }: Sizes): Case => ({
      inputs: { a: transA ? [n, h, c] : [n, c, h], b: transB ? [n, w, h] : [n, h, w] },
      build: ({ a, b }) => ops.FusedMatMul(a!, b!, { transA, transB, alpha: 0.5 }),
    })),
    ({ n, c, h, w }) => ({
      inputs: { a: [1, 3, c, h], b: [h, n, 3, w] },
      build: ({ a, b }) => ops.FusedMatMul(a!, b!, { transBatchB: true }),
    }),
  ],
  Gemm: [
    ...[
      { transA: false, transB: false },
      { transA: false, transB: true },
      { transA: true, transB: false },
      { transA: true, transB: true },
    ].map((trans) => ({ n, c, h }: Sizes): Case => ({
      inputs: { a: trans.transA ? [c, n] : [n, c], b: trans.transB ? [h, c] : [c, h], d: [h] },
      build: ({ a, b, d }) => ops.Gemm(a!, b!, d, trans),
    })),
    // Two uses of one input: what one gave is added by the other.
    ({ n, c, h }) => ({
      inputs: { a: [n, c], b: [h, c], d: [h, c] },
      build: ({ a, b, d }) => [
        ops.Gemm(a!, b!, undefined, { transB: true }),
        ops.Gemm(a!, d!, undefined, { transB: true }),
      ],
    }),
  ],
  LayerNormalization: [
    ({ n, c }) => ({
      inputs: { x: [n, c + 2], scale: [c + 2], bias: [c + 2] },
      build: ({ x, scale, bias }) => ops.LayerNormalization(x!, scale!, bias!),
    }),
  ],
  InstanceNormalization: [
    ({ n, c, h, w }) => ({
      inputs: { x: [n, c, h, w + 1], scale: [c], bias: [c] },
      build: ({ x, scale, bias }) => ops.InstanceNormalization(x!, scale!, bias!),
    }),
    ({ n, c, h, w }) => ({
      inputs: { x: [n, c, h, w + 1] },
      build: ({ x }, graph) =>
        ops.InstanceNormalization(
          x!,
          graph.floats(`ones ${c}`, new Float32Array(c).fill(1), [c]),
          graph.floats(`zeros ${c}`, new Float32Array(c), [c]),
        ),
    }),
  ],
  Softmax: [
    ({ n, c }) => ({ inputs: { x: [n, c + 1] }, build: ({ x }) => ops.Softmax(x!) }),
    ({ n, c, h }) => ({ inputs: { x: [n, c + 1, h] }, build: ({ x }) => ops.Softmax(x!, { axis: 1 }) }),
  ],
  MultiHeadAttention: [
    ({ n, c, h, w }) => ({
      inputs: { q: [n, h, 4 * c], k: [n, w, 4 * c], v: [n, w, 4 * c] },
      build: ({ q, k, v }) => ops.MultiHeadAttention(q!, k!, v!, { num_heads: 4 }),
    }),
    ({ n, c, h }) => ({
      inputs: { x: [n, h, 2 * c] },
      build: ({ x }, graph) =>
        ops.MultiHeadAttention(x!, x!, x!, {
          num_heads: 2,
          attention_bias: graph.floats('mask', seededNormals('mask', h * h), [1, 1, h, h]),
        }),
    }),
  ],
  FusedConv: [
    ({ n, c, h, w }) => ({
      inputs: { x: [n, c, h], w: [w, c, 1], z: [n, w, h] },
      build: ({ x, w: kernel, z }) => ops.FusedConv(x!, kernel!, z!),
    }),
  ],
  Conv: [
    ({ n, c, h, w }) => ({
      inputs: { x: [n, c, h, w], w: [c + 1, c, 1, 1], b: [c + 1] },
      build: ({ x, w: kernel, b }) => ops.Conv(x!, kernel!, b),
    }),
    ({ n, c, h, w }) => ({
      inputs: { x: [n, c + 1, h + 1, w], w: [c, c + 1, 3, 3], b: [c] },
      build: ({ x, w: kernel, b }) => ops.Conv(x!, kernel!, b, { pads: [1, 1, 1, 1] }),
    }),
    ({ n, c, h, w }) => ({
      inputs: { x: [n, c, h + 2, w + 3], w: [c + 2, c, 3, 2] },
      build: ({ x, w: kernel }) => ops.Conv(x!, kernel!, undefined, { pads: [0, 1, 2, 0] }),
    }),
    ({ n, c, h, w }) => ({
      inputs: { x: [n, c, h + 1, w + 2], w: [c + 1, c, 3, 3] },
      build: ({ x, w: kernel }) => ops.Conv(x!, kernel!, undefined, { pads: [1, 1, 1, 1], strides: [2, 2] }),
    }),
    // Few kernels that learn.
    ({ n, c, h, w }) => ({
      inputs: { x: [n, c + 2, h + 2, w + 3], w: [c, c + 2, 3, 2] },
      build: ({ x, w: kernel }) => ops.Conv(x!, kernel!, undefined, { pads: [0, 1, 2, 0] }),
    }),
    // Too large to be turned.
    ({ n }) => ({
      inputs: { x: [n, 301, 2, 3] },
      build: ({ x }, graph) =>
        ops.Conv(
          x!,
          graph.floats(
            'kernel',
            seededNormals('kernel', 300 * 301 * 9).map((value) => value / 64),
            [300, 301, 3, 3],
          ),
          undefined,
          {
            pads: [1, 1, 1, 1],
          },
        ),
    }),
  ],
  ConvTranspose: [
    ({ n, c, h, w }) => ({
      inputs: { x: [n, 2 * c, h, w] },
      build: ({ x }, graph) => {
        const kernels = graph.floats('kernels', seededNormals('kernels', 2 * c * 9), [2 * c, 1, 3, 3]);
        return ops.ConvTranspose(x!, kernels, { pads: [1, 1, 1, 1], group: c }, [h, w]);
      },
    }),
    ({ n, c, h, w }) => ({
      inputs: { x: [n, c, h, w] },
      build: ({ x }, graph) => {
        const kernels = graph.floats('kernels', seededNormals('kernels', c * 18), [c, 2, 3, 3]);
        return ops.ConvTranspose(x!, kernels, { pads: [1, 1, 1, 1], strides: [2, 2] }, [2 * h, 2 * w]);
      },
    }),
  ],
  DepthToSpace: [
    ({ n, c, h, w }) => ({ inputs: { x: [n, 4 * c, h, w] }, build: ({ x }) => ops.DepthToSpace(x!, 2) }),
    ({ n, c, h, w }) => ({
      inputs: { x: [n, 4 * c, h, w] },
      build: ({ x }) => ops.DepthToSpace(x!, 2, { mode: 'DCR' }),
    }),
  ],
  Resize: [({ n, c, h, w }) => ({ inputs: { x: [n, c, h, w] }, build: ({ x }) => ops.Resize(x!, 2) })],
};

const SIZES = fc.record({
  n: fc.integer({ min: 1, max: 3 }),
  c: fc.integer({ min: 1, max: 4 }),
  h: fc.integer({ min: 2, max: 5 }),
  w: fc.integer({ min: 2, max: 5 }),
});

const count = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** The greatest difference of a slope from what the gradient says, in parts of the longest slope that there could be. */
async function worst({ inputs, fixed = {}, drawn = (value) => value, build }: Case, seed: string): Promise<number> {
  const graph = new GraphBuilder('case');
  const values = Object.fromEntries([
    ...Object.entries(inputs).map(([name, shape]) => [name, graph.input(name, 'f32', shape)]),
    ...Object.entries(fixed).map(([name, { shape }]) => [name, graph.input(name, 'i64', shape)]),
  ]);
  const made = [build(values, graph)].flat();
  const parts = made.map((y, k) => {
    const weight = graph.input(`weight ${k}`, 'f32', y.shape);
    graph.output(`y ${k}`, y);
    const axes = [...y.shape.keys()];
    return axes.length === 0 ? ops.Mul(y, weight) : ops.ReduceSum(ops.Mul(y, weight), axes, { keepdims: false });
  });
  graph.output('loss', parts.reduce(ops.Add));
  const wrt = Object.keys(inputs);
  const session = await Session.create(serialize(gradients(graph.finish(), 'loss', wrt, { attentionBytes: 256 })), {
    threads: 1,
  });
  try {
    const weights = made.map((y, k): FloatTensor => {
      const shape = y.shape.map(Number);
      return { data: seededNormals(`${seed} weight ${k}`, count(shape)), shape };
    });
    const feeds: Record<string, Feeds[string]> = {
      ...fixed,
      ...Object.fromEntries(weights.map((weight, k) => [`weight ${k}`, weight])),
      ...Object.fromEntries(
        Object.entries(inputs).map(([name, shape]) => [
          name,
          { data: seededNormals(`${seed} ${name}`, count(shape)).map(drawn), shape },
        ]),
      ),
    };
    const outputs = await session.run(feeds);
    const lossAt = async (name: string, direction: Float32Array, step: number): Promise<number> => {
      const at = feeds[name];
      const moved = Float32Array.from(at!.data as Float32Array, (value, k) => value + step * direction[k]!);
      const results = await session.run({ ...feeds, [name]: { data: moved, shape: at!.shape } });
      return weights.reduce(
        (sum, { data }, k) => sum + data.reduce((part, weight, i) => part + weight * results[`y ${k}`]!.data[i]!, 0),
        0,
      );
    };
    let greatest = 0;
    for (const name of wrt) {
      const gradient = outputs[gradientName(name)]!.data;
      const direction = seededNormals(`${seed} direction ${name}`, gradient.length);
      const slope = async (step: number): Promise<number> =>
        ((await lossAt(name, direction, step)) - (await lossAt(name, direction, -step))) / (2 * step);
      const measured = (4 * (await slope(STEP)) - (await slope(2 * STEP))) / 3;
      const said = gradient.reduce((sum, value, k) => sum + value * direction[k]!, 0);
      const longest = Math.hypot(...gradient) * Math.hypot(...direction);
      greatest = Math.max(greatest, Math.abs(measured - said) / Math.max(longest, 1e-3));
    }
    return greatest;
  } finally {
    await session.release();
  }
}

describe('the gradient of every operator', () => {
  it('has a case here', () => {
    expect(
      Object.keys(CASES)
        .filter((name) => name !== 'InstanceNormalization')
        .toSorted(),
    ).toEqual(Object.keys(RULES).toSorted());
  });

  it.each(Object.entries(CASES).flatMap(([name, cases]) => cases.map((make, k) => ({ name, k, make }))))(
    'agrees with finite differences: $name $k',
    async ({ name, k, make }) => {
      await fc.assert(
        fc.asyncProperty(SIZES, async (sizes) => {
          expect(await worst(make(sizes), `${name} ${k} ${JSON.stringify(sizes)}`)).toBeLessThan(TOLERANCE);
        }),
        { numRuns: 3, seed: 7 },
      );
    },
  );
});

it('computes gradients of no channels but those that depend on what is learnt', () => {
  const graph = new GraphBuilder('late');
  const [early, late] = [
    [4, 3],
    [4, 2],
  ].map(([n = 1, c = 1], k) => graph.input(`x${k}`, 'f32', [n, c, 8, 8]));
  const kernels = graph.floats('kernels', seededNormals('kernels', 6 * 5 * 9), [6, 5, 3, 3]);
  const y = ops.Conv(ops.QuickGelu(ops.Concat([late!, early!], 1)), kernels, undefined, { pads: [1, 1, 1, 1] });
  graph.output('loss', ops.ReduceSum(y, [0, 1, 2, 3]));
  const { nodes, values } = gradients(graph.finish(), 'loss', ['x1']);
  const shapes = new Map(values.map(({ name, shape }) => [name, shape]));
  const convolved = nodes.filter(({ opType }) => opType === 'Conv').map(({ outputs }) => shapes.get(outputs[0] ?? ''));
  expect(convolved).toEqual([
    [4, 6, 8, 8],
    [4, 2, 8, 8],
  ]);
});

describe('what has no gradient', () => {
  const build = (define: (graph: GraphBuilder, x: Value) => Value) => {
    const graph = new GraphBuilder('refused');
    const x = graph.input('x', 'f32', [2, 3]);
    graph.output('loss', ops.ReduceSum(define(graph, x), [0, 1]));
    return graph.finish();
  };

  it('is refused by the name of the operator', () => {
    expect(() =>
      gradients(
        build((_, x) => ops.Sign(x)),
        'loss',
        ['x'],
      ),
    ).toThrow('Sign has no rule of differentiation.');
  });

  it('is refused with the reason where an operator has one for some uses', () => {
    const graph = build((g, x) => ops.Gather(x, g.ints([0]), { axis: 1 }));
    expect(() => gradients(graph, 'loss', ['x'])).toThrow(
      'Gather has no gradient by input 0: only what is taken along the first axis has one.',
    );
  });

  it('is refused where the loss does not depend on it, or is no number', () => {
    const graph = new GraphBuilder('apart');
    graph.input('x', 'f32', [2]);
    const y = graph.input('y', 'f32', [2]);
    graph.output('loss', ops.ReduceSum(y, [0]));
    graph.output('y again', y);
    expect(() => gradients(graph.finish(), 'loss', ['x'])).toThrow('loss does not depend on x.');
    expect(() => gradients(graph.finish(), 'y again', ['y'])).toThrow(
      'Expected the loss y again to be one number, got [2].',
    );
  });
});
