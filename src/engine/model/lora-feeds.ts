/**
 * The LoRA inputs of a call as a session takes them. Rows in one style are given once and broadcast by the graph, so
 * the usual call copies nothing.
 */
import type { FloatTensor, HalfTensor } from '../ort/index.ts';
import type { GatedPacker, LoraInput, LoraPacker, LoraRow } from '../weights/index.ts';

export type StyleFeeds = Readonly<Record<string, FloatTensor | HalfTensor>>;

export type StyledRow = {
  /** Equal for equal styles. */
  readonly key: string;
  readonly loras: LoraRow;
};

/** `loraRows`: as the graph was built, which is not 'gated'; 'shared' only where `inOneStyle(rows)`. */
export function loraFeeds(
  packer: LoraPacker,
  rows: readonly StyledRow[],
  loraRows: 'each' | 'shared' = 'each',
): StyleFeeds {
  const isOne = inOneStyle(rows);
  if (loraRows === 'shared' && !isOne) {
    throw new Error('Expected rows in one style for a graph that takes one.');
  }
  const packed = packer.pack((isOne ? rows.slice(0, 1) : rows).map(({ loras }) => loras));
  // Three axes: the pair of a linear layer, whose first axis is rows.
  const shapeOf = (dims: readonly number[]): readonly number[] =>
    loraRows === 'shared' && dims.length === 3 ? dims.slice(1) : dims;
  return feedsOf(packed, shapeOf);
}

/** Of a graph that takes weights apart from the matrices; all rows are in one style. */
export function gatedFeeds(packer: GatedPacker, rows: readonly StyledRow[]): StyleFeeds {
  return feedsOf(packer.pack(rows[0]?.loras ?? []), (dims) => dims);
}

function feedsOf(
  packed: ReadonlyMap<string, LoraInput>,
  shapeOf: (dims: readonly number[]) => readonly number[],
): StyleFeeds {
  return Object.fromEntries(
    Array.from(packed, ([name, { data, dims }]) => {
      const shape = shapeOf(dims);
      return [name, data instanceof Uint16Array ? { data, shape } : { data, shape, stays: true }];
    }),
  );
}

export function inOneStyle(rows: readonly StyledRow[]): boolean {
  return rows.every(({ key }) => key === rows[0]?.key);
}
