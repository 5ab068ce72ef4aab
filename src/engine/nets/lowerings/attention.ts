/**
 * softmax(QKᵀ/√d + bias)V over several heads. One fused operator where the device has a correct one, plain products
 * elsewhere: on WebGPU the fused one was seen to compute wrong values.
 */
import type { Value } from '../../onnx/graph.ts';
import {
  Add,
  Cast,
  Concat,
  MatMul,
  Mul,
  MultiHeadAttention,
  Reshape,
  Softmax,
  SplitEvenly,
  Transpose,
} from '../../onnx/index.ts';
import { dimAt, fixedDim } from '../../onnx/shape.ts';
import { byRows, flat, rowCount, usualCount, type Building } from '../building.ts';
import type { Heads } from '../lowering.ts';
import { typeOn, type Precision } from './precision.ts';

export type AttentionOptions = Precision & { readonly attention: 'fused' | 'decomposed' };

type Tokens = Heads & { readonly query: Value; readonly key: Value; readonly value: Value };

/** query [rows·S, C], key and value [rows·L, C] → [rows·S, C] */
export function attention(
  options: AttentionOptions,
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

/** Scores of one row of the usual size above which queries go in blocks: WebGPU has no buffer above 1 GiB, for all rows. */
const MOST_SCORES = 4 * 2 ** 20;
/** Of queries. Every count of tokens that a net draws with, from 56, goes into so many. */
const BLOCKS = 8;

function decomposed(building: Building, q: Value, k: Value, v: Value, { heads, bias }: Given): Value {
  const channels = fixedDim(q.shape, 2);
  const scale = Cast(q.graph.scalar(1 / Math.sqrt(channels / heads)), q.dtype);
  const intoHeads = (x: Value, perm: readonly number[]): Value => {
    const target = Concat([rowCount(building), x.graph.ints([-1, heads, channels / heads])], 0);
    return Transpose(Reshape(x, target, [dimAt(x.shape, 0), dimAt(x.shape, 1), heads, channels / heads]), perm);
  };
  const [queries, keys, values] = [
    intoHeads(Mul(q, scale), [0, 2, 1, 3]),
    intoHeads(k, [0, 2, 3, 1]),
    intoHeads(v, [0, 2, 1, 3]),
  ];
  const attended = (block: Value): Value => {
    const scores = MatMul(block, keys); // [rows, heads, S, L]
    return MatMul(Softmax(bias === undefined ? scores : Add(scores, Cast(bias, scores.dtype))), values);
  };
  const tokens = [q, k].map((x) => usualCount(building, dimAt(x.shape, 1)));
  const isLarge = heads * (tokens[0] ?? 1) * (tokens[1] ?? 1) > MOST_SCORES;
  const perHead =
    isLarge && bias === undefined
      ? Concat(SplitEvenly(queries, BLOCKS, 2).map(attended), 2, dimAt(queries.shape, 2))
      : attended(queries);
  const mixed = Transpose(perHead, [0, 2, 1, 3]); // [rows, S, heads, d]
  return Reshape(mixed, Concat([rowCount(building), q.graph.ints([-1, channels])], 0), q.shape);
}
