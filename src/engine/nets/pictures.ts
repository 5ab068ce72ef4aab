/**
 * Pictures between layers, and the one place that knows how their axes lie: [rows, C, H, W]. What comes in and goes out
 * of a net does so as well.
 */
import type { Value } from '../onnx/graph.ts';
import { Add, Concat, Reshape, Resize, Shape, Slice, Transpose, Unsqueeze } from '../onnx/index.ts';
import { dimAt, fixedDim } from '../onnx/shape.ts';
import { input, output, ROWS, type Building } from './building.ts';
import type { LayerWeights } from './lowering.ts';

/** An fp32 input [rows, channels, height, width]. */
export function pictureInput(building: Building, name: string, channels: number): Value {
  return input(building, name, [ROWS, channels, 'height', 'width']);
}

/** An fp32 output [rows, C, H, W]. */
export function pictureOutput(building: Building, name: string, picture: Value): void {
  output(building, name, picture);
}

export function channelsOf(picture: Value): number {
  return fixedDim(picture.shape, 1);
}

/** The channels of one after those of the other. */
export function joinChannels(pictures: readonly Value[]): Value {
  return Concat(pictures, 1);
}

/** A vector [rows, C] to every pixel. */
export function addToPixels(picture: Value, vector: Value): Value {
  return Add(picture, Unsqueeze(vector, [2, 3]));
}

/** A tensor [channels] of the checkpoint, so that it broadcasts over pixels. */
export function perChannel(scope: LayerWeights, name: string, channels: number): Value {
  return scope.weight(name, [channels, 1, 1]);
}

/** Twice as high and wide by nearest neighbour, cropped to the size of `like`. */
export function doubled(picture: Value, like?: Value): Value {
  if (like === undefined) {
    return Resize(picture, 2);
  }
  const sides = picture.shape.slice(2).map((side) => `2·${side}`);
  const shape = [...picture.shape.slice(0, 2), ...like.shape.slice(2)];
  return Slice(Resize(picture, 2, sides), Shape(like, { start: 2, end: 4 }), shape);
}

/** → [rows·HW, C] */
export function asTokens(picture: Value): Value {
  const [height, width, channels] = [dimAt(picture.shape, 2), dimAt(picture.shape, 3), channelsOf(picture)];
  return Reshape(Transpose(picture, [0, 2, 3, 1]), [-1, channels], [`${ROWS}·${height}·${width}`, channels]);
}

/** The way back, where `like` is what `asTokens` was given. */
export function asPicture(tokens: Value, like: Value): Value {
  const channelsLast = Transpose(like, [0, 2, 3, 1]);
  return Transpose(Reshape(tokens, Shape(channelsLast), channelsLast.shape), [0, 3, 1, 2]);
}
