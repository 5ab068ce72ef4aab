/**
 * Operators that move elements without changing them, named as the ONNX specification names them. Results whose shape
 * only run time knows take it from the caller, who knows what the lengths mean.
 */
import { single, type Value } from '../graph.ts';
import type { Dim } from '../model-proto.ts';
import { dimAt, fixedDim, longer, scaled, shapeError, type Shape as Dims } from '../shape.ts';

export function Shape(x: Value, { start = 0, end = x.shape.length } = {}): Value {
  return single(x.graph, {
    opType: 'Shape',
    inputs: [x],
    output: { dtype: 'i64', shape: [end - start] },
    attributes: { start: { kind: 'int', value: start }, end: { kind: 'int', value: end } },
  });
}

/** `target`: as ONNX reads it, 0 copies a length and -1 is what is left; `shape`: what the result will be. */
export function Reshape(x: Value, target: Value | readonly number[], shape: Dims): Value {
  const wanted = 'graph' in target ? target : x.graph.ints(target);
  if (fixedDim(wanted.shape, 0) !== shape.length) {
    throw shapeError('Reshape', `${fixedDim(wanted.shape, 0)} lengths`, shape);
  }
  if (isFixed(x.shape) && isFixed(shape) && count(x.shape) !== count(shape)) {
    throw shapeError('Reshape', 'as many elements after as before', x.shape, shape);
  }
  return single(x.graph, { opType: 'Reshape', inputs: [x, wanted], output: { dtype: x.dtype, shape } });
}

export function Transpose(x: Value, perm: readonly number[]): Value {
  if (String(perm.toSorted((a, b) => a - b)) !== String([...x.shape.keys()])) {
    throw shapeError('Transpose', `a permutation of all axes (got ${perm.join(', ')})`, x.shape);
  }
  return single(x.graph, {
    opType: 'Transpose',
    inputs: [x],
    output: { dtype: x.dtype, shape: perm.map((axis) => dimAt(x.shape, axis)) },
    attributes: { perm: { kind: 'ints', value: perm } },
  });
}

/** `total`: the length of the whole along the axis, where only run time knows those of the parts. */
export function Concat(values: readonly Value[], axis: number, total?: Dim): Value {
  const [first] = values;
  if (first === undefined) {
    throw new Error('Concat: expected at least one value.');
  }
  const at = axis < 0 ? first.shape.length + axis : axis;
  for (const value of values) {
    const differs = value.shape.some((dim, k) => k !== at && dim !== first.shape[k]);
    if (differs || value.shape.length !== first.shape.length || value.dtype !== first.dtype) {
      throw shapeError('Concat', `one type, and one shape but for axis ${at}`, first.shape, value.shape);
    }
  }
  const length = total ?? values.reduce((sum, value) => sum + fixedDim(value.shape, at), 0);
  return single(first.graph, {
    opType: 'Concat',
    inputs: values,
    output: { dtype: first.dtype, shape: first.shape.map((dim, k) => (k === at ? length : dim)) },
    attributes: { axis: { kind: 'int', value: axis } },
  });
}

/** Equal or unequal parts along one axis. */
export function Split(x: Value, sizes: readonly number[], axis: number): readonly Value[] {
  const at = axis < 0 ? x.shape.length + axis : axis;
  if (fixedDim(x.shape, at) !== sizes.reduce((sum, size) => sum + size, 0)) {
    throw shapeError('Split', `an axis ${at} of ${sizes.join(' + ')}`, x.shape);
  }
  return x.graph.node({
    opType: 'Split',
    inputs: [x, x.graph.ints(sizes)],
    outputs: sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.map((dim, k) => (k === at ? size : dim)) })),
    attributes: { axis: { kind: 'int', value: axis } },
  });
}

/**
 * Split in `count` parts along an axis whose length only run time knows: equal ones of `height*8` in 8; else it must be at
 * least count · (count − 1), and the last may be shorter.
 */
export function SplitEvenly(x: Value, count: number, axis: number): readonly Value[] {
  const whole = dimAt(x.shape, axis);
  const exact = scaled(whole, 1, count);
  const isExact = scaled(exact, count, 1) === whole && !String(exact).includes('/');
  const part = (k: number): Dim => (isExact ? exact : `${whole} in ${count}${k === count - 1 ? ', rest' : ''}`);
  return x.graph.node({
    opType: 'Split',
    inputs: [x],
    outputs: Array.from({ length: count }, (_, k) => ({
      dtype: x.dtype,
      shape: x.shape.map((dim, at) => (at === axis ? part(k) : dim)),
    })),
    attributes: { axis: { kind: 'int', value: axis }, num_outputs: { kind: 'int', value: count } },
  });
}

export function Unsqueeze(x: Value, axes: readonly number[]): Value {
  const shape = [...x.shape];
  for (const axis of axes) {
    shape.splice(axis, 0, 1);
  }
  return single(x.graph, { opType: 'Unsqueeze', inputs: [x, x.graph.ints(axes)], output: { dtype: x.dtype, shape } });
}

/** The first `ends` elements of each of two axes, where `ends` is known at run time: a crop. Default: the last two. */
export function Slice(x: Value, ends: Value, shape: Dims, axes: readonly [number, number] = [-2, -1]): Value {
  const { graph } = x;
  return single(graph, {
    opType: 'Slice',
    inputs: [x, graph.ints([0, 0]), ends, graph.ints(axes)],
    output: { dtype: x.dtype, shape },
  });
}

export type SliceRange = {
  readonly start: number;
  /** Negative: from the end. Default: to the end. */ readonly end?: number;
  readonly step?: number;
};

/** Part of one axis; `length`: what is left of it. */
export function SliceAxis(x: Value, axis: number, { start, end = END, step = 1 }: SliceRange, length: Dim): Value {
  const { graph } = x;
  return single(graph, {
    opType: 'Slice',
    inputs: [x, graph.ints([start]), graph.ints([end]), graph.ints([axis]), graph.ints([step])],
    output: { dtype: x.dtype, shape: x.shape.map((dim, k) => (k === axis ? length : dim)) },
  });
}

/** Beyond every axis. */
const END = 2 ** 31 - 1;

export function Gather(data: Value, indices: Value, { axis = 0 } = {}): Value {
  const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
  return single(data.graph, {
    opType: 'Gather',
    inputs: [data, indices],
    output: { dtype: data.dtype, shape },
    attributes: { axis: { kind: 'int', value: axis } },
  });
}

/** start, start + delta … below `limit`, all without axes; `length`: how many that will be. */
export function Range(start: Value, limit: Value, delta: Value, length: Dim): Value {
  return single(start.graph, {
    opType: 'Range',
    inputs: [start, limit, delta],
    output: { dtype: start.dtype, shape: [length] },
  });
}

/** With `batch_dims` 1 and indices [B, 1]: one slice of each of the B rows. */
export function GatherND(data: Value, indices: Value, { batch_dims = 0 } = {}): Value {
  const taken = fixedDim(indices.shape, -1);
  const shape = [...indices.shape.slice(0, -1), ...data.shape.slice(batch_dims + taken)];
  return single(data.graph, {
    opType: 'GatherND',
    inputs: [data, indices],
    output: { dtype: data.dtype, shape },
    attributes: { batch_dims: { kind: 'int', value: batch_dims } },
  });
}

/** Zeros, or `value` (a scalar of x's type), around: `before` and `after` for each axis. */
export function Pad(x: Value, before: readonly number[], after: readonly number[], value?: Value): Value {
  if (before.length !== x.shape.length || after.length !== x.shape.length) {
    throw shapeError('Pad', `widths for each axis, ${before.length} and ${after.length} of them`, x.shape);
  }
  const shape = x.shape.map((dim, axis) => longer(dim, (before[axis] ?? 0) + (after[axis] ?? 0)));
  return single(x.graph, {
    opType: 'Pad',
    inputs: [x, x.graph.ints([...before, ...after]), value],
    output: { dtype: x.dtype, shape },
  });
}

/** 1 where `indices` [R…] says and 0 elsewhere: [R…, depth] in fp32. */
export function OneHot(indices: Value, depth: number): Value {
  const { graph } = indices;
  const values = graph.floats('zero and one', Float32Array.of(0, 1), [2]);
  return single(graph, {
    opType: 'OneHot',
    inputs: [indices, graph.ints([depth]), values],
    output: { dtype: 'f32', shape: [...indices.shape, depth] },
  });
}

function isFixed(shape: Dims): shape is readonly number[] {
  return shape.every((dim) => typeof dim === 'number');
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}
