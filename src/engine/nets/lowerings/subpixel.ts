/**
 * A 3×3 convolution of a picture doubled by nearest neighbour, without doubling it: each pixel of the result sees only
 * 2×2 different ones, so four convolutions of 2×2 over the small picture, one for each place in a 2×2 block, do the same
 * with four ninths of the multiplications. As in `Upsample2D` of diffusers followed by its `conv`, to rounding.
 */
import type { Value } from '../../onnx/graph.ts';
import { Concat, Conv, DepthToSpace, MatMul, Reshape } from '../../onnx/index.ts';
import type { ConvolutionLayer } from '../lowering.ts';
import { withoutRows } from '../pictures.ts';

/** in × out; above it a session that starts at once would spend its time on summing kernels. */
const LARGEST_KERNEL = 512 ** 2;

/**
 * By place along one side (even, odd): how the kernel's three taps add up to the two that are different there. An even
 * pixel sees its left neighbour and, twice, itself; an odd one itself twice and its right neighbour.
 */
const TAPS = [
  [
    [1, 0],
    [0, 1],
    [0, 1],
  ],
  [
    [1, 0],
    [1, 0],
    [0, 1],
  ],
] as const;

const PLACES = [0, 1] as const;

/** Whether kernels are small enough to be summed whenever a session opens. */
export function suitsSubpixel({ inFeatures, outFeatures }: ConvolutionLayer): boolean {
  return inFeatures * outFeatures <= LARGEST_KERNEL;
}

/** x [rows, C, H, W] → [rows, out, 2H, 2W] of what is no halo. */
export function subpixel3x3({ scope, inFeatures, outFeatures, bias, halo }: ConvolutionLayer, x: Value): Value {
  const { graph } = scope.building;
  const pairs = outFeatures * inFeatures;
  const kernels = Reshape(scope.weight('weight', [outFeatures, inFeatures, 3, 3]), [pairs, 9], [pairs, 9]);
  const b = bias ? scope.weight('bias', [outFeatures]) : undefined;
  const { above, below } = halo;
  const places = PLACES.flatMap((row) => {
    // An even row sees the one above, an odd one the one below.
    const seen = withoutRows(x, row === 0 ? { above: 0, below } : { above, below: 0 });
    const pads = [row === 0 ? 1 - above : 0, row === 1 ? 1 - below : 0] as const;
    return PLACES.map((column) => {
      // Constants all of them: onnxruntime computes the sums when the session opens.
      const sums = graph.floats(`subpixel ${row}${column}`, tapSums(row, column), [9, 4]);
      const w = Reshape(MatMul(kernels, sums), [outFeatures, inFeatures, 2, 2], [outFeatures, inFeatures, 2, 2]);
      return Conv(seen, w, b, { pads: [pads[0], 1 - column, pads[1], column] });
    });
  });
  return DepthToSpace(Concat(places, 1), 2, { mode: 'DCR' });
}

/** [9, 4]: a flattened 3×3 kernel to the 2×2 one of a place. */
function tapSums(row: 0 | 1, column: 0 | 1): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    TAPS[row].flatMap((down) => TAPS[column].flatMap((across) => down.flatMap((y) => across.map((x) => y * x)))),
  );
}
