/**
 * What a graph of fixed lengths holds at most while it runs, worked out beforehand: every value lives from the node that
 * makes it to the last one that reads it. An upper bound of nothing and a lower one of little: a runtime that reorders
 * or reuses may need less, its kernels' own scratch comes on top. Views (reshapes) cost nothing.
 */
import type { Graph } from './model-proto.ts';

const BYTES: Readonly<Record<string, number>> = { f32: 4, i32: 4, f16: 2, bf16: 2, i64: 8, u8: 1, i8: 1, bool: 1 };
/** Operators whose result is what they were given, under another shape. */
export const VIEWS: ReadonlySet<string> = new Set(['Reshape', 'Unsqueeze', 'Identity']);

/**
 * In bytes, without inputs and constants; `sizes`: of the values that count, by name, default: all of them. Throws an `Error`
 * for a length that is no number.
 */
export function peakBytes(graph: Graph, sizes: ReadonlyMap<string, number> = sizesOf(graph)): number {
  // 1. Whose memory a value is: its own, or what it is a view of.
  const owner = new Map<string, string>();
  const ownerOf = (name: string): string => owner.get(name) ?? name;
  for (const { opType, inputs, outputs } of graph.nodes) {
    const [input = ''] = inputs;
    const [output = ''] = outputs;
    if (VIEWS.has(opType)) {
      owner.set(output, ownerOf(input));
    }
  }
  // 2. Until when it is needed: the outputs to the end.
  const last = new Map<string, number>();
  for (const [at, { inputs }] of graph.nodes.entries()) {
    inputs.forEach((name) => last.set(ownerOf(name), at));
  }
  graph.outputs.forEach(({ name }) => last.set(ownerOf(name), graph.nodes.length));
  // 3. In order.
  let held = 0;
  let peak = 0;
  const ends = new Map<number, number>();
  for (const [at, { opType, outputs }] of graph.nodes.entries()) {
    for (const name of VIEWS.has(opType) ? [] : outputs) {
      const size = sizes.get(name) ?? 0;
      const end = last.get(name) ?? at;
      held += size;
      ends.set(end, (ends.get(end) ?? 0) + size);
    }
    peak = Math.max(peak, held);
    held -= ends.get(at) ?? 0;
  }
  return peak;
}

/** Of each value, in bytes. Throws an `Error` for a length that is no number. */
export function sizesOf(graph: Graph): ReadonlyMap<string, number> {
  return new Map(
    [...graph.values, ...graph.outputs].map(({ name, dtype, shape }) => [
      name,
      shape.reduce<number>((product, dim) => product * fixed(dim, name), BYTES[dtype] ?? 4),
    ]),
  );
}

function fixed(dim: number | string, name: string): number {
  if (typeof dim !== 'number') {
    throw new Error(`Expected ${name} to have fixed lengths, got ${dim}.`);
  }
  return dim;
}
