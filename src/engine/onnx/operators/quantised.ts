/**
 * Whole numbers of 8 bits for products, named as the ONNX specification and onnxruntime's contrib operators name them
 * (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md). Which values are worth it, nobody here knows.
 */
import { single, type Value } from '../graph.ts';
import { DATA_TYPE } from '../model-proto.ts';
import { dimAt, shapeError } from '../shape.ts';

/** scale · (values − zeroPoint) */
export type Quantised = {
  /** u8 */
  readonly values: Value;
  /** fp32 [] */
  readonly scale: Value;
  /** u8 [] */
  readonly zeroPoint: Value;
};

/** fp32 x as u8, by one scale and one zero point that its least and greatest value and 0 give. */
export function DynamicQuantizeLinear(x: Value): Quantised {
  if (x.dtype !== 'f32') {
    throw new Error(`DynamicQuantizeLinear: expected fp32, got ${x.dtype}.`);
  }
  const [values = x, scale = x, zeroPoint = x] = x.graph.node({
    opType: 'DynamicQuantizeLinear',
    inputs: [x],
    outputs: [
      { dtype: 'u8', shape: x.shape },
      { dtype: 'f32', shape: [] },
      { dtype: 'u8', shape: [] },
    ],
  });
  return { values, scale, zeroPoint };
}

/** fp32 x [rows, …] as s8 by a scale for each row, [rows], to the nearest, halves to the even one. */
export function QuantizeLinear(x: Value, scale: Value): Value {
  if (x.dtype !== 'f32' || scale.dtype !== 'f32') {
    throw new Error(`QuantizeLinear: expected fp32 twice, got ${x.dtype} and ${scale.dtype}.`);
  }
  if (scale.shape.length !== 1 || scale.shape[0] !== x.shape[0]) {
    throw shapeError('QuantizeLinear', 'a scale for each row', x.shape, scale.shape);
  }
  return single(x.graph, {
    opType: 'QuantizeLinear',
    inputs: [x, scale],
    output: { dtype: 'i8', shape: x.shape },
    attributes: { axis: { kind: 'int', value: 0 }, output_dtype: { kind: 'int', value: DATA_TYPE.i8 } },
  });
}

/** com.microsoft: a [M, K] · b + bias in fp32, with b s8 [K, N] and a scale for each of its columns, bias [N] or none. */
export function MatMulIntegerToFloat(
  a: Quantised,
  b: { readonly values: Value; readonly scale: Value },
  bias: Value | undefined,
): Value {
  const [rows, columns] = [a.values.shape, b.values.shape];
  if (a.values.dtype !== 'u8' || b.values.dtype !== 'i8') {
    throw new Error(`MatMulIntegerToFloat: expected u8 and i8, got ${a.values.dtype} and ${b.values.dtype}.`);
  }
  if (rows.length !== 2 || columns.length !== 2 || rows[1] !== columns[0] || b.scale.shape[0] !== columns[1]) {
    throw shapeError('MatMulIntegerToFloat', 'two matrices over the same K and a scale for each column', rows, columns);
  }
  return single(a.values.graph, {
    opType: 'MatMulIntegerToFloat',
    domain: 'com.microsoft',
    inputs: [a.values, b.values, a.scale, b.scale, a.zeroPoint, undefined, bias],
    output: { dtype: 'f32', shape: [dimAt(rows, 0), dimAt(columns, 1)] },
  });
}
