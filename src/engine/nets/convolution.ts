/**
 * Convolution over [rows, C, H, W] with weights as checkpoints keep them, [out, in, k, k]. The one place where the
 * form of a convolution is chosen, as linear.ts is for matrices.
 */
import type { Value } from '../onnx/graph.ts';
import { Conv, Resize, Slice } from '../onnx/index.ts';
import { Shape } from '../onnx/index.ts';
import { fixedDim, scaled, type Shape as Dims } from '../onnx/shape.ts';
import { takesLora, withConvLora, withPointwiseLora } from './lora-inputs.ts';
import { subpixel3x3, suitsSubpixel } from './subpixel.ts';
import type { WeightScope } from './weight-scope.ts';
import { suitsWinograd, winograd3x3 } from './winograd.ts';

export type ConvOptions = {
  readonly kernel?: number;
  readonly stride?: number;
  /** Default: what keeps the size. top, left, bottom, right */
  readonly pads?: readonly [number, number, number, number];
  readonly bias?: boolean;
};

export function conv2d(
  scope: WeightScope,
  x: Value,
  outFeatures: number,
  { kernel = 3, stride = 1, pads, bias = true }: ConvOptions = {},
): Value {
  const inFeatures = fixedDim(x.shape, 1);
  const side = (kernel - 1) / 2;
  const attributes = { strides: [stride, stride], pads: pads ?? [side, side, side, side] } as const;
  announce(scope, inFeatures, outFeatures, kernel, stride);
  const keepsSize = stride === 1 && pads === undefined;
  const y =
    kernel === 3 && keepsSize && bias && suitsWinograd(scope, x.shape, outFeatures)
      ? winograd3x3(scope, x, outFeatures)
      : Conv(
          x,
          scope.weight('weight', [outFeatures, inFeatures, kernel, kernel]),
          bias ? scope.weight('bias', [outFeatures]) : undefined,
          attributes,
        );
  return kernel === 1 && stride === 1
    ? withPointwiseLora(scope, x, y, inFeatures, outFeatures)
    : withConvLora(scope, x, y, [kernel, kernel], attributes);
}

/**
 * A 3×3 convolution of x at twice its size by nearest neighbour. `like`: what the doubled picture is cropped to, where
 * a strided convolution had rounded up.
 */
export function conv2dUpsampled(
  scope: WeightScope,
  x: Value,
  outFeatures: number,
  { bias = true, like }: { readonly bias?: boolean; readonly like?: Value | undefined } = {},
): Value {
  const isWinograd = bias && suitsWinograd(scope, doubled(x.shape), outFeatures);
  if (like !== undefined || isWinograd || !suitsSubpixel(scope, x, outFeatures)) {
    return conv2d(scope, upsampled(x, like), outFeatures, { bias });
  }
  announce(scope, fixedDim(x.shape, 1), outFeatures, 3, 1);
  const y = subpixel3x3(scope, x, outFeatures, bias);
  return takesLora(scope) ? withConvLora(scope, upsampled(x), y, [3, 3], { pads: [1, 1, 1, 1] }) : y;
}

/** The shape of x [rows, C, H, W] at twice its size. */
function doubled([rows = 1, channels = 1, ...sides]: Dims): Dims {
  return [rows, channels, ...sides.map((side) => scaled(side, 2, 1))];
}

function announce(scope: WeightScope, inFeatures: number, outFeatures: number, kernel: number, stride: number): void {
  scope.building.onTarget({
    module: scope.module,
    kind: kernel === 1 && stride === 1 ? 'linear' : 'conv',
    inFeatures,
    outFeatures,
    kernel: [kernel, kernel],
    stride,
    weightName: `${scope.path}.weight`,
    convolution: true,
    use: undefined,
  });
}

function upsampled(x: Value, like?: Value): Value {
  if (like === undefined) {
    return Resize(x, 2);
  }
  const sides = x.shape.slice(2).map((side) => `2·${side}`);
  const shape = [...x.shape.slice(0, 2), ...like.shape.slice(2)];
  return Slice(Resize(x, 2, sides), Shape(like, { start: 2, end: 4 }), shape);
}
