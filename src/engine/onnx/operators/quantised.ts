/**
 * Whole numbers of 8 bits for products, named as the ONNX specification and onnxruntime's contrib operators name them
 * (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md). Which values are worth it, nobody here knows.
 */
import { single, type Value } from '../graph.ts';
import { DATA_TYPE } from '../model-proto.ts';
import { dimAt, fixedDim, shapeError } from '../shape.ts';
import { convolved } from './spatial.ts';

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

/** How values lie in u8: scale fp32 [], and the byte that 0 is. */
export type ByteScale = Omit<Quantised, 'values'>;

/** fp32 x as whole numbers of `dtype` by a scale for each index along `axis`, 0 staying 0, to the nearest, halves to the even one. */
export function QuantizeLinear(
  x: Value,
  scale: Value,
  { axis = 0, dtype = 'i8' }: { readonly axis?: number; readonly dtype?: 'i8' | 'u8' } = {},
): Value {
  if (x.dtype !== 'f32' || scale.dtype !== 'f32') {
    throw new Error(`QuantizeLinear: expected fp32 twice, got ${x.dtype} and ${scale.dtype}.`);
  }
  if (scale.shape.length !== 1 || scale.shape[0] !== x.shape[axis]) {
    throw shapeError('QuantizeLinear', `a scale for each index of axis ${axis}`, x.shape, scale.shape);
  }
  return single(x.graph, {
    opType: 'QuantizeLinear',
    inputs: [x, scale],
    output: { dtype, shape: x.shape },
    attributes: { axis: { kind: 'int', value: axis }, output_dtype: { kind: 'int', value: DATA_TYPE[dtype] } },
  });
}

/** In fp32. */
export function DequantizeLinear({ values, scale, zeroPoint }: Quantised): Value {
  byteScale('DequantizeLinear', { scale, zeroPoint });
  return single(values.graph, {
    opType: 'DequantizeLinear',
    inputs: [values, scale, zeroPoint],
    output: { dtype: 'f32', shape: values.shape },
  });
}

/**
 * com.microsoft, with channels last: x [N, H, W, C] and a kernel s8 [O, C, kh, kw] with a scale for each output, whose step
 * times x's is that of the bias, i32 [O] → [N, H, W, O] by the scale `y`, rounded to the nearest and cut off where bytes end.
 * Strides are 1. Three times as slow where the bias or a zero point is no constant.
 */
export function QLinearConv(
  x: Quantised,
  kernel: { readonly values: Value; readonly scale: Value; readonly bias: Value | undefined },
  y: ByteScale,
  pads: readonly [number, number, number, number],
): Quantised {
  const { values: w, scale, bias } = kernel;
  const [rows, height, width, channels] = x.values.shape;
  if (x.values.dtype !== 'u8' || w.dtype !== 'i8' || (bias !== undefined && bias.dtype !== 'i32')) {
    throw new Error(`QLinearConv: expected u8, i8 and i32, got ${x.values.dtype}, ${w.dtype} and ${bias?.dtype}.`);
  }
  const [outputs = 0, inputs, kh = 1, kw = 1] = w.shape.map((_, axis) => fixedDim(w.shape, axis));
  if (x.values.shape.length !== 4 || channels !== inputs || scale.shape[0] !== outputs) {
    throw shapeError(
      'QLinearConv',
      'x [N, H, W, C], w [O, C, kh, kw] and scales [O]',
      x.values.shape,
      w.shape,
      scale.shape,
    );
  }
  byteScale('QLinearConv', x);
  byteScale('QLinearConv', y);
  const [top, left, bottom, right] = pads;
  const values = single(w.graph, {
    opType: 'QLinearConv',
    domain: 'com.microsoft',
    inputs: [x.values, x.scale, x.zeroPoint, w, scale, w.graph.byte(0, 'i8'), y.scale, y.zeroPoint, bias],
    output: {
      dtype: 'u8',
      shape: [
        rows ?? 1,
        convolved(height ?? 1, kh, 1, top + bottom),
        convolved(width ?? 1, kw, 1, left + right),
        outputs,
      ],
    },
    attributes: {
      channels_last: { kind: 'int', value: 1 },
      kernel_shape: { kind: 'ints', value: [kh, kw] },
      pads: { kind: 'ints', value: pads },
    },
  });
  return { values, ...y };
}

/** com.microsoft: a + b, of one shape, by the scale `y`, cut off where bytes end: at zero point 0 this is a ReLU as well. */
export function QLinearAdd(a: Quantised, b: Quantised, y: ByteScale): Quantised {
  if (a.values.dtype !== 'u8' || b.values.dtype !== 'u8' || String(a.values.shape) !== String(b.values.shape)) {
    throw shapeError('QLinearAdd', 'bytes of one shape', a.values.shape, b.values.shape);
  }
  [a, b, y].forEach((each) => byteScale('QLinearAdd', each));
  const values = single(a.values.graph, {
    opType: 'QLinearAdd',
    domain: 'com.microsoft',
    inputs: [a.values, a.scale, a.zeroPoint, b.values, b.scale, b.zeroPoint, y.scale, y.zeroPoint],
    output: { dtype: 'u8', shape: a.values.shape },
  });
  return { values, ...y };
}

function byteScale(operator: string, { scale, zeroPoint }: ByteScale): void {
  if (scale.dtype !== 'f32' || zeroPoint.dtype !== 'u8' || scale.shape.length + zeroPoint.shape.length > 0) {
    throw shapeError(operator, `one scale in fp32 and one zero point in u8 for all`, scale.shape, zeroPoint.shape);
  }
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
