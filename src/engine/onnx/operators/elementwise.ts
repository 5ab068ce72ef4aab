/**
 * Operators that work element by element, named as the ONNX specification names them.
 * https://onnx.ai/onnx/operators
 */
import { single, type Value } from '../graph.ts';
import { DATA_TYPE, type DataType } from '../model-proto.ts';
import { broadcast, shapeError } from '../shape.ts';

export const Add = (a: Value, b: Value): Value => binary('Add', a, b);
export const Sub = (a: Value, b: Value): Value => binary('Sub', a, b);
export const Mul = (a: Value, b: Value): Value => binary('Mul', a, b);
export const Div = (a: Value, b: Value): Value => binary('Div', a, b);

export const Neg = (x: Value): Value => unary('Neg', x);
export const Abs = (x: Value): Value => unary('Abs', x);
export const Sqrt = (x: Value): Value => unary('Sqrt', x);
export const Exp = (x: Value): Value => unary('Exp', x);
/** The error function: (2/√π)·∫₀ˣ exp(−t²) dt. */
export const Erf = (x: Value): Value => unary('Erf', x);
/** −1, 0 or 1. */
export const Sign = (x: Value): Value => unary('Sign', x);
export const Sigmoid = (x: Value): Value => unary('Sigmoid', x);
export const Cos = (x: Value): Value => unary('Cos', x);
export const Sin = (x: Value): Value => unary('Sin', x);
export const Tanh = (x: Value): Value => unary('Tanh', x);
export const Relu = (x: Value): Value => unary('Relu', x);
/** The exact form, x·Φ(x). */
export const Gelu = (x: Value): Value => unary('Gelu', x);

/** com.microsoft: x · sigmoid(alpha · x); alpha 1 is SiLU, 1.702 the quick GELU of CLIP. */
export function QuickGelu(x: Value, { alpha = 1.702 } = {}): Value {
  return single(x.graph, {
    opType: 'QuickGelu',
    domain: 'com.microsoft',
    inputs: [x],
    output: x,
    attributes: { alpha: { kind: 'float', value: alpha } },
  });
}

export function PRelu(x: Value, slope: Value): Value {
  sameType('PRelu', x, slope);
  if (String(broadcast('PRelu', x.shape, slope.shape)) !== String(x.shape)) {
    throw shapeError('PRelu', 'a slope that broadcasts to x', x.shape, slope.shape);
  }
  return single(x.graph, { opType: 'PRelu', inputs: [x, slope], output: x });
}

/** Nothing where `x` has the type already. */
export function Cast(x: Value, dtype: DataType): Value {
  if (x.dtype === dtype) {
    return x;
  }
  return single(x.graph, {
    opType: 'Cast',
    inputs: [x],
    output: { dtype, shape: x.shape },
    attributes: { to: { kind: 'int', value: DATA_TYPE[dtype] } },
  });
}

export function Equal(a: Value, b: Value): Value {
  sameType('Equal', a, b);
  return single(a.graph, {
    opType: 'Equal',
    inputs: [a, b],
    output: { dtype: 'bool', shape: broadcast('Equal', a.shape, b.shape) },
  });
}

/** Position of the greatest element of each row; the first of several. */
export function ArgMax(x: Value, { axis = 0, keepdims = true } = {}): Value {
  const at = axis < 0 ? x.shape.length + axis : axis;
  const shape = x.shape.flatMap((dim, k) => (k === at ? (keepdims ? [1] : []) : [dim]));
  return single(x.graph, {
    opType: 'ArgMax',
    inputs: [x],
    output: { dtype: 'i64', shape },
    attributes: { axis: { kind: 'int', value: axis }, keepdims: { kind: 'int', value: Number(keepdims) } },
  });
}

function unary(opType: string, x: Value): Value {
  return single(x.graph, { opType, inputs: [x], output: x });
}

function binary(opType: string, a: Value, b: Value): Value {
  sameType(opType, a, b);
  return single(a.graph, {
    opType,
    inputs: [a, b],
    output: { dtype: a.dtype, shape: broadcast(opType, a.shape, b.shape) },
  });
}

export function sameType(opType: string, ...values: readonly Value[]): void {
  const types = new Set(values.map((value) => value.dtype));
  if (types.size > 1) {
    throw new Error(`${opType}: expected one number type, got ${[...types].join(' and ')}.`);
  }
}
