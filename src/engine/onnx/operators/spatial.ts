/**
 * Operators over pictures [N, C, H, W] and rows of pixels [N, C, L], named as the ONNX specification and onnxruntime's contrib
 * operators name them.
 */
import { single, type Value } from '../graph.ts';
import type { Dim } from '../model-proto.ts';
import { dimAt, fixedDim, formatShape, scaled, shapeError, withoutSum } from '../shape.ts';
import { sameType } from './elementwise.ts';

export type ConvAttributes = {
  readonly strides?: readonly [number, number];
  /** top, left, bottom, right */
  readonly pads?: readonly [number, number, number, number];
  /** Channels come in so many groups, each seen by its own share of the kernels. */
  readonly group?: number;
};

/** x [N, C, H, W], w [O, C/group, kh, kw], b [O] or none. */
export function Conv(
  x: Value,
  w: Value,
  b: Value | undefined,
  { strides = [1, 1], pads = [0, 0, 0, 0], group = 1 }: ConvAttributes = {},
): Value {
  sameType('Conv', x, w, ...(b === undefined ? [] : [b]));
  const channels = group === 1 ? x.shape[1] : fixedDim(x.shape, 1) / group;
  if (x.shape.length !== 4 || w.shape.length !== 4 || channels !== w.shape[1]) {
    throw shapeError('Conv', `x [N, C, H, W] and w [O, C${group === 1 ? '' : `/${group}`}, kh, kw]`, x.shape, w.shape);
  }
  const [kh, kw] = [fixedDim(w.shape, 2), fixedDim(w.shape, 3)];
  const shape: Dim[] = [
    dimAt(x.shape, 0),
    dimAt(w.shape, 0),
    convolved(dimAt(x.shape, 2), kh, strides[0], pads[0] + pads[2]),
    convolved(dimAt(x.shape, 3), kw, strides[1], pads[1] + pads[3]),
  ];
  return single(x.graph, {
    opType: 'Conv',
    inputs: [x, w, b],
    output: { dtype: x.dtype, shape },
    attributes: {
      kernel_shape: { kind: 'ints', value: [kh, kw] },
      strides: { kind: 'ints', value: strides },
      pads: { kind: 'ints', value: pads },
      ...(group !== 1 && { group: { kind: 'int', value: group } }),
    },
  });
}

/**
 * com.microsoft: z [N, O, L] + Conv of x [N, C, L] by kernels w [O, C, 1], fp32, written over z where nobody else reads it:
 * a product of matrices that is added to what is there in one pass over it.
 */
export function FusedConv(x: Value, w: Value, z: Value): Value {
  sameType('FusedConv', x, w, z);
  const shape = [dimAt(x.shape, 0), dimAt(w.shape, 0), dimAt(x.shape, 2)];
  if (x.shape[1] !== w.shape[1] || w.shape[2] !== 1 || formatShape(z.shape) !== formatShape(shape)) {
    throw shapeError('FusedConv', 'x [N, C, L], w [O, C, 1] and z [N, O, L]', x.shape, w.shape, z.shape);
  }
  return single(x.graph, {
    opType: 'FusedConv',
    domain: 'com.microsoft',
    inputs: [x, w, undefined, z],
    output: { dtype: x.dtype, shape },
    attributes: {
      kernel_shape: { kind: 'ints', value: [1] },
      strides: { kind: 'ints', value: [1] },
      pads: { kind: 'ints', value: [0, 0] },
    },
  });
}

/**
 * What Conv with these weights and attributes does, the other way: x [N, O, h, w], w [O, C/group, kh, kw] → [N, C, height,
 * width], the `sides` of which several belong to one h and w where strides are not 1.
 */
export function ConvTranspose(
  x: Value,
  w: Value,
  { strides = [1, 1], pads = [0, 0, 0, 0], group = 1 }: ConvAttributes,
  sides: readonly [number, number],
): Value {
  sameType('ConvTranspose', x, w);
  const padding = [pads[0] + pads[2], pads[1] + pads[3]] as const;
  const least = ([0, 1] as const).map(
    (k) => (fixedDim(x.shape, 2 + k) - 1) * strides[k] - padding[k] + fixedDim(w.shape, 2 + k),
  );
  const rest = sides.map((side, k) => side - (least[k] ?? side));
  const channels = fixedDim(w.shape, 1) * group;
  if (x.shape[1] !== w.shape[0] || rest.some((over, k) => over < 0 || over >= (strides[k] ?? 1))) {
    throw shapeError(
      'ConvTranspose',
      `x [N, O, h, w] and w [O, C${group === 1 ? '' : `/${group}`}, kh, kw] that give ${sides.join(' × ')}`,
      x.shape,
      w.shape,
    );
  }
  return single(x.graph, {
    opType: 'ConvTranspose',
    inputs: [x, w],
    output: { dtype: x.dtype, shape: [dimAt(x.shape, 0), channels, ...sides] },
    attributes: {
      kernel_shape: { kind: 'ints', value: [fixedDim(w.shape, 2), fixedDim(w.shape, 3)] },
      strides: { kind: 'ints', value: strides },
      pads: { kind: 'ints', value: pads },
      output_padding: { kind: 'ints', value: rest },
      ...(group !== 1 && { group: { kind: 'int', value: group } }),
    },
  });
}

/**
 * Nearest neighbour, both sides `factor` times as long. `sides`: their lengths, where what was divided had been rounded
 * up and twice the half is not the whole. `first`: the axis of the first of them; 1 where channels lie last.
 */
export function Resize(x: Value, factor: number, sides?: readonly Dim[], first: 1 | 2 = 2): Value {
  const { graph } = x;
  const lengths = sides ?? x.shape.slice(first, first + 2).map((side) => scaled(side, factor, 1));
  const along = x.shape.map((_, axis) => (axis === first || axis === first + 1 ? factor : 1));
  const scales = graph.floats(`scales ${along.join(' ')}`, Float32Array.from(along), [4]);
  return single(graph, {
    opType: 'Resize',
    inputs: [x, undefined, scales],
    output: { dtype: x.dtype, shape: [...x.shape.slice(0, first), ...lengths, ...x.shape.slice(first + 2)] },
    attributes: {
      mode: { kind: 'string', value: 'nearest' },
      coordinate_transformation_mode: { kind: 'string', value: 'asymmetric' },
      nearest_mode: { kind: 'string', value: 'floor' },
    },
  });
}

/** [N, C·b², H, W] → [N, C, H·b, W·b]. CRD: channels are [C, b, b], as in torch's PixelShuffle; DCR: [b, b, C]. */
export function DepthToSpace(
  x: Value,
  blocksize: number,
  { mode = 'CRD' }: { readonly mode?: 'CRD' | 'DCR' } = {},
): Value {
  const [n, c, h, w] = [dimAt(x.shape, 0), fixedDim(x.shape, 1), dimAt(x.shape, 2), dimAt(x.shape, 3)];
  if (c % blocksize ** 2 !== 0) {
    throw shapeError('DepthToSpace', `channels that ${blocksize}² divides`, x.shape);
  }
  return single(x.graph, {
    opType: 'DepthToSpace',
    inputs: [x],
    output: { dtype: x.dtype, shape: [n, c / blocksize ** 2, scaled(h, blocksize, 1), scaled(w, blocksize, 1)] },
    attributes: { blocksize: { kind: 'int', value: blocksize }, mode: { kind: 'string', value: mode } },
  });
}

/** The way back from DepthToSpace 'DCR': [N, C, H·b, W·b] → [N, b²·C, H, W]. */
export function SpaceToDepth(x: Value, blocksize: number): Value {
  const [n, c, h, w] = [dimAt(x.shape, 0), fixedDim(x.shape, 1), dimAt(x.shape, 2), dimAt(x.shape, 3)];
  return single(x.graph, {
    opType: 'SpaceToDepth',
    inputs: [x],
    output: { dtype: x.dtype, shape: [n, c * blocksize ** 2, scaled(h, 1, blocksize), scaled(w, 1, blocksize)] },
    attributes: { blocksize: { kind: 'int', value: blocksize } },
  });
}

/** Symbolic lengths are taken as divisible by the stride, or rounded up: `same` padding, which `height+2` brings with it. */
export function convolved(length: Dim, kernel: number, stride: number, padding: number): Dim {
  if (typeof length === 'number') {
    return Math.floor((length + padding - kernel) / stride) + 1;
  }
  const { base, more } = withoutSum(length);
  const around = padding + more;
  if (around !== kernel - 1 && !(stride === 2 && around === kernel - 2)) {
    throw new Error(`Conv: expected padding that keeps the size ${base}, got ${around} for a kernel of ${kernel}.`);
  }
  return scaled(base, 1, stride);
}
