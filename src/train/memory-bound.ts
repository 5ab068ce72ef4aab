/** What a training run holds in memory, before anything is opened. Knows no machine, and not how a step is cut. */
import type { StepGraph } from './step-graph.ts';

/**
 * What a step holds beyond what must be there at one time: freed pieces that fit nothing later, between what lasts. Chosen so
 * that the bound covers the peaks measured with SD 1.5 (4.4 GB at 256², 6.9 GB at 512²).
 */
export const SLACK = 1.9;
/** The library, this program and its encoders. */
const PROGRAM_BYTES = 300e6;
/** A parameter's value, gradient, two moments and average. */
const COPIES = 5;

/** Bytes that a run holds besides what a step computes: weights, and what learns. */
export function besidesBytes({ graph, learnt }: StepGraph): number {
  const weights = graph.initializers.reduce((sum, { data }) => sum + lengthOf(data), 0);
  const parameters = graph.inputs
    .filter(({ name }) => learnt.includes(name))
    .reduce((sum, { shape }) => sum + 4 * shape.map(Number).reduce((product, side) => product * side, 1), 0);
  return PROGRAM_BYTES + weights + COPIES * parameters;
}

function lengthOf(data: StepGraph['graph']['initializers'][number]['data']): number {
  return data.kind === 'raw' ? data.bytes.length : data.length;
}
