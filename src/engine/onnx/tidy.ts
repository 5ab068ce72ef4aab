/** A finished graph of fixed lengths without what does nothing: views of views, and nodes that no output comes from. */
import type { Graph, Node, ValueInfo } from './model-proto.ts';
import { formatShape } from './shape.ts';

export function tidied(graph: Graph): Graph {
  const infos = new Map([...graph.inputs, ...graph.initializers, ...graph.values].map((info) => [info.name, info]));
  const shapeOf = (name: string): string => formatShape(infos.get(name)?.shape ?? []);
  /** What a Reshape's result is a view of, and what a value is the same as. */
  const [viewed, same] = [new Map<string, string>(), new Map<string, string>()];
  const nodes = graph.nodes.map((node): Node => {
    const inputs = node.inputs.map((name) => same.get(name) ?? name);
    const [x = '', ...rest] = inputs;
    const [y = ''] = node.outputs;
    if (node.opType !== 'Reshape') {
      return { ...node, inputs };
    }
    const whole = viewed.get(x) ?? x;
    viewed.set(y, whole);
    if (shapeOf(y) === shapeOf(whole)) {
      same.set(y, whole);
    }
    return { ...node, inputs: [whole, ...rest] };
  });
  return needed({ ...graph, nodes });
}

/** Without nodes, constants and shapes that no output comes from. */
export function needed(graph: Graph): Graph {
  const nodes = needing(graph.nodes, graph.outputs);
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  return {
    ...graph,
    nodes,
    initializers: graph.initializers.filter(({ name }) => used.has(name)),
    values: graph.values.filter(({ name }) => made.has(name)),
  };
}

/** Those of the nodes, in order, that the outputs come from. */
function needing(nodes: readonly Node[], outputs: readonly ValueInfo[]): readonly Node[] {
  const wanted = new Set(outputs.map(({ name }) => name));
  const kept = nodes.toReversed().filter((node) => {
    const isNeeded = node.outputs.some((name) => wanted.has(name));
    if (isNeeded) {
      node.inputs.forEach((name) => wanted.add(name));
    }
    return isNeeded;
  });
  return kept.toReversed();
}
