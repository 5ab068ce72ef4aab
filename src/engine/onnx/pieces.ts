/**
 * A finished graph in pieces, each a graph of its own that runs in a session of its own, one after another: a long call
 * becomes several short ones. What a piece makes and a later one reads passes between them as an output and an input, or is
 * computed again there, which takes time and saves memory (Chen et al., arXiv 1604.06174). In one graph that could not be:
 * equal nodes are made one. Knows no session, and not what is differentiated.
 */
import type { Graph, Node, ValueInfo } from './model-proto.ts';
import { passWide } from './pass-wide.ts';
import { VIEWS } from './peak-memory.ts';

export type Cut = {
  /** Places in `graph.nodes` where a new piece begins, in order. */
  readonly at: readonly number[];
  /** Whether a value that a later piece reads is computed there again, from what is not; default: none is. */
  readonly isMadeAgain?: (name: string) => boolean;
};

/**
 * The pieces in order: their inputs are those of `graph` and outputs of earlier pieces, by the same names, and their outputs
 * together have all those of `graph`.
 */
export function inPieces(graph: Graph, { at, isMadeAgain = () => false }: Cut): readonly Graph[] {
  const makers = new Map(graph.nodes.flatMap((node, place) => node.outputs.map((name) => [name, place] as const)));
  const given = new Set([...graph.inputs, ...graph.initializers].map(({ name }) => name));
  const isFree = freeNodes(graph, given);
  const nodeAt = (place: number): Node => {
    const node = graph.nodes[place];
    if (node === undefined) {
      throw new Error(`Expected a node at ${place}, there are ${graph.nodes.length}.`);
    }
    return node;
  };
  /** The places of a piece's own nodes, and of those that it computes again. */
  const withSources = (own: readonly number[]): ReadonlySet<number> => {
    const places = new Set(own);
    const open = [...own];
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      for (const name of nodeAt(place).inputs) {
        const maker = makers.get(name);
        if (maker !== undefined && !places.has(maker) && (isFree.has(maker) || isMadeAgain(name))) {
          places.add(maker);
          open.push(maker);
        }
      }
    }
    return places;
  };
  const starts = [0, ...at];
  const pieces = starts.map((start, k) => {
    const end = starts[k + 1] ?? graph.nodes.length;
    const own = Array.from({ length: end - start }, (_, n) => start + n).filter((place) => !isFree.has(place));
    const nodes = [...withSources(own)].toSorted((a, b) => a - b).map(nodeAt);
    const made = new Set(own.flatMap((place) => nodeAt(place).outputs));
    const known = new Set(nodes.flatMap(({ outputs }) => outputs));
    const read = new Set(nodes.flatMap(({ inputs }) => inputs.filter((name) => name !== '' && !known.has(name))));
    return { nodes, made, read };
  });
  const infos = new Map([...graph.inputs, ...graph.values, ...graph.outputs].map((info) => [info.name, info]));
  const infoOf = (name: string): ValueInfo => {
    const info = infos.get(name);
    if (info === undefined) {
      throw new Error(`${graph.name} does not tell the shape of ${name}.`);
    }
    return info;
  };
  const wanted = new Set(graph.outputs.map(({ name }) => name));
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const lastReader = new Map(pieces.flatMap(({ read }, k) => [...read].map((name) => [name, k] as const)));
  return pieces.map(({ nodes, made, read }, k) => {
    const outputs = [...made].filter((name) => wanted.has(name) || (lastReader.get(name) ?? k) > k);
    const isOutput = new Set(outputs);
    const piece = {
      name: `${graph.name}, piece ${k + 1} of ${pieces.length}`,
      nodes,
      initializers: graph.initializers.filter(({ name }) => read.has(name)),
      inputs: [...read].filter((name) => !constants.has(name)).map(infoOf),
      outputs: outputs.map(infoOf),
      values: nodes.flatMap((node) =>
        node.outputs.filter((name) => infos.has(name) && !isOutput.has(name)).map(infoOf),
      ),
    };
    return passWide(piece, (name) => makers.has(name) && !wanted.has(name));
  });
}

/** `graph` with what it gives made as early as can be, so that none of it is handed through pieces. */
export function outputsEarly(graph: Graph): Graph {
  const isOutput = new Set(graph.outputs.map(({ name }) => name));
  const isLast = (node: Node): boolean => node.opType === 'Identity' && node.outputs.some((name) => isOutput.has(name));
  const behind = new Map<string, Node[]>();
  for (const node of graph.nodes.filter(isLast)) {
    const [from = ''] = node.inputs;
    behind.set(from, [...(behind.get(from) ?? []), node]);
  }
  const placed = new Set<string>();
  const nodes = graph.nodes
    .filter((node) => !isLast(node))
    .flatMap((node) => {
      const followers = node.outputs.flatMap((name) => {
        placed.add(name);
        return behind.get(name) ?? [];
      });
      return [node, ...followers];
    });
  // What is given of an input or a constant has no maker to follow.
  const rest = [...behind].flatMap(([name, each]) => (placed.has(name) ? [] : each));
  return { ...graph, nodes: [...nodes, ...rest] };
}

/**
 * Places of nodes that cost next to nothing to have again: views, numbers of tokens and places, which are no floats, and
 * what is made of constants when a session opens.
 */
function freeNodes(graph: Graph, given: ReadonlySet<string>): ReadonlySet<number> {
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const constant = new Set([...given].filter((name) => !inputs.has(name)));
  constant.add('');
  const floats = new Set(graph.values.flatMap(({ name, dtype }) => (dtype === 'f32' || dtype === 'f16' ? [name] : [])));
  const free = new Set<number>();
  for (const [place, node] of graph.nodes.entries()) {
    const isConstant = node.inputs.every((name) => constant.has(name));
    if (isConstant) {
      node.outputs.forEach((name) => constant.add(name));
    }
    const isGiven = node.opType === 'Identity';
    const isFloat = node.outputs.some((name) => floats.has(name));
    if (!isGiven && (isConstant || VIEWS.has(node.opType) || !isFloat)) {
      free.add(place);
    }
  }
  return free;
}
