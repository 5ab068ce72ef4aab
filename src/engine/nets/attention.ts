/**
 * softmax(QKᵀ/√d + bias)V over several heads. One fused operator where the device has a correct one, plain products
 * elsewhere: on WebGPU the fused one was seen to compute wrong values.
 */
import type { Value } from '../onnx/graph.ts';
import { Add, Concat, MatMul, Mul, MultiHeadAttention, Cast, Reshape, Softmax, Transpose } from '../onnx/index.ts';
import { dimAt, fixedDim } from '../onnx/shape.ts';
import { onIsland, rowsOf, type Building } from './building.ts';

export type Heads = {
  readonly heads: number;
  /** Added to the scores; broadcasts to [rows, heads, S, L]. */
  readonly bias?: Value;
};

/** query [rows, S, C], key and value [rows, L, C] → [rows, S, C]. */
export function attention(building: Building, query: Value, key: Value, value: Value, { heads, bias }: Heads): Value {
  return onIsland(building, 'attention', [query, key, value], ([q = query, k = key, v = value]) =>
    building.attention === 'fused'
      ? fused(q, k, v, { heads, ...(bias && { bias }) })
      : decomposed(q, k, v, { heads, ...(bias && { bias }) }),
  );
}

function fused(q: Value, k: Value, v: Value, { heads, bias }: Heads): Value {
  return MultiHeadAttention(q, k, v, { num_heads: heads, ...(bias && { attention_bias: Cast(bias, q.dtype) }) });
}

function decomposed(q: Value, k: Value, v: Value, { heads, bias }: Heads): Value {
  const channels = fixedDim(q.shape, 2);
  const size = channels / heads;
  const scale = Cast(q.graph.scalar(1 / Math.sqrt(size)), q.dtype);
  const scores = MatMul(intoHeads(Mul(q, scale), heads, [0, 2, 1, 3]), intoHeads(k, heads, [0, 2, 3, 1])); // [rows, heads, S, L]
  const weights = Softmax(bias === undefined ? scores : Add(scores, Cast(bias, scores.dtype)));
  const mixed = Transpose(MatMul(weights, intoHeads(v, heads, [0, 2, 1, 3])), [0, 2, 1, 3]); // [rows, S, heads, d]
  return Reshape(mixed, Concat([rowsOf(q), q.graph.ints([-1, channels])], 0), q.shape);
}

/** [rows, S, C] → [rows, S, heads, d], its axes then in the order of `perm`. */
function intoHeads(x: Value, heads: number, perm: readonly number[]): Value {
  const size = fixedDim(x.shape, 2) / heads;
  const target = Concat([rowsOf(x), x.graph.ints([-1, heads, size])], 0);
  return Transpose(Reshape(x, target, [dimAt(x.shape, 0), dimAt(x.shape, 1), heads, size]), perm);
}
