/**
 * The LoRA inputs of a call as a session takes them. Rows in one style are given once and broadcast by the graph, so
 * the usual call copies nothing.
 */
import type { FloatTensor } from '../ort/index.ts';
import type { LoraPacker, LoraRow } from '../weights/index.ts';

export type StyledRow = {
  /** Equal for equal styles. */
  readonly key: string;
  readonly loras: LoraRow;
};

export function loraFeeds(packer: LoraPacker, rows: readonly StyledRow[]): Readonly<Record<string, FloatTensor>> {
  const isOne = rows.every(({ key }) => key === rows[0]?.key);
  const packed = packer.pack((isOne ? rows.slice(0, 1) : rows).map(({ loras }) => loras));
  return Object.fromEntries(Array.from(packed, ([name, { data, dims }]) => [name, { data, shape: dims }]));
}
