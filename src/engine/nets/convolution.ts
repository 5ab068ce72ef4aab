/**
 * Convolution over pictures with weights as checkpoints keep them, [out, in, k, k], and a style beside it. What operators
 * that becomes is the lowering's.
 */
import type { Value } from '../onnx/graph.ts';
import { takesLora, withConvLora, withPointwiseLora } from './lora-inputs.ts';
import type { ConvolutionLayer, Halo } from './lowering.ts';
import { channelsOf, doubled } from './pictures.ts';
import type { WeightScope } from './weight-scope.ts';

export type ConvOptions = {
  readonly kernel?: number;
  readonly stride?: number;
  /** Default: what keeps the size. top, left, bottom, right */
  readonly pads?: readonly [number, number, number, number];
  readonly bias?: boolean;
  /** Of x; default: x is whole. */
  readonly halo?: Halo;
};

const WHOLE: Halo = { above: 0, below: 0 };

type ScopedLayer = ConvolutionLayer & { readonly scope: WeightScope };

export function conv2d(scope: WeightScope, x: Value, outFeatures: number, options: ConvOptions = {}): Value {
  const layer = layerOf(scope, x, outFeatures, options);
  return styled(layer, x, scope.building.lowering.convolution(layer, x));
}

/**
 * A 3×3 convolution of x at twice its size by nearest neighbour. `like`: what the doubled picture is cropped to, where
 * a strided convolution had rounded up; never beside a halo, which is x's before it is doubled.
 */
export function conv2dUpsampled(
  scope: WeightScope,
  x: Value,
  outFeatures: number,
  { bias = true, like, halo = WHOLE }: Pick<ConvOptions, 'bias' | 'halo'> & { readonly like?: Value | undefined } = {},
): Value {
  const layer = layerOf(scope, x, outFeatures, { bias, halo });
  const { lowering } = scope.building;
  const shorter = like === undefined ? lowering.doubledConvolution?.(layer, x) : undefined;
  if (shorter !== undefined && !takesLora(scope)) {
    return styled(layer, x, shorter);
  }
  const whole = doubled(scope.building, x, { like, halo });
  return styled(layer, whole, shorter ?? lowering.convolution(layer, whole));
}

function layerOf(
  scope: WeightScope,
  x: Value,
  outFeatures: number,
  { kernel = 3, stride = 1, pads, bias = true, halo = WHOLE }: ConvOptions,
): ScopedLayer {
  const side = (kernel - 1) / 2;
  const keeping = [side - halo.above, side, side - halo.below, side] as const;
  const attributes = { strides: [stride, stride], pads: pads ?? keeping } as const;
  const keepsSize = stride === 1 && pads === undefined;
  return { scope, inFeatures: channelsOf(scope.building, x), outFeatures, kernel, bias, keepsSize, halo, attributes };
}

/** y, what `layer` made of x, with what a style adds. */
function styled(
  { scope, inFeatures, outFeatures, kernel, keepsSize, attributes }: ScopedLayer,
  x: Value,
  y: Value,
): Value {
  const isMatrix = kernel === 1 && keepsSize;
  scope.building.onLayer({
    module: scope.module,
    kind: isMatrix ? 'linear' : 'conv',
    inFeatures,
    outFeatures,
    kernel: [kernel, kernel],
    weightName: `${scope.path}.weight`,
    use: undefined,
  });
  return isMatrix
    ? withPointwiseLora(scope, x, y, inFeatures, outFeatures)
    : withConvLora(scope, x, y, [kernel, kernel], attributes);
}
