/**
 * Of what a graph's first part hands to its rest, what is sooner made again there than kept: results of operators that
 * work element by element on what is handed over anyway (norms' scales, activations). Knows no net and no session.
 */
import type { Graph, Node } from './model-proto.ts';
import { VIEWS } from './peak-memory.ts';

/** One pass over memory each, and no sum over many elements. */
const CHEAP: ReadonlySet<string> = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Neg',
  'Sigmoid',
  'Relu',
  'QuickGelu',
  'Gelu',
  ...VIEWS,
]);

/** Whether a value is one of those; the first part is `graph.nodes` before the place `end`. */
export function cheapAgain(graph: Graph, end: number): (name: string) => boolean {
  const makers = new Map<string, Node>();
  for (const node of graph.nodes.slice(0, end)) {
    node.outputs.forEach((name) => makers.set(name, node));
  }
  const ownerOf = (name: string): string => {
    const maker = makers.get(name);
    return maker !== undefined && VIEWS.has(maker.opType) ? ownerOf(maker.inputs[0] ?? '') : name;
  };
  const handedOver = new Set(graph.nodes.slice(end).flatMap(({ inputs }) => inputs.map(ownerOf)));
  const known = new Map<string, boolean>();
  const isCheap = (name: string): boolean => {
    const found = known.get(name);
    if (found !== undefined) {
      return found;
    }
    const maker = makers.get(name);
    const cheap =
      maker !== undefined &&
      CHEAP.has(maker.opType) &&
      maker.inputs.every((input) => !makers.has(input) || handedOver.has(ownerOf(input)) || isCheap(input));
    known.set(name, cheap);
    return cheap;
  };
  return isCheap;
}
