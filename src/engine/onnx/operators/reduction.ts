/** Operators that take axes together, named as the ONNX specification names them. */
import { single, type Value } from '../graph.ts';

type ReduceAttributes = { readonly keepdims?: boolean };

export const ReduceSum = (x: Value, axes: readonly number[], attributes: ReduceAttributes = {}): Value =>
  reduced('ReduceSum', x, axes, attributes);

export const ReduceMean = (x: Value, axes: readonly number[], attributes: ReduceAttributes = {}): Value =>
  reduced('ReduceMean', x, axes, attributes);

export const ReduceMax = (x: Value, axes: readonly number[], attributes: ReduceAttributes = {}): Value =>
  reduced('ReduceMax', x, axes, attributes);

/** Negative axes count from the end. */
function reduced(opType: string, x: Value, axes: readonly number[], { keepdims = true }: ReduceAttributes): Value {
  const at = axes.map((axis) => (axis < 0 ? x.shape.length + axis : axis));
  const shape = x.shape.flatMap((dim, axis) => (at.includes(axis) ? (keepdims ? [1] : []) : [dim]));
  return single(x.graph, {
    opType,
    inputs: [x, x.graph.ints(at)],
    output: { dtype: x.dtype, shape },
    attributes: { keepdims: { kind: 'int', value: Number(keepdims) } },
  });
}
