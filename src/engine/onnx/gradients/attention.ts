/**
 * Rules of attention. The probabilities P = softmax(QKᵀ/√d + bias) are computed once more on the way back instead of
 * being kept, some heads at a time, for they outweigh everything else at large pictures. With D the sum of dy·y along a
 * head, dS = P·(dy·Vᵀ − D): FlashAttention's way back (Dao et al., arXiv 2205.14135, appendix B.2).
 */
import type { Value } from '../graph.ts';
import { Add, Concat, FusedMatMul, Mul, ReduceSum, Reshape, Softmax, Split, Sub, Transpose } from '../index.ts';
import { fixedDim } from '../shape.ts';
import { axisOf, inputAt, intAttribute, type Rule, simple } from './rule.ts';

const BYTES = Float32Array.BYTES_PER_ELEMENT;

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
    const groups = groupsOf(heads, headBytes, attentionBytes);
    let made: readonly Value[] | undefined;
    const part = (place: number): Value => {
      made ??= backward({ q, k, v, y, dy, bias, heads, groups, alpha: 1 / Math.sqrt(channels / heads) });
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

/** The least divisor of `heads` with which so many heads at a time stay below the bound; all of them where none does. */
function groupsOf(heads: number, headBytes: number, attentionBytes: number): number {
  for (let groups = 1; groups < heads; groups++) {
    if (heads % groups === 0 && (heads / groups) * headBytes <= attentionBytes) {
      return groups;
    }
  }
  return heads;
}

type Attention = {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
  readonly y: Value;
  readonly dy: Value;
  readonly bias: Value | undefined;
  readonly heads: number;
  readonly groups: number;
  readonly alpha: number;
};

/** Gradients by q [B, S, C], k and v [B, L, C]. */
function backward({ q, k, v, y, dy, bias, heads, groups, alpha }: Attention): readonly Value[] {
  const inGroups = (x: Value): readonly Value[] => inParts(intoHeads(x, heads), groups);
  const [qs, ks, vs, ys, gs] = [q, k, v, y, dy].map(inGroups);
  const biases = bias === undefined || fixedDim(bias.shape, 1) === 1 ? undefined : inParts(bias, groups);
  const parts = Array.from({ length: groups }, (_, n) => {
    const [Q, K, V, Y, G] = [qs?.[n] ?? q, ks?.[n] ?? k, vs?.[n] ?? v, ys?.[n] ?? y, gs?.[n] ?? dy];
    const scores = FusedMatMul(Q, K, { transB: true, alpha }); // [B, h, S, L]
    const given = biases?.[n] ?? bias;
    const P = Softmax(given === undefined ? scores : Add(scores, given));
    const D = ReduceSum(Mul(G, Y), [-1]); // [B, h, S, 1]
    const dS = Mul(P, Sub(FusedMatMul(G, V, { transB: true }), D));
    return [
      FusedMatMul(dS, K, { alpha }),
      FusedMatMul(dS, Q, { transA: true, alpha }),
      FusedMatMul(P, G, { transA: true }),
    ];
  });
  return [0, 1, 2].map((place) => {
    const values = parts.flatMap((part) => part[place] ?? []);
    const [whole] = values;
    return outOfHeads(values.length === 1 && whole !== undefined ? whole : Concat(values, 1));
  });
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

function inParts(x: Value, count: number): readonly Value[] {
  const size = fixedDim(x.shape, 1) / count;
  return count === 1
    ? [x]
    : Split(
        x,
        Array.from({ length: count }, () => size),
        1,
      );
}
