/**
 * Pictures in bands of rows, as a decoder has its large ones where memory is dear: norms with SiLU and convolutions are computed
 * a band at a time, and only what is passed on exists whole. Bands are as high as what comes into the net: a picture doubled
 * three times has eight of them, of any size, without a rest. A picture that is one band has the ordinary form of every layer.
 */
import type { Value } from '../onnx/graph.ts';
import {
  Add,
  Concat,
  Div,
  Mul,
  QuickGelu,
  ReduceMean,
  Reshape,
  SliceAxis,
  SplitEvenly,
  Sqrt,
  Sub,
} from '../onnx/index.ts';
import { dimAt, fixedDim, lengthWhere, longer, scaled } from '../onnx/shape.ts';
import { conv2d, conv2dUpsampled } from './convolution.ts';
import { groupNorm } from './layers.ts';
import type { Building, GroupNormOptions, Halo } from './lowering.ts';
import { channelsOf, perChannel } from './pictures.ts';
import { resnet, type ResnetOptions } from './resnet.ts';
import type { WeightScope } from './weight-scope.ts';

/** From above to below, all [rows, C, height, W]; of more than one, channels lie first. */
export type Bands = readonly Value[];

/** A resnet without time embedding: a picture to one of `channels`, as large. */
export function resnetOf(scope: WeightScope, x: Bands, options: Omit<ResnetOptions, 'time'>): Bands {
  const whole = firstOf(x);
  if (x.length === 1) {
    return [resnet(scope, whole, options)];
  }
  const { channels } = options;
  const first = convolutionOfNormed(scope.at('norm1'), scope.at('conv1'), x, options);
  const second = convolutionOfNormed(scope.at('norm2'), scope.at('conv2'), first, options);
  return x.map((band, k) => {
    const past =
      channelsOf(scope.building, band) === channels
        ? band
        : conv2d(scope.at('conv_shortcut'), band, channels, { kernel: 1 });
    return Add(past, second[k] ?? past);
  });
}

/** Group norm with SiLU, then a 3×3 convolution to `channels`. */
export function convolutionOfNormed(
  norm: WeightScope,
  scope: WeightScope,
  x: Bands,
  { channels, groups, epsilon }: Omit<ResnetOptions, 'time'>,
): Bands {
  const whole = firstOf(x);
  if (x.length === 1) {
    return [conv2d(scope, groupNorm(norm, whole, { groups, epsilon, silu: true }), channels)];
  }
  const { scale, shift } = normalisation(norm, x, { groups, epsilon });
  return x.map((_, k) => {
    const { seen, halo } = withNeighbours(x, k);
    return conv2d(scope, QuickGelu(Add(Mul(seen, scale), shift), { alpha: 1 }), channels, { halo });
  });
}

/** A 3×3 convolution of x at twice its size, in twice as many bands where that is large. */
export function upsampled(scope: WeightScope, x: Bands, channels: number): Bands {
  const first = firstOf(x);
  if (bytesWhenDoubled(scope.building, x, channels) <= scope.building.lowering.largestPicture) {
    return x.map((band) => conv2dUpsampled(scope, band, channels));
  }
  const bands = x.length === 1 ? inBands(first) : x;
  return bands.flatMap((_, k) => {
    const { seen, halo } = withNeighbours(bands, k);
    return SplitEvenly(conv2dUpsampled(scope, seen, channels, { halo }), 2, 2);
  });
}

export function joined(x: Bands): Value {
  const whole = firstOf(x);
  return x.length === 1 ? whole : Concat(x, 2, scaled(dimAt(whole.shape, 2), x.length, 1));
}

/**
 * What group norm multiplies each channel by and adds to it, [rows, C, 1, 1] both. Bands are equal in size, so the mean and the
 * variance of the whole are those of the bands' means, and the mean of their variances (Chan, Golub and LeVeque 1979).
 */
function normalisation(
  scope: WeightScope,
  x: Bands,
  { groups, epsilon }: GroupNormOptions,
): { readonly scale: Value; readonly shift: Value } {
  const parts = x.map((band) => {
    const grouped = Reshape(band, [0, groups, -1], [dimAt(band.shape, 0), groups, areaOfGroup(band, groups)]);
    const mean = ReduceMean(grouped, [2]);
    const apart = Sub(grouped, mean);
    return { mean, variance: ReduceMean(Mul(apart, apart), [2]) };
  });
  const means = Concat(
    parts.map(({ mean }) => mean),
    2,
  ); // [rows, groups, bands]
  const mean = ReduceMean(means, [2]);
  const apart = Sub(means, mean);
  const within = Concat(
    parts.map(({ variance }) => variance),
    2,
  );
  const variance = ReduceMean(Add(within, Mul(apart, apart)), [2]);
  // Of each channel: γ/σ and β − μγ/σ.
  const channels = channelsOf(scope.building, firstOf(x));
  const perGroup = (name: string): Value => {
    const shape = [groups, channels / groups];
    return Reshape(perChannel(scope, name, channels), shape, shape);
  };
  const { graph } = mean;
  const scale = Div(perGroup('weight'), Sqrt(Add(variance, graph.scalar(epsilon)))); // [rows, groups, C/groups]
  const shift = Sub(perGroup('bias'), Mul(mean, scale));
  const spread = (value: Value): Value => Reshape(value, [0, channels, 1, 1], [dimAt(value.shape, 0), channels, 1, 1]);
  return { scale: spread(scale), shift: spread(shift) };
}

function areaOfGroup({ shape }: Value, groups: number): string {
  return `${fixedDim(shape, 1) / groups}·${dimAt(shape, 2)}·${dimAt(shape, 3)}`;
}

/** Band k with the row that the one above ends with and the row that the one below begins with. */
function withNeighbours(x: Bands, k: number): { readonly seen: Value; readonly halo: Halo } {
  const [above, band, below] = [x[k - 1], x[k], x[k + 1]];
  if (band === undefined) {
    throw new Error(`Expected a band ${k} of ${x.length}.`);
  }
  const rows = [
    ...(above === undefined ? [] : [SliceAxis(above, 2, { start: -1 }, 1)]),
    band,
    ...(below === undefined ? [] : [SliceAxis(below, 2, { start: 0, end: 1 }, 1)]),
  ];
  const halo = { above: above === undefined ? 0 : 1, below: below === undefined ? 0 : 1 } as const;
  return { seen: Concat(rows, 2, longer(dimAt(band.shape, 2), halo.above + halo.below)), halo };
}

function inBands(whole: Value): Bands {
  const count = lengthWhere(dimAt(whole.shape, 2), 1);
  return count === 1 ? [whole] : SplitEvenly(whole, count, 2);
}

/** Of one picture of the usual size. */
function bytesWhenDoubled({ sides, lowering }: Building, x: Bands, channels: number): number {
  if (sides === undefined || lowering.channels === 'last') {
    return 0;
  }
  const first = firstOf(x);
  const [height, width] = [2, 3].map((axis) => 2 * lengthWhere(dimAt(first.shape, axis), sides.usual));
  return x.length * channels * (height ?? 0) * (width ?? 0) * Float32Array.BYTES_PER_ELEMENT;
}

function firstOf([first]: Bands): Value {
  if (first === undefined) {
    throw new Error('Expected a picture of at least one band.');
  }
  return first;
}
