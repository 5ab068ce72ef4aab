/**
 * A 3×3 convolution by Winograd's F(4×4, 3×3), written in ordinary operators: a quarter of the multiplications, for four
 * times the kernel. Which convolutions gain is decided here and nowhere else; the kernels come transformed from
 * weights/winograd.ts. In fp32 a convolution differs from the direct one by about 5e-6 (relative L2).
 */
import type { Value } from '../../onnx/graph.ts';
import {
  Add,
  Concat,
  Conv,
  DepthToSpace,
  FusedMatMul,
  MatMul,
  Reshape,
  Shape,
  Slice,
  Sub,
  Transpose,
} from '../../onnx/index.ts';
import type { Dim, Graph } from '../../onnx/model-proto.ts';
import { dimAt, lengthWhere, longer, type Shape as Dims } from '../../onnx/shape.ts';
import { A_T, B_T, SEEN, TILE, WINOGRAD } from '../../weights/winograd.ts';
import { NO_WEIGHTS, rowCount, ROWS } from '../building.ts';
import type { ConvolutionLayer } from '../lowering.ts';

/** With fewer tiles, at the size the model was made for, the larger kernel costs memory and saves little time. */
const FEWEST_TILES = 64;
/** With fewer features on either side, transforming the picture costs what is saved: 0.92 of the time with 128. */
const FEWEST_FEATURES = 192;
/** in × out; above it a kernel alone is more than 236 MB when transformed. */
const LARGEST_KERNEL = 1280 ** 2;
/** Bytes of all tiles before and after the products; above it they crowd the memory and wait for it. */
const LARGEST_TILES = 640e6;

const POSITIONS = SEEN ** 2;

/**
 * Whether `layer` over a picture of `shape` [rows, C, H, W] is to be a Winograd one. `pairsPerTile`: in × out at most for each
 * tile, where memory is dearer than time.
 */
export function suitsWinograd(
  { scope, kernel, keepsSize, bias, inFeatures, outFeatures }: ConvolutionLayer,
  shape: Dims,
  pairsPerTile = Number.POSITIVE_INFINITY,
): boolean {
  const { sides, source } = scope.building;
  const isOfKind = kernel === 3 && keepsSize && bias;
  if (!isOfKind || sides === undefined || !(source === NO_WEIGHTS || scope.has(WINOGRAD))) {
    return false;
  }
  const [height, width] = [2, 3].map((axis) => lengthWhere(dimAt(shape, axis), sides.usual));
  const tiles = ((height ?? 0) * (width ?? 0)) / TILE ** 2;
  return (
    tiles >= FEWEST_TILES &&
    tiles * POSITIONS * (inFeatures + outFeatures) * Float32Array.BYTES_PER_ELEMENT <= LARGEST_TILES &&
    Math.min(inFeatures, outFeatures) >= FEWEST_FEATURES &&
    inFeatures * outFeatures <= Math.min(LARGEST_KERNEL, tiles * pairsPerTile)
  );
}

/** The names of the transformed kernels that a graph wants. */
export function winogradKernels({ initializers }: Graph): readonly string[] {
  return initializers.map(({ name }) => name).filter((name) => name.endsWith(`.${WINOGRAD}`));
}

/** x [rows, C, H, W] → [rows, out, H, W] but for its halo; H and W may be anything, multiples of 4 are not cropped. */
export function winograd3x3({ scope, inFeatures, outFeatures, halo }: ConvolutionLayer, x: Value): Value {
  const { building } = scope;
  const { graph } = building;
  const { above, below } = halo;
  const [seen, width] = [dimAt(x.shape, 2), dimAt(x.shape, 3)];
  const height = longer(seen, -above - below);
  const u = scope.weight(WINOGRAD, [1, POSITIONS, outFeatures, inFeatures]);
  const b = graph.floats('winograd B', kronecker(B_T), [POSITIONS, 1, SEEN, SEEN]);
  const a = graph.floats('winograd A', kronecker(A_T), [TILE ** 2, POSITIONS]);

  // 1. Every channel of every row is a picture of its own, features first: the products below sum over the first axis.
  const planes = Reshape(Transpose(x, [1, 0, 2, 3]), [-1, 1, 0, 0], [`${inFeatures}·${ROWS}`, 1, seen, width]);

  // 2. Bᵀ·d·B of tiles that overlap by two pixels, as one convolution; the last tiles may reach past the edge.
  const tiles = Conv(planes, b, undefined, { strides: [TILE, TILE], pads: [1 - above, 1, TILE - below, TILE] }); // [C·rows, 36, H/4, W/4]
  const [down, across] = [dimAt(tiles.shape, 2), dimAt(tiles.shape, 3)];
  const byFeature = Concat([graph.ints([inFeatures]), rowCount(building), graph.ints([POSITIONS, -1])], 0);
  const v = Reshape(tiles, byFeature, [inFeatures, ROWS, POSITIONS, `${down}·${across}`]);

  // 3. At each position a matrix product over the features.
  const m = FusedMatMul(u, v, { transBatchB: true }); // [rows, 36, out, tiles]

  // 4. Aᵀ·m·A: 16 pixels of each tile, which then take their places.
  const y = MatMul(a, Reshape(m, [0, POSITIONS, -1], [ROWS, POSITIONS, `${outFeatures}·${down}·${across}`])); // [rows, 16, out·tiles]
  const byTile = Concat([rowCount(building), graph.ints([TILE ** 2 * outFeatures]), Shape(tiles, { start: 2 })], 0);
  const multiple = building.sides?.multiple ?? 1;
  const isExact = [height, width].every((dim) => isWhole(dim, multiple));
  const sides = isExact ? [down, across] : [`(${down})`, `(${across})`]; // four times of it is not the height again
  const blocks = Reshape(y, byTile, [ROWS, TILE ** 2 * outFeatures, ...sides]);
  const whole = DepthToSpace(blocks, TILE, { mode: 'DCR' });
  const ends =
    above + below === 0 ? Shape(x, { start: 2 }) : Sub(Shape(x, { start: 2 }), graph.ints([above + below, 0]));
  const cropped = isExact ? whole : Slice(whole, ends, [ROWS, outFeatures, height, width]);
  return Add(cropped, scope.weight('bias', [outFeatures, 1, 1]));
}

function isWhole(dim: Dim, multiple: number): boolean {
  return Number.isInteger(lengthWhere(dim, multiple) / TILE);
}

/** M ⊗ M: what M does to a tile's rows and columns, as one matrix over the flattened tile. */
function kronecker(matrix: readonly (readonly number[])[]): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    matrix.flatMap((left) => matrix.flatMap((right) => left.flatMap((x) => right.map((y) => x * y)))),
  );
}
