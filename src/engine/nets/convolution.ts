/**
 * Convolution over [rows, C, H, W] with weights as checkpoints keep them, [out, in, k, k]. The one place where the
 * form of a convolution is chosen, as linear.ts is for matrices.
 */
import type { Value } from '../onnx/graph.ts';
import { Conv, Resize, Slice } from '../onnx/index.ts';
import { Shape } from '../onnx/index.ts';
import { fixedDim } from '../onnx/shape.ts';
import { withConvLora, withPointwiseLora } from './lora-inputs.ts';
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
  const isPointwise = kernel === 1 && stride === 1;
  scope.building.onTarget({
    module: scope.module,
    kind: isPointwise ? 'linear' : 'conv',
    inFeatures,
    outFeatures,
    kernel: [kernel, kernel],
    stride,
    weightName: `${scope.path}.weight`,
    convolution: true,
  });
  const keepsSize = stride === 1 && pads === undefined;
  const y =
    kernel === 3 && keepsSize && bias && suitsWinograd(scope, x, outFeatures)
      ? winograd3x3(scope, x, outFeatures)
      : Conv(
          x,
          scope.weight('weight', [outFeatures, inFeatures, kernel, kernel]),
          bias ? scope.weight('bias', [outFeatures]) : undefined,
          attributes,
        );
  return isPointwise
    ? withPointwiseLora(scope, x, y, inFeatures, outFeatures)
    : withConvLora(scope, x, y, [kernel, kernel], attributes);
}

/** Twice the size by nearest neighbour, cropped to `like` where a strided convolution had rounded up. */
export function upsampled(x: Value, like?: Value): Value {
  const doubled = Resize(x, 2);
  if (like === undefined) {
    return doubled;
  }
  const shape = [...x.shape.slice(0, 2), ...like.shape.slice(2)];
  return Slice(doubled, Shape(like, { start: 2, end: 4 }), shape);
}
