/**
 * softmax(QKᵀ/√d + bias)V over several heads. One fused operator where the device has a correct one, plain products
 * elsewhere: on WebGPU the fused one was seen to compute wrong values.
 */
import type { Value } from '../../onnx/graph.ts';
import { Add, Cast, Concat, MatMul, Mul, MultiHeadAttention, Reshape, Softmax, Transpose } from '../../onnx/index.ts';
import { dimAt, fixedDim } from '../../onnx/shape.ts';
import { byRows, flat, rowCount, type Building } from '../building.ts';
import type { Heads } from '../lowering.ts';
import type { OrdinaryOptions } from './ordinary.ts';
import { typeOn } from './precision.ts';

type Tokens = Heads & { readonly query: Value; readonly key: Value; readonly value: Value };

/** query [rows·S, C], key and value [rows·L, C] → [rows·S, C] */
export function attention(
  options: OrdinaryOptions,
  building: Building,
  { query, key, value, heads, bias }: Tokens,
): Value {
  const taken = (tokens: Value): Value => Cast(byRows(building, tokens), typeOn(options, 'attention'));
  const [q, k, v] = [taken(query), taken(key), taken(value)];
  const given = { heads, bias };
  const mixed = options.attention === 'fused' ? fused(q, k, v, given) : decomposed(building, q, k, v, given);
  return flat(Cast(mixed, options.dtype));
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
