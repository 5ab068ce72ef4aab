/**
 * What nodes of fixed lengths have to compute, in multiplications with an addition: products and convolutions by their
 * shapes, everything else by what it reads and writes, since memory is what holds that up. An estimate to share work out by.
 */
import type { Graph, Node } from './model-proto.ts';
import { VIEWS } from './peak-memory.ts';

/** Of what an element costs that is only passed through, in multiplications: memory against arithmetic, about. */
const PASSING = 12;

/** One number a node. Throws an `Error` for a length that is no number. */
export function arithmeticOf(graph: Graph): readonly number[] {
  const shapes = new Map(
    [...graph.inputs, ...graph.initializers, ...graph.values, ...graph.outputs].map(({ name, shape }) => [
      name,
      shape.map((dim) => {
        if (typeof dim !== 'number') {
          throw new Error(`Expected ${name} to have fixed lengths, got ${dim}.`);
        }
        return dim;
      }),
    ]),
  );
  const shapeOf = (name: string | undefined): readonly number[] => shapes.get(name ?? '') ?? [];
  return graph.nodes.map((node) => costOf(node, shapeOf));
}

function costOf(node: Node, shapeOf: (name: string | undefined) => readonly number[]): number {
  const { opType, inputs, outputs } = node;
  const [x, w] = [shapeOf(inputs[0]), shapeOf(inputs[1])];
  const y = shapeOf(outputs[0]);
  switch (opType) {
    case 'Conv':
    case 'FusedConv':
      return count(y) * count(w.slice(1));
    case 'ConvTranspose':
      return count(x) * count(w.slice(1));
    case 'Gemm':
    case 'MatMul':
    case 'FusedMatMul': {
      const isTurned = node.attributes['transA'];
      const inner = isTurned?.kind === 'int' && isTurned.value === 1 ? x.at(-2) : x.at(-1);
      return count(y) * (inner ?? 1);
    }
    case 'MultiHeadAttention':
      return 2 * count(x) * (w[1] ?? 1);
    default:
      return VIEWS.has(opType) ? 0 : PASSING * count(y);
  }
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
