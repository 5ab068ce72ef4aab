/**
 * softmax(QKᵀ/√d + bias)V over several heads. One fused operator where the device has a correct one, plain products
 * elsewhere: on WebGPU the fused one was seen to compute wrong values.
 */
import type { Value } from '../onnx/graph.ts';
import { Add, Cast, Concat, MatMul, Mul, MultiHeadAttention, Reshape, Softmax, Transpose } from '../onnx/index.ts';
import { dimAt, fixedDim } from '../onnx/shape.ts';
import { byRows, flat, onIsland, rowCount, type Building } from './building.ts';

export type Heads = {
  readonly heads: number;
  /** Added to the scores; broadcasts to [rows, heads, S, L]. */
  readonly bias?: Value;
};

/** query [rows·S, C], key and value [rows·L, C] → [rows·S, C] */
export function attention(building: Building, query: Value, key: Value, value: Value, { heads, bias }: Heads): Value {
  const inputs = [query, key, value].map((tokens) => byRows(building, tokens));
  return flat(
    onIsland(building, 'attention', inputs, ([q = query, k = key, v = value]) =>
      building.attention === 'fused' ? fused(q, k, v, { heads, bias }) : decomposed(building, q, k, v, { heads, bias }),
    ),
  );
}

type Given = { readonly heads: number; readonly bias: Value | undefined };

function fused(q: Value, k: Value, v: Value, { heads, bias }: Given): Value {
  return MultiHeadAttention(q, k, v, { num_heads: heads, ...(bias && { attention_bias: Cast(bias, q.dtype) }) });
}

function decomposed(building: Building, q: Value, k: Value, v: Value, { heads, bias }: Given): Value {
  const channels = fixedDim(q.shape, 2);
  const scale = Cast(q.graph.scalar(1 / Math.sqrt(channels / heads)), q.dtype);
  const intoHeads = (x: Value, perm: readonly number[]): Value => {
    const target = Concat([rowCount(building), x.graph.ints([-1, heads, channels / heads])], 0);
    return Transpose(Reshape(x, target, [dimAt(x.shape, 0), dimAt(x.shape, 1), heads, channels / heads]), perm);
  };
  const scores = MatMul(intoHeads(Mul(q, scale), [0, 2, 1, 3]), intoHeads(k, [0, 2, 3, 1])); // [rows, heads, S, L]
  const weights = Softmax(bias === undefined ? scores : Add(scores, Cast(bias, scores.dtype)));
  const mixed = Transpose(MatMul(weights, intoHeads(v, [0, 2, 1, 3])), [0, 2, 1, 3]); // [rows, S, heads, d]
  return Reshape(mixed, Concat([rowCount(building), q.graph.ints([-1, channels])], 0), q.shape);
}
