/**
 * What a row of a call takes of a device's memory, and how many fit, worked out from the graph before anything runs. Knows no
 * device: what is free comes in. What does not fit all the same is met by a call with fewer rows (engine.ts).
 */
import { bindLengths, type Lengths } from '../onnx/bind-lengths.ts';
import type { Graph } from '../onnx/index.ts';
import { peakBytes, sizesOf } from '../onnx/peak-memory.ts';

export type RowMemory = {
  /** That each row adds to what a call holds at most. */
  readonly bytes: number;
  /** Of one row's part of the largest tensor. */
  readonly largest: number;
};

/** Of a device, for what calls compute. */
export type DeviceRoom = {
  readonly bytes: number;
  /** No tensor may be larger; infinite where there is no such bound. */
  readonly largest: number;
};

/** Beyond what must be there at one time: pieces that were freed and fit nothing later, kernels' own scratch. */
const SLACK = 1.75;

/** `lengths`: of the graph's inputs but for `rows`. */
export function rowMemory(graph: Graph, lengths: Lengths): RowMemory {
  const [one, two] = [bindLengths(graph, { ...lengths, rows: 1 }), bindLengths(graph, { ...lengths, rows: 2 })];
  const alone = sizesOf(one);
  // What is the same for any number of rows, as weights in another type are, is no row's.
  const added = new Map(Array.from(sizesOf(two), ([name, size]) => [name, size - (alone.get(name) ?? 0)]));
  return { bytes: SLACK * peakBytes(two, added), largest: Math.max(...added.values()) };
}

/** At least one: a call of one row is tried, whatever was worked out. */
export function rowsThatFit({ bytes, largest }: RowMemory, room: DeviceRoom): number {
  return Math.max(1, Math.floor(Math.min(room.bytes / bytes, room.largest / largest)));
}
