/**
 * A finished graph for calls of one size: every length is a number, shapes that had to be computed are constants, and
 * what computed them is gone. Knows no net; the grammar of lengths is shape.ts's.
 */
import type { Dim, Graph, Initializer, Node, ValueInfo } from './model-proto.ts';
import { withoutSum, type Shape } from './shape.ts';
import { needed } from './tidy.ts';

/** By name: `{ rows: 2, height: 64 }`. A length of many names that end alike is found by the end: `rank` for `conv_in.rank`. */
export type Lengths = Readonly<Record<string, number>>;

/** Throws an `Error` for a length without a number. */
export function bindLengths(graph: Graph, lengths: Lengths): Graph {
  const bound = ({ name, dtype, shape }: ValueInfo): ValueInfo => ({
    name,
    dtype,
    shape: shape.map((dim) => boundDim(dim, lengths)),
  });
  const [inputs, outputs, values] = [graph.inputs.map(bound), graph.outputs.map(bound), graph.values.map(bound)];
  const shapes = new Map(values.map(({ name, shape }) => [name, shape]));
  const constants = new Set(graph.initializers.map(({ name }) => name));
  const targets = new Map<string, Initializer>();
  const constant = (numbers: Shape): string => {
    const name = `ints[${numbers.join(',')}]`;
    const bytes = new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer);
    targets.set(name, { name, dtype: 'i64', shape: [numbers.length], data: { kind: 'raw', bytes } });
    return name;
  };
  const nodes = graph.nodes.map((node): Node => {
    const shape = shapes.get(node.outputs[0] ?? '') ?? [];
    const [first = '', second = '', ...rest] = node.inputs;
    switch (node.opType) {
      case 'Reshape':
        return { ...node, inputs: [first, constant(shape)] };
      case 'Unsqueeze':
        return { ...node, opType: 'Reshape', inputs: [first, constant(shape)] };
      case 'Slice': {
        const [ends = '', ...axes] = rest;
        return constants.has(ends) ? node : { ...node, inputs: [first, second, constant(shape.slice(-2)), ...axes] };
      }
      default:
        return node;
    }
  });
  const initializers = new Map([...graph.initializers.map((each) => [each.name, each] as const), ...targets]);
  return needed({ name: graph.name, nodes, initializers: [...initializers.values()], inputs, outputs, values });
}

/** `rows·height/2`, `width*8`, `height*2+1`, `(height/4)*4`, `rows?`: divided lengths are rounded up, as a part of `height·width in 8` is. */
function boundDim(dim: Dim, lengths: Lengths): number {
  if (typeof dim === 'number') {
    return dim;
  }
  const [, whole, parts] = /^(.*) in (\d+)(?:, rest)?$/.exec(dim) ?? [];
  if (whole !== undefined) {
    return Math.ceil(boundDim(whole, lengths) / Number(parts));
  }
  return dim.split('·').reduce((product, part) => {
    const { base, more } = withoutSum(part);
    const [, name = base, factor = '1', divisor = '1'] = /^(.*?)\??(?:\*(\d+))?(?:\/(\d+))?$/.exec(base) ?? [];
    return product * (Math.ceil((lengthOf(name, lengths) * Number(factor)) / Number(divisor)) + more);
  }, 1);
}

function lengthOf(name: string, lengths: Lengths): number {
  if (/^\d+$/.test(name)) {
    return Number(name);
  }
  const inner = /^\((.*)\)$/.exec(name)?.[1];
  if (inner !== undefined) {
    return boundDim(inner, lengths);
  }
  const length = lengths[name] ?? lengths[name.slice(name.lastIndexOf('.') + 1)];
  if (length === undefined) {
    throw new Error(`Expected a number for the length ${name}, got ${Object.keys(lengths).join(', ')}.`);
  }
  return length;
}
