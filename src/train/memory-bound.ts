/**
 * Whether a training step fits into memory, before anything is opened: what its graph holds at most, its weights, and
 * what learns. Knows no machine: what is free comes in.
 */
import { UserError } from '../core/errors.ts';
import { peakBytes } from '../engine/onnx/peak-memory.ts';
import type { StepGraph } from './step-graph.ts';

/**
 * What onnxruntime holds of a step beyond what must be there at one time: freed pieces that fit nothing later. Chosen so
 * that the bound covers the peaks of a prototype with SD 1.5 (4.1 GB at 256², 6.8 GB at 512²).
 */
const SLACK = 1.75;
/** The library, this program and its encoders. */
const PROGRAM_BYTES = 300e6;
/** A parameter's value, gradient, two moments and average. */
const COPIES = 5;

/** Bytes that a run needs, from opening to end. */
export function neededBytes({ graph, learnt }: StepGraph): number {
  const weights = graph.initializers.reduce((sum, { data }) => sum + lengthOf(data), 0);
  const parameters = graph.inputs
    .filter(({ name }) => learnt.includes(name))
    .reduce((sum, { shape }) => sum + 4 * shape.map(Number).reduce((product, side) => product * side, 1), 0);
  return PROGRAM_BYTES + weights + SLACK * peakBytes(graph) + COPIES * parameters;
}

function lengthOf(data: StepGraph['graph']['initializers'][number]['data']): number {
  return data.kind === 'raw' ? data.bytes.length : data.length;
}

/** Throws `UserError` `train.memory` with both figures where it does not fit. */
export function checkMemory(step: StepGraph, freeBytes: number): void {
  const needed = neededBytes(step);
  if (needed > freeBytes) {
    const [needs, free] = [needed, freeBytes].map((bytes) => (bytes / 1e9).toFixed(1));
    throw new UserError(
      'train.memory',
      `Expected ${needs} GB of free memory to train at this size, got ${free} GB; free some, or train at a smaller size.`,
      { params: { needed: needs ?? '', free: free ?? '' } },
    );
  }
}
