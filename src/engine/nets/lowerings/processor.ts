/**
 * A processor's forms: convolutions of few multiplications, and fp32 weights, which are all that onnxruntime's kernels
 * read there. Half-precision ones are widened once into a cached file.
 */
import type { Value } from '../../onnx/graph.ts';
import { FusedConv, Reshape, Unsqueeze } from '../../onnx/index.ts';
import { fixedDim, scaled, type Shape } from '../../onnx/shape.ts';
import { widen, withWinogradKernels } from '../../weights/index.ts';
import { NO_WEIGHTS } from '../building.ts';
import type { ConvolutionLayer, Lowering } from '../lowering.ts';
import { subpixel3x3, suitsSubpixel } from './subpixel.ts';
import { suitsWinograd, winograd3x3, winogradKernels } from './winograd.ts';

/** Bytes; with less a whole picture costs little and bands gain little. */
const LARGEST_PICTURE = 48e6;

export type ProcessorOptions = {
  /** What starts at once has no time to transform kernels. */
  readonly isWinograd: boolean;
  /** See suitsWinograd; default: any number. */
  readonly pairsPerTile?: number;
};

export function processorLowering(ordinary: Lowering, { isWinograd, pairsPerTile }: ProcessorOptions): Lowering {
  const isNarrow = ordinary.dtype === 'f16'; // kernels of fp32 only
  const gains = (layer: ConvolutionLayer, shape: Shape): boolean =>
    isWinograd && !isNarrow && suitsWinograd(layer, shape, pairsPerTile);
  return {
    ...ordinary,
    largestPicture: isNarrow ? Number.POSITIVE_INFINITY : LARGEST_PICTURE,
    sharesStyles: true,
    plusProduct: (y, a, b) => (isNarrow ? ordinary.plusProduct(y, a, b) : accumulated(y, a, b)),
    convolution: (layer, x) => (gains(layer, x.shape) ? winograd3x3(layer, x) : ordinary.convolution(layer, x)),
    doubledConvolution: (layer, x) =>
      isNarrow || !suitsSubpixel(layer) || gains(layer, doubled(x.shape)) ? undefined : subpixel3x3(layer, x),
    prepareWeights: async (weights, build, cacheDir) => {
      const wide = await widen(weights, cacheDir);
      return isWinograd ? withWinogradKernels(wide, winogradKernels(build(NO_WEIGHTS)), cacheDir) : wide;
    },
  };
}

/**
 * As a convolution over the columns of b, by a kernel of length 1 for each row of a: the only form in which onnxruntime adds
 * a product to what is there already. With a sum of its own y is passed over twice as often, which takes longer than the
 * product of few ranks does.
 */
function accumulated(y: Value, a: Value, b: Value): Value {
  const sum = FusedConv(Unsqueeze(b, [0]), Unsqueeze(a, [2]), Unsqueeze(y, [0]));
  return Reshape(sum, [-1, fixedDim(y.shape, 1)], y.shape);
}

/** [rows, C, H, W] at twice its size. */
function doubled([rows = 1, channels = 1, ...sides]: Shape): Shape {
  return [rows, channels, ...sides.map((side) => scaled(side, 2, 1))];
}
