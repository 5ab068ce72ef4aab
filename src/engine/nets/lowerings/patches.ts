/**
 * What a convolution's kernel sees at each place, as rows of a matrix: bytes of whole pixels copied by a list of where they
 * lie, by all threads. The list is made once a call for all pictures of one size. Knows no weights.
 */
import type { GraphBuilder, Value } from '../../onnx/graph.ts';
import {
  Concat,
  convolved,
  Gather,
  Mul,
  Pad,
  Range,
  Reshape,
  Shape,
  SliceAxis,
  type ConvAttributes,
} from '../../onnx/index.ts';
import { dimAt, fixedDim } from '../../onnx/shape.ts';

type Patches = {
  /** [rows·H′·W′, k²·C], from above to below and from left to right. */
  readonly matrix: Value;
  /** Which pixels they are: [1, H′, W′, k²]. */
  readonly places: Value;
};

type Window = { readonly kernel: number; readonly step: number; readonly length: Value['shape'][number] };

/** x [rows, H, W, C]; `outside`: a scalar of its type that stands for what lies beyond its edges. */
export function patches(
  x: Value,
  outside: Value,
  kernel: number,
  { strides = [1, 1], pads = [0, 0, 0, 0] }: ConvAttributes,
): Patches {
  const [top, left, bottom, right] = pads;
  const padded = pads.some((width) => width > 0) ? Pad(x, [0, top, left, 0], [0, bottom, right, 0], outside) : x;
  const across = { kernel, step: strides[1], length: convolved(dimAt(x.shape, 2), kernel, strides[1], left + right) };
  const down = { kernel, step: strides[0], length: convolved(dimAt(x.shape, 1), kernel, strides[0], top + bottom) };
  const places = placesOf(padded, across, down);
  const [rows, channels] = [dimAt(x.shape, 0), fixedDim(x.shape, 3)];
  const matrixShape = [`${rows}·${down.length}·${across.length}`, kernel ** 2 * channels];
  const pixels = Reshape(padded, [0, -1, channels], [rows, areaOf(padded), channels]);
  const list = Reshape(places, [-1], [`${down.length}·${across.length}·${kernel ** 2}`]);
  const seen = Gather(pixels, list, { axis: 1 }); // [rows, H′·W′·k², C]
  return { matrix: Reshape(seen, [-1, kernel ** 2 * channels], matrixShape), places };
}

const known = new WeakMap<GraphBuilder, Map<string, Value>>();

/** Of pictures that are as high and wide as `padded` [rows, H, W, C]: lengths of one name are one length. */
function placesOf(padded: Value, across: Window, down: Window): Value {
  const { graph } = padded;
  const key = JSON.stringify([padded.shape.slice(1, 3), across, down]);
  const lists = known.get(graph) ?? new Map<string, Value>();
  known.set(graph, lists);
  const found = lists.get(key) ?? windows(windows(numbered(padded), 2, across), 1, down);
  lists.set(key, found);
  return found;
}

/** 0, 1, 2 … over the pixels of `padded`: [1, H, W, 1] */
function numbered(padded: Value): Value {
  const { graph } = padded;
  const [height, width] = [1, 2].map((axis) => Gather(Shape(padded), graph.int(axis)));
  if (height === undefined || width === undefined) {
    throw new Error('expected two lengths');
  }
  const all = Range(graph.int(0), Mul(height, width), graph.int(1), areaOf(padded));
  const target = Concat([graph.ints([1]), Shape(padded, { start: 1, end: 3 }), graph.ints([1])], 0);
  return Reshape(all, target, [1, dimAt(padded.shape, 1), dimAt(padded.shape, 2), 1]);
}

function areaOf({ shape }: Value): string {
  return `(${dimAt(shape, 1)})·(${dimAt(shape, 2)})`;
}

/** x moved along `axis` by each of the kernel's places, one after another in its channels. */
function windows(x: Value, axis: 1 | 2, { kernel, step, length }: Window): Value {
  const parts = Array.from({ length: kernel }, (_, place) => {
    const rest = kernel - 1 - place;
    return SliceAxis(x, axis, { start: place, step, ...(rest > 0 && { end: -rest }) }, length);
  });
  return Concat(parts, 3);
}
