/**
 * A finished graph taken up again: its nodes in a builder, so that more can come behind it (a loss, another net, the
 * way back) or before it (what was an input may be computed). Lengths and names inside are the builder's business.
 */
import { GraphBuilder, type NodeSpec, type Value } from './graph.ts';
import type { Graph, Node } from './model-proto.ts';

export type ReopenOptions = {
  /** Where the nodes go; default: a builder of the graph's name. */
  readonly into?: GraphBuilder;
  /** Stands in front of the names of inputs and weights: two nets in one graph may name theirs alike. */
  readonly prefix?: string;
  /** Values of the builder that take the place of inputs, by the inputs' names. */
  readonly inputs?: ReadonlyMap<string, Value>;
  /** How a `node` of the finished graph is added, which is `spec` in the builder; default: as it is. */
  readonly emit?: (spec: NodeSpec, node: Node, builder: GraphBuilder) => readonly Value[];
};

export type ReopenedGraph = {
  readonly builder: GraphBuilder;
  /** By their names in the finished graph, inputs and outputs among them; outputs are not yet outputs again. */
  readonly values: ReadonlyMap<string, Value>;
  readonly value: (name: string) => Value;
};

export function reopen(graph: Graph, options: ReopenOptions = {}): ReopenedGraph {
  const { into: builder = new GraphBuilder(graph.name), prefix = '', inputs = new Map<string, Value>() } = options;
  const emit = options.emit ?? ((spec: NodeSpec) => builder.node(spec));
  const infos = new Map([...graph.values, ...graph.outputs].map((info) => [info.name, info]));
  const values = new Map<string, Value>();
  for (const { name, dtype, shape } of graph.inputs) {
    values.set(name, inputs.get(name) ?? builder.input(prefix + name, dtype, shape));
  }
  for (const { name, dtype, shape, data } of graph.initializers) {
    // What lies in the model is named by what it is.
    const own = data.kind === 'external' ? prefix + name : name;
    values.set(name, builder.initializer(own, dtype, shape, data));
  }
  const value = (name: string): Value => {
    const found = values.get(name);
    if (found === undefined) {
      throw new Error(`${graph.name} has no value ${name}.`);
    }
    return found;
  };
  for (const node of graph.nodes) {
    const taken = node.inputs.map((name) => (name === '' ? undefined : value(name)));
    const [first] = taken;
    const made =
      node.opType === 'Identity' && first !== undefined
        ? [first]
        : emit(
            {
              opType: node.opType,
              ...(node.domain === 'com.microsoft' && { domain: node.domain }),
              inputs: taken,
              outputs: node.outputs.map((name) => {
                const info = infos.get(name);
                if (info === undefined) {
                  throw new Error(`${graph.name} does not tell the shape of ${name}.`);
                }
                return info;
              }),
              attributes: node.attributes,
            },
            node,
            builder,
          );
    for (const [k, name] of node.outputs.entries()) {
      const result = made[k];
      if (result !== undefined) {
        values.set(name, result);
      }
    }
  }
  return { builder, values, value };
}
