/**
 * Rules of attention. The probabilities P = softmax(QKᵀ/√d + bias) are computed once more on the way back instead of
 * being kept, some heads and some queries at a time: all of them outweigh everything else at large pictures, and a few stay
 * in the processor's cache from product to product. With D the sum of dy·y along a head, dS = P·(dy·Vᵀ − D):
 * FlashAttention's way back (Dao et al., arXiv 2205.14135, appendix B.2).
 */
import type { Value } from '../graph.ts';
import { Add, Concat, FusedMatMul, Mul, Neg, ReduceSum, Reshape, Softmax, Split, Sub, Transpose } from '../index.ts';
import { fixedDim, formatShape } from '../shape.ts';
import { axisOf, constantLike, countOf, inputAt, intAttribute, type Rule, simple } from './rule.ts';

const BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Of one attention; more make a graph long to open: then each is larger. */
const MOST_PARTS = 64;

export const attentionRules: Readonly<Record<string, Rule>> = {
  Softmax: simple((dy, node) => [
    () => {
      const { y } = node;
      return Mul(y, Sub(dy, ReduceSum(Mul(dy, y), [axisOf(node, y, -1)])));
    },
  ]),

  MultiHeadAttention: (node, [dy], { attentionBytes }) => {
    const [q, k, v] = [inputAt(node, 0), inputAt(node, 1), inputAt(node, 2)];
    const [y] = node.outputs;
    const bias = node.inputs[5];
    if (dy === undefined || y === undefined || node.inputs[3] !== undefined || node.inputs[4] !== undefined) {
      return ['only one of query, key, value and attention_bias has one'];
    }
    const heads = intAttribute(node, 'num_heads', 1);
    const [rows, queries, channels] = [fixedDim(q.shape, 0), fixedDim(q.shape, 1), fixedDim(q.shape, 2)];
    const headBytes = rows * queries * fixedDim(k.shape, 1) * BYTES;
    const most = Math.max(attentionBytes, (heads * headBytes) / MOST_PARTS);
    const groups = Math.min(heads, Math.ceil((heads * headBytes) / most));
    const blocks = Math.min(queries, Math.ceil((Math.ceil(heads / groups) * headBytes) / most));
    let made: readonly Value[] | undefined;
    const part = (place: number): Value => {
      made ??= backward({ q, k, v, y, dy, bias, heads, groups, blocks, alpha: 1 / Math.sqrt(channels / heads) });
      const value = made[place];
      if (value === undefined) {
        throw new Error('MultiHeadAttention: expected three gradients.');
      }
      return value;
    };
    return [
      { make: () => part(0) },
      { make: () => part(1) },
      { make: () => part(2) },
      undefined,
      undefined,
      bias && 'attention_bias is a mask',
    ];
  },
};

type Attention = {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly y: Value;
  readonly dy: Value;
  readonly bias: Value | undefined;
  readonly heads: number;
  /** Of heads, and for each of queries: so many parts are computed one after another. */
  readonly groups: number;
  readonly blocks: number;
  readonly alpha: number;
};

/** Gradients by q [B, S, C], k and v [B, L, C]. */
function backward({ q, k, v, y, dy, bias, heads, groups, blocks, alpha }: Attention): readonly Value[] {
  const inGroups = (x: Value): readonly Value[] => inParts(intoHeads(x, heads), groups, 1);
  const [qs, ks, vs, ys, gs] = [q, k, v, y, dy].map(inGroups);
  const biases = bias === undefined || fixedDim(bias.shape, 1) === 1 ? undefined : inParts(bias, groups, 1);
  const parts = Array.from({ length: groups }, (_, n) => {
    const [Q, K, V, Y, G] = [qs?.[n] ?? q, ks?.[n] ?? k, vs?.[n] ?? v, ys?.[n] ?? y, gs?.[n] ?? dy];
    return groupBackward({ Q, K, V, Y, G, bias: biases?.[n] ?? bias }, blocks, alpha);
  });
  return [0, 1, 2].map((place) => {
    const values = parts.flatMap((part) => part[place] ?? []);
    const [whole] = values;
    return outOfHeads(values.length === 1 && whole !== undefined ? whole : Concat(values, 1));
  });
}

type Group = Readonly<Record<'Q' | 'K' | 'V' | 'Y' | 'G', Value>> & { readonly bias: Value | undefined };

/** The same of some heads: Q, Y and G = dy are [B, h, S, d], K and V [B, h, L, d]. */
function groupBackward({ Q, K, V, Y, G, bias }: Group, blocks: number, alpha: number): readonly [Value, Value, Value] {
  // dy·Vᵀ − D is one product, [dy, −D]·[V, 1]ᵀ: nothing of the scores' size is read and written for D.
  const GD = Concat([G, Neg(ReduceSum(Mul(G, Y), [-1]))], 3); // [B, h, S, d + 1]
  const VOne = Concat([V, ones(V)], 3);
  const inBlocks = (x: Value): readonly Value[] => inParts(x, blocks, 2);
  const [qs, gs, gds] = [Q, G, GD].map(inBlocks);
  const biases = bias === undefined || fixedDim(bias.shape, 2) === 1 ? undefined : inBlocks(bias);
  let made: readonly [readonly Value[], Value | undefined, Value | undefined] = [[], undefined, undefined];
  for (let n = 0; n < blocks; n++) {
    const [q, g, gd] = [qs?.[n] ?? Q, gs?.[n] ?? G, gds?.[n] ?? GD];
    const given = biases?.[n] ?? bias;
    const scores = FusedMatMul(q, K, { transB: true, alpha }); // [B, h, S / blocks, L]
    const P = Softmax(given === undefined ? scores : Add(scores, given));
    const dS = Mul(P, FusedMatMul(gd, VOne, { transB: true }));
    const [dQ, dK, dV] = made;
    made = [
      [...dQ, FusedMatMul(dS, K, { alpha })],
      plus(dK, FusedMatMul(dS, q, { transA: true, alpha })),
      plus(dV, FusedMatMul(P, g, { transA: true })),
    ];
  }
  const [dQ, dK = K, dV = V] = made;
  const [first = Q] = dQ;
  return [dQ.length === 1 ? first : Concat(dQ, 2), dK, dV];
}

function plus(sum: Value | undefined, more: Value): Value {
  return sum === undefined ? more : Add(sum, more);
}

/** [B, h, L, 1] of ones for V [B, h, L, d]. */
function ones(V: Value): Value {
  const { shape } = V;
  const sides = [fixedDim(shape, 0), fixedDim(shape, 1), fixedDim(shape, 2), 1];
  return constantLike(V, `ones ${formatShape(sides)}`, new Float32Array(countOf(sides)).fill(1), sides);
}

/** [B, S, C] → [B, heads, S, C / heads] */
function intoHeads(x: Value, heads: number): Value {
  const [rows, length, channels] = [fixedDim(x.shape, 0), fixedDim(x.shape, 1), fixedDim(x.shape, 2)];
  const shape = [rows, length, heads, channels / heads];
  return Transpose(Reshape(x, shape, shape), [0, 2, 1, 3]);
}

/** The way back. */
function outOfHeads(x: Value): Value {
  const [rows, heads, length, width] = [0, 1, 2, 3].map((axis) => fixedDim(x.shape, axis));
  const shape = [rows ?? 1, length ?? 1, (heads ?? 1) * (width ?? 1)];
  return Reshape(Transpose(x, [0, 2, 1, 3]), shape, shape);
}

/** So many parts along an axis, as equal as can be. */
function inParts(x: Value, count: number, axis: number): readonly Value[] {
  const size = fixedDim(x.shape, axis);
  const end = (n: number): number => Math.floor((n * size) / count);
  return count === 1
    ? [x]
    : Split(
        x,
        Array.from({ length: count }, (_, n) => end(n + 1) - end(n)),
        axis,
      );
}
