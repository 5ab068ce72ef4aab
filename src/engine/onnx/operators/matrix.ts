/**
 * Matrix products, normalisations and attention, named as the ONNX specification and onnxruntime's contrib operators
 * name them (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md).
 */
import { single, type Value } from '../graph.ts';
import { broadcast, dimAt, fixedDim, shapeError } from '../shape.ts';
import { sameType } from './elementwise.ts';

/** y = a · b + c: a [M, K], b [K, N], c [N], [M, N] or none; `trans…`: given the other way round, as PyTorch keeps linear weights. */
export function Gemm(a: Value, b: Value, c: Value | undefined, { transA = false, transB = false } = {}): Value {
  sameType('Gemm', a, b, ...(c === undefined ? [] : [c]));
  const [m, depth] = transA ? [dimAt(a.shape, 1), dimAt(a.shape, 0)] : [dimAt(a.shape, 0), dimAt(a.shape, 1)];
  const [k, n] = transB ? [dimAt(b.shape, 1), dimAt(b.shape, 0)] : [dimAt(b.shape, 0), dimAt(b.shape, 1)];
  if (a.shape.length !== 2 || b.shape.length !== 2 || depth !== k) {
    throw shapeError('Gemm', 'two matrices over the same K', a.shape, b.shape);
  }
  return single(a.graph, {
    opType: 'Gemm',
    inputs: [a, b, c],
    output: { dtype: a.dtype, shape: [m, n] },
    attributes: {
      transA: { kind: 'int', value: Number(transA) },
      transB: { kind: 'int', value: Number(transB) },
    },
  });
}

/** The last two axes are matrices, those before broadcast. */
export function MatMul(a: Value, b: Value): Value {
  sameType('MatMul', a, b);
  if (dimAt(a.shape, -1) !== dimAt(b.shape, -2)) {
    throw shapeError('MatMul', '[…, M, K] and […, K, N]', a.shape, b.shape);
  }
  const batch = broadcast('MatMul', a.shape.slice(0, -2), b.shape.slice(0, -2));
  const shape = [...batch, dimAt(a.shape, -2), dimAt(b.shape, -1)];
  return single(a.graph, { opType: 'MatMul', inputs: [a, b], output: { dtype: a.dtype, shape } });
}

export type FusedMatMulAttributes = {
  readonly alpha?: number;
  /** a is […, K, M], b is […, N, K]. */
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** b is [K, …, N]: what is summed over is its first axis, so that nobody has to transpose it; then of a's rank. */
  readonly transBatchB?: boolean;
};

/** com.microsoft: alpha · a · b over the last two axes, those before broadcast; see the attributes for other layouts. */
export function FusedMatMul(
  a: Value,
  b: Value,
  { alpha = 1, transA = false, transB = false, transBatchB = false }: FusedMatMulAttributes = {},
): Value {
  sameType('FusedMatMul', a, b);
  const [m, depth] = transA ? [dimAt(a.shape, -1), dimAt(a.shape, -2)] : [dimAt(a.shape, -2), dimAt(a.shape, -1)];
  const ofB = transBatchB ? [...b.shape.slice(1, -1), dimAt(b.shape, 0), dimAt(b.shape, -1)] : b.shape;
  const [k, n] = transB ? [dimAt(ofB, -1), dimAt(ofB, -2)] : [dimAt(ofB, -2), dimAt(ofB, -1)];
  const isOneRank = a.shape.length === b.shape.length && a.shape.length >= 3;
  if (depth !== k || (transBatchB && (transB || !isOneRank))) {
    throw shapeError(
      'FusedMatMul',
      transBatchB ? 'a […, M, K] and b [K, …, N] of one rank' : 'one K',
      a.shape,
      b.shape,
    );
  }
  return single(a.graph, {
    opType: 'FusedMatMul',
    domain: 'com.microsoft',
    inputs: [a, b],
    output: { dtype: a.dtype, shape: [...broadcast('FusedMatMul', a.shape.slice(0, -2), ofB.slice(0, -2)), m, n] },
    attributes: {
      ...(alpha !== 1 && { alpha: { kind: 'float', value: alpha } }),
      ...(transA && { transA: { kind: 'int', value: 1 } }),
      ...(transB && { transB: { kind: 'int', value: 1 } }),
      ...(transBatchB && { transBatchB: { kind: 'int', value: 1 } }),
    },
  });
}

export function Softmax(x: Value, { axis = -1 } = {}): Value {
  return single(x.graph, {
    opType: 'Softmax',
    inputs: [x],
    output: x,
    attributes: { axis: { kind: 'int', value: axis } },
  });
}

/** Over the last axis. */
export function LayerNormalization(x: Value, scale: Value, bias: Value, { epsilon = 1e-5 } = {}): Value {
  sameType('LayerNormalization', x, scale, bias);
  if (dimAt(x.shape, -1) !== dimAt(scale.shape, 0)) {
    throw shapeError('LayerNormalization', 'a scale as long as the last axis', x.shape, scale.shape);
  }
  return single(x.graph, {
    opType: 'LayerNormalization',
    inputs: [x, scale, bias],
    output: x,
    attributes: { axis: { kind: 'int', value: -1 }, epsilon: { kind: 'float', value: epsilon } },
  });
}

/** Over everything but the first two axes: x [N, C, …], scale and bias [C]. */
export function InstanceNormalization(x: Value, scale: Value, bias: Value, { epsilon = 1e-5 } = {}): Value {
  sameType('InstanceNormalization', x, scale, bias);
  if (x.shape[1] !== scale.shape[0]) {
    throw shapeError('InstanceNormalization', 'a scale for each channel', x.shape, scale.shape);
  }
  return single(x.graph, {
    opType: 'InstanceNormalization',
    inputs: [x, scale, bias],
    output: x,
    attributes: { epsilon: { kind: 'float', value: epsilon } },
  });
}

export type MultiHeadAttentionAttributes = {
  readonly num_heads: number;
  /** Added to the scores before the softmax: broadcasts to [B, heads, queries, keys]. */
  readonly attention_bias?: Value;
};

/** com.microsoft: query [B, S, C], key and value [B, L, C] → [B, S, C]; scores are divided by √(C / heads). */
export function MultiHeadAttention(
  query: Value,
  key: Value,
  value: Value,
  { num_heads, attention_bias }: MultiHeadAttentionAttributes,
): Value {
  sameType('MultiHeadAttention', query, key, value);
  if (
    query.shape.length !== 3 ||
    String(key.shape) !== String(value.shape) ||
    fixedDim(query.shape, 2) % num_heads !== 0
  ) {
    throw shapeError(
      'MultiHeadAttention',
      `query [B, S, C], key and value [B, L, C], C divided by ${num_heads}`,
      query.shape,
      key.shape,
      value.shape,
    );
  }
  return single(query.graph, {
    opType: 'MultiHeadAttention',
    domain: 'com.microsoft',
    inputs: [query, key, value, ...(attention_bias === undefined ? [] : [undefined, undefined, attention_bias])],
    output: query,
    attributes: { num_heads: { kind: 'int', value: num_heads } },
  });
}
