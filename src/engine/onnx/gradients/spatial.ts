/**
 * Rules of the operators over pictures [N, C, H, W]. Of a convolution, three forms by what is cheaper: to a picture, a
 * convolution with turned kernels (turned once, when the session opens) or the transposed one with the kernels as they
 * lie in their file; to a kernel, a product of patches with the other side. Few kernels that learn take a form that needs none
 * of it (forms.ts).
 */
import type { Value } from '../graph.ts';
import {
  Conv,
  ConvTranspose,
  FusedMatMul,
  Gather,
  ReduceSum,
  SpaceToDepth,
  Transpose,
  type ConvAttributes,
} from '../index.ts';
import { fixedDim, type Shape } from '../shape.ts';
import { leading, withChannels } from './dependence.ts';
import {
  constantLike,
  inputAt,
  intAttribute,
  intsAttribute,
  reshaped,
  simple,
  unbroadcast,
  type Rule,
  type TapeNode,
} from './rule.ts';

/**
 * in × out of a kernel; larger ones are not copied to be turned: memory, and seconds of opening. All of moji's are below it,
 * none of SD 1.5's.
 */
const LARGEST_TURNED = 300 ** 2;

type Pads = readonly [number, number, number, number];

export const spatialRules: Readonly<Record<string, Rule>> = {
  Conv: (node, [dy]) => {
    const [x, w, b] = [inputAt(node, 0), inputAt(node, 1), node.inputs[2]];
    if (dy === undefined || intAttribute(node, 'group', 1) !== 1) {
      return ['one in groups has none'];
    }
    const attributes = convAttributes(node);
    return [
      {
        make: () => toPicture(dy, x.shape, w, attributes),
        ofLeading: (channels) => toPicture(dy, withChannels(x.shape, channels), leading(w, channels), attributes),
      },
      { make: () => toKernel(dy, x, w, attributes) },
      b && { make: () => reshaped(ReduceSum(dy, [0, 2, 3]), b.shape) },
    ];
  },

  /** Of kernels of length 1: a product of matrices, and what it is added to. */
  FusedConv: (node, [dy]) => {
    const [x, w, z] = [inputAt(node, 0), inputAt(node, 1), inputAt(node, 3)];
    if (dy === undefined) {
      return [];
    }
    const kernels = [fixedDim(w.shape, 0), fixedDim(w.shape, 1)];
    return [
      { make: () => FusedMatMul(reshaped(w, kernels), dy, { transA: true }) },
      { make: () => reshaped(unbroadcast(FusedMatMul(dy, x, { transB: true }), [1, ...kernels]), w.shape) },
      undefined,
      { make: () => reshaped(dy, z.shape) },
    ];
  },

  /** The other way round it is the convolution that it turns. */
  ConvTranspose: (node, [dy]) => {
    const w = inputAt(node, 1);
    const group = intAttribute(node, 'group', 1);
    return dy === undefined
      ? ['nothing depends on it']
      : [{ make: () => Conv(dy, w, undefined, { ...convAttributes(node), group }) }, 'only the picture has one'];
  },

  DepthToSpace: simple((dy, node) => [
    () => {
      const size = intAttribute(node, 'blocksize', 1);
      const mode = node.attributes['mode'];
      if (mode?.kind === 'string' && mode.value === 'DCR') {
        return SpaceToDepth(dy, size);
      }
      const [n, c, h, w] = sidesOf(node.x);
      const apart = reshaped(dy, [n, c / size ** 2, h, size, w, size]);
      return reshaped(Transpose(apart, [0, 1, 3, 5, 2, 4]), node.x.shape);
    },
  ]),

  /** Nearest neighbour by whole factors: each pixel gets the sum of its copies. */
  Resize: (node, [dy]) => {
    const x = inputAt(node, 0);
    const [n, c, h, w] = sidesOf(x);
    if (dy === undefined) {
      return ['nothing depends on it'];
    }
    const [down, across] = [fixedDim(dy.shape, 2) / h, fixedDim(dy.shape, 3) / w];
    return Number.isInteger(down) && Number.isInteger(across)
      ? [{ make: () => reshaped(ReduceSum(reshaped(dy, [n, c, h, down, w, across]), [3, 5]), x.shape) }]
      : ['only one by whole factors has one'];
  },
};

type Convolution = Required<Pick<ConvAttributes, 'strides' | 'pads'>>;

export function convAttributes(node: Pick<TapeNode, 'attributes'>): Convolution {
  const [down = 1, across = 1] = intsAttribute(node, 'strides', [1, 1]);
  const [top = 0, left = 0, bottom = 0, right = 0] = intsAttribute(node, 'pads', [0, 0, 0, 0]);
  return { strides: [down, across], pads: [top, left, bottom, right] };
}

/** `shape`: the picture's. */
function toPicture(dy: Value, shape: Shape, w: Value, { strides, pads }: Convolution): Value {
  const [out, channels, kh, kw] = sidesOf(w);
  const [n, , height, width] = sidesOf({ shape });
  const isStrided = strides[0] !== 1 || strides[1] !== 1;
  const isPadded = pads.some((pad) => pad !== 0);
  if (kh * kw === 1 && !isStrided && !isPadded) {
    const pixels = reshaped(dy, [n, out, height * width]);
    return reshaped(FusedMatMul(reshaped(w, [1, out, channels]), pixels, { transA: true }), shape);
  }
  if (isStrided || channels * out > LARGEST_TURNED) {
    return ConvTranspose(dy, w, { strides, pads }, [height, width]);
  }
  return Conv(dy, turned(w), undefined, { pads: aroundFull(kh, kw, pads) });
}

/** What a convolution with turned kernels pads, so that it gives the whole picture back. */
export function aroundFull(kh: number, kw: number, [top, left, bottom, right]: Pads): Pads {
  return [kh - 1 - top, kw - 1 - left, kh - 1 - bottom, kw - 1 - right];
}

/** Kernels [O, C, kh, kw] → [C, O, kh, kw], upside down and left to right. */
function turned(w: Value): Value {
  const [out, channels, kh, kw] = sidesOf(w);
  const area = kh * kw;
  const backwards = Array.from({ length: area }, (_, k) => area - 1 - k);
  const flat = reshaped(Transpose(w, [1, 0, 2, 3]), [channels, out, area]);
  return reshaped(Gather(flat, w.graph.ints(backwards), { axis: 2 }), [channels, out, kh, kw]);
}

function toKernel(dy: Value, x: Value, w: Value, { strides, pads }: Convolution): Value {
  const [out, channels, kh, kw] = sidesOf(w);
  const [n, , height, width] = sidesOf(x);
  const area = kh * kw;
  const [down, across] = [fixedDim(dy.shape, 2), fixedDim(dy.shape, 3)];
  const isStrided = strides[0] !== 1 || strides[1] !== 1;
  const summed = (a: Value, b: Value): Value =>
    ReduceSum(FusedMatMul(a, b, { transB: true }), [0], { keepdims: false });
  if (area === 1 && !isStrided && pads.every((pad) => pad === 0)) {
    const [g, seen] = [reshaped(dy, [n, out, height * width]), reshaped(x, [n, channels, height * width])];
    return reshaped(summed(g, seen), w.shape);
  }
  const patches = Conv(x, places(x, channels, [kh, kw]), undefined, { strides, pads, group: channels });
  const seen = reshaped(patches, [n, channels * area, down * across]);
  return reshaped(summed(reshaped(dy, [n, out, down * across]), seen), w.shape);
}

/** Kernels [channels·area, 1, kh, kw] of one 1 each, of x's type: channel by channel, every place of a kernel in order or backwards. */
export function places(x: Value, channels: number, [kh, kw]: readonly [number, number], isBackwards = false): Value {
  const area = kh * kw;
  const data = new Float32Array(channels * area * area);
  for (let channel = 0; channel < channels; channel++) {
    for (let k = 0; k < area; k++) {
      data[(channel * area + k) * area + (isBackwards ? area - 1 - k : k)] = 1;
    }
  }
  const name = `places ${channels} ${kh}x${kw}${isBackwards ? ' backwards' : ''}`;
  return constantLike(x, name, data, [channels * area, 1, kh, kw]);
}

export function sidesOf({ shape }: Pick<Value, 'shape'>): readonly [number, number, number, number] {
  return [fixedDim(shape, 0), fixedDim(shape, 1), fixedDim(shape, 2), fixedDim(shape, 3)];
}
