/**
 * Pictures between layers, and the one place that knows how their axes lie: [rows, C, H, W], or [rows, H, W, C] where the
 * lowering wants channels last. What comes in and goes out of a net has them first.
 */
import type { Value } from '../onnx/graph.ts';
import { Add, Concat, Reshape, Resize, Shape, Slice, SliceAxis, Transpose, Unsqueeze } from '../onnx/index.ts';
import { dimAt, fixedDim, longer } from '../onnx/shape.ts';
import { input, output, ROWS, type Building } from './building.ts';
import type { Halo, LayerWeights } from './lowering.ts';

/** An fp32 input [rows, channels, height, width]. */
export function pictureInput(building: Building, name: string, channels: number): Value {
  return fromChannelsFirst(building, input(building, name, [ROWS, channels, 'height', 'width']));
}

/** An fp32 output [rows, C, H, W]. */
export function pictureOutput(building: Building, name: string, picture: Value): void {
  output(building, name, channelsFirst(building, picture));
}

export function channelsOf(building: Building, picture: Value): number {
  return fixedDim(picture.shape, isLast(building) ? 3 : 1);
}

/** A picture as [rows, C, H, W]. */
export function channelsFirst(building: Building, picture: Value): Value {
  return isLast(building) ? Transpose(picture, [0, 3, 1, 2]) : picture;
}

/** [rows, C, H, W] as a picture. */
export function fromChannelsFirst(building: Building, x: Value): Value {
  return isLast(building) ? Transpose(x, [0, 2, 3, 1]) : x;
}

/** The channels of one after those of the other. */
export function joinChannels(building: Building, pictures: readonly Value[]): Value {
  return Concat(pictures, isLast(building) ? 3 : 1);
}

/** A vector [rows, C], so that it broadcasts over pixels. */
export function overPixels(building: Building, vector: Value): Value {
  return Unsqueeze(vector, isLast(building) ? [1, 2] : [2, 3]);
}

export function addToPixels(building: Building, picture: Value, vector: Value): Value {
  return Add(picture, overPixels(building, vector));
}

/** A tensor [channels] of the checkpoint, so that it broadcasts over pixels. */
export function perChannel(scope: LayerWeights, name: string, channels: number): Value {
  return scope.weight(name, isLast(scope.building) ? [channels] : [channels, 1, 1]);
}

/** Twice as high and wide by nearest neighbour, cropped to the size of `like` or to what its halo comes to: one row again. */
export function doubled(
  building: Building,
  picture: Value,
  { like, halo }: { readonly like: Value | undefined; readonly halo: Halo },
): Value {
  const first = isLast(building) ? 1 : 2;
  if (like === undefined) {
    return withoutRows(Resize(picture, 2, undefined, first), halo, first);
  }
  const sides = picture.shape.slice(first, first + 2).map((side) => `2·${side}`);
  const shape = picture.shape.with(first, dimAt(like.shape, first)).with(first + 1, dimAt(like.shape, first + 1));
  const ends = Shape(like, { start: first, end: first + 2 });
  return Slice(Resize(picture, 2, sides, first), ends, shape, [first, first + 1]);
}

/** A picture but for so many rows above and below; `axis`: where its rows are. */
export function withoutRows(picture: Value, { above, below }: Halo, axis: 1 | 2 = 2): Value {
  const left = longer(dimAt(picture.shape, axis), -above - below);
  return above + below === 0
    ? picture
    : SliceAxis(picture, axis, { start: above, ...(below > 0 && { end: -below }) }, left);
}

/** → [rows·HW, C]; a view where channels lie last. */
export function asTokens(building: Building, picture: Value): Value {
  const last = channelsLast(building, picture);
  const [height, width, channels] = [dimAt(last.shape, 1), dimAt(last.shape, 2), fixedDim(last.shape, 3)];
  return Reshape(last, [-1, channels], [`${ROWS}·${height}·${width}`, channels]);
}

/** The way back, where `like` has the height, the width and the channels. */
export function asPicture(building: Building, tokens: Value, like: Value): Value {
  const last = channelsLast(building, like);
  return fromChannelsLast(building, Reshape(tokens, Shape(last), last.shape));
}

function fromChannelsLast(building: Building, x: Value): Value {
  return isLast(building) ? x : Transpose(x, [0, 3, 1, 2]);
}

function channelsLast(building: Building, picture: Value): Value {
  return isLast(building) ? picture : Transpose(picture, [0, 2, 3, 1]);
}

function isLast({ lowering }: Building): boolean {
  return lowering.channels === 'last';
}
