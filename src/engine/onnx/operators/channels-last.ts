/**
 * onnxruntime's operators over pictures whose channels lie last, [N, H, W, C]: kernels for CUDA alone
 * (https://github.com/microsoft/onnxruntime/blob/v1.22.0/docs/ContribOperators.md).
 */
import { single, type Value } from '../graph.ts';
import { dimAt, fixedDim, scaled, shapeError } from '../shape.ts';
import { sameType } from './elementwise.ts';
import { convolved, type ConvAttributes } from './spatial.ts';

/** com.microsoft: x [N, H, W, C], w [O, kh, kw, C], b [O] or none → [N, H', W', O] */
export function NhwcConv(
  x: Value,
  w: Value,
  b: Value | undefined,
  { strides = [1, 1], pads = [0, 0, 0, 0] }: ConvAttributes = {},
): Value {
  sameType('NhwcConv', x, w, ...(b === undefined ? [] : [b]));
  if (x.shape.length !== 4 || w.shape.length !== 4 || x.shape[3] !== w.shape[3]) {
    throw shapeError('NhwcConv', 'x [N, H, W, C] and w [O, kh, kw, C]', x.shape, w.shape);
  }
  const [kh, kw] = [fixedDim(w.shape, 1), fixedDim(w.shape, 2)];
  const shape = [
    dimAt(x.shape, 0),
    convolved(dimAt(x.shape, 1), kh, strides[0], pads[0] + pads[2]),
    convolved(dimAt(x.shape, 2), kw, strides[1], pads[1] + pads[3]),
    dimAt(w.shape, 0),
  ];
  return single(x.graph, {
    opType: 'NhwcConv',
    domain: 'com.microsoft',
    inputs: [x, w, b],
    output: { dtype: x.dtype, shape },
    attributes: {
      kernel_shape: { kind: 'ints', value: [kh, kw] },
      strides: { kind: 'ints', value: strides },
      pads: { kind: 'ints', value: pads },
    },
  });
}

export type GroupNormAttributes = {
  readonly groups: number;
  readonly epsilon: number;
  /** x · sigmoid(x) of the result. */
  readonly silu: boolean;
};

/** com.microsoft: x [N, H, W, C], gamma and beta [C] in fp32 → like x */
export function GroupNorm(x: Value, gamma: Value, beta: Value, attributes: GroupNormAttributes): Value {
  checkNorm('GroupNorm', x, gamma, beta);
  return single(x.graph, {
    opType: 'GroupNorm',
    domain: 'com.microsoft',
    inputs: [x, gamma, beta],
    output: x,
    attributes: normAttributes(attributes),
  });
}

/** com.microsoft: of x + skip, with skip [N, C] added to every pixel */
export function SkipGroupNorm(
  x: Value,
  gamma: Value,
  beta: Value,
  skip: Value,
  attributes: GroupNormAttributes,
): Value {
  checkNorm('SkipGroupNorm', x, gamma, beta);
  sameType('SkipGroupNorm', x, skip);
  if (skip.shape.length !== 2 || skip.shape[1] !== x.shape[3]) {
    throw shapeError('SkipGroupNorm', 'x [N, H, W, C] and skip [N, C]', x.shape, skip.shape);
  }
  return single(x.graph, {
    opType: 'SkipGroupNorm',
    domain: 'com.microsoft',
    inputs: [x, gamma, beta, skip],
    output: x,
    attributes: normAttributes(attributes),
  });
}

/** Halves of the hidden size that `BiasSplitGelu` has kernels for. */
export const SPLIT_GELU_HALVES: readonly number[] = [1280, 2560, 5120];

/** com.microsoft: with [a, b] = x + bias, x [N, S, 2D] and bias [2D]: a · gelu(b) → [N, S, D] */
export function BiasSplitGelu(x: Value, bias: Value): Value {
  sameType('BiasSplitGelu', x, bias);
  if (x.shape.length !== 3 || x.shape[2] !== bias.shape[0]) {
    throw shapeError('BiasSplitGelu', 'x [N, S, 2D] and bias [2D]', x.shape, bias.shape);
  }
  return single(x.graph, {
    opType: 'BiasSplitGelu',
    domain: 'com.microsoft',
    inputs: [x, bias],
    output: { dtype: x.dtype, shape: [dimAt(x.shape, 0), dimAt(x.shape, 1), scaled(fixedDim(x.shape, 2), 1, 2)] },
  });
}

function checkNorm(name: string, x: Value, gamma: Value, beta: Value): void {
  const isOfKind = [gamma, beta].every(({ dtype, shape }) => dtype === 'f32' && shape[0] === x.shape[3]);
  if (x.shape.length !== 4 || !isOfKind) {
    throw shapeError(name, 'x [N, H, W, C], gamma and beta [C] in fp32', x.shape, gamma.shape, beta.shape);
  }
}

function normAttributes({ groups, epsilon, silu }: GroupNormAttributes) {
  return {
    groups: { kind: 'int', value: groups },
    epsilon: { kind: 'float', value: epsilon },
    activation: { kind: 'int', value: Number(silu) },
    channels_last: { kind: 'int', value: 1 },
  } as const;
}
