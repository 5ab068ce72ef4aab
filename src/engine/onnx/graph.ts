/**
 * A graph in the making: values that know their type and shape, and the one place that names and collects nodes.
 * Operators are the functions in operators/; a mistake in a shape throws on the line that made it. Knows no file format
 * (model-proto.ts) and no net. The idea of typed immutable values is spox's (https://github.com/Quantco/spox).
 */
import type { Attribute, DataType, Graph, Initializer, InitializerData, Node, ValueInfo } from './model-proto.ts';
import { formatShape, type Shape } from './shape.ts';

/** A tensor that will be there when the graph runs. */
export type Value = {
  readonly graph: GraphBuilder;
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: Shape;
};

export type NodeSpec = {
  readonly opType: string;
  readonly domain?: 'com.microsoft';
  /** `undefined` stands for an optional input that is left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly { readonly dtype: DataType; readonly shape: Shape }[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
};

export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: Node[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #inputs: Value[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #values: ValueInfo[] = [];
  /** Nodes whose inputs are all equal are one node: shape arithmetic repeats itself all over a net. */
  readonly #known = new Map<string, readonly Value[]>();

  constructor(name: string) {
    this.#name = name;
  }

  input(name: string, dtype: DataType, shape: Shape): Value {
    if (this.#inputs.some((input) => input.name === name)) {
      throw new Error(`The graph has an input ${name} already.`);
    }
    const value = { graph: this, name, dtype, shape };
    this.#inputs.push(value);
    return value;
  }

  /** In the order in which they were made. */
  get inputs(): readonly Value[] {
    return this.#inputs;
  }

  output(name: string, value: Value): void {
    const { dtype, shape } = value;
    this.#nodes.push({ domain: '', opType: 'Identity', name, inputs: [value.name], outputs: [name], attributes: {} });
    this.#outputs.push({ name, dtype, shape });
  }

  /** A constant under a name of its own; the same name again gives the same value, which must be the same tensor. */
  initializer(name: string, dtype: DataType, shape: readonly number[], data: InitializerData): Value {
    const known = this.#initializers.get(name);
    if (known !== undefined && (known.dtype !== dtype || formatShape(known.shape) !== formatShape(shape))) {
      throw new Error(
        `${name} is there already as ${known.dtype} ${formatShape(known.shape)}, not ${dtype} ${formatShape(shape)}.`,
      );
    }
    if (known === undefined) {
      this.#initializers.set(name, { name, dtype, shape, data });
    }
    return { graph: this, name, dtype, shape };
  }

  /**
   * A constant as it lies under another shape; undefined for what is none. Reshaped by a node it would be copied out of its
   * file when a session opens.
   */
  constantAs(value: Value, shape: readonly number[]): Value | undefined {
    const known = this.#initializers.get(value.name);
    return known && this.initializer(`${value.name} as ${formatShape(shape)}`, known.dtype, shape, known.data);
  }

  ints(values: readonly number[]): Value {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.initializer(`ints[${values.join(',')}]`, 'i64', [values.length], { kind: 'raw', bytes });
  }

  /** A number of 64 bits without axes. */
  int(value: number): Value {
    const bytes = new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
    return this.initializer(`int ${value}`, 'i64', [], { kind: 'raw', bytes });
  }

  /** An fp32 constant; `name` must be its own, scalars excepted: see `scalar`. */
  floats(name: string, values: Float32Array<ArrayBuffer>, shape: readonly number[]): Value {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return this.initializer(name, 'f32', shape, { kind: 'raw', bytes });
  }

  scalar(value: number): Value {
    return this.floats(`float ${value}`, Float32Array.of(value), []);
  }

  /** A number of 8 bits without axes. */
  byte(value: number, dtype: 'i8' | 'u8'): Value {
    return this.initializer(`${dtype} ${value}`, dtype, [], { kind: 'raw', bytes: Uint8Array.of(value) });
  }

  node(spec: NodeSpec): readonly Value[] {
    for (const input of spec.inputs) {
      if (input !== undefined && input.graph !== this) {
        throw new Error(`${spec.opType}: ${input.name} belongs to another graph.`);
      }
    }
    const inputs = spec.inputs.map((input) => input?.name ?? '');
    const attributes = spec.attributes ?? {};
    const key = JSON.stringify([spec.opType, inputs, attributes]);
    const known = this.#known.get(key);
    if (known !== undefined) {
      return known;
    }
    const name = `${spec.opType}_${this.#nodes.length}`;
    const values = spec.outputs.map(({ dtype, shape }, k): Value => ({
      graph: this,
      name: `${name}.${k}`,
      dtype,
      shape,
    }));
    const outputs = values.map((value) => value.name);
    this.#values.push(...values.map(infoOf));
    this.#nodes.push({ domain: spec.domain ?? '', opType: spec.opType, name, inputs, outputs, attributes });
    this.#known.set(key, values);
    return values;
  }

  finish(): Graph {
    return {
      name: this.#name,
      nodes: [...this.#nodes],
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs.map(infoOf),
      outputs: [...this.#outputs],
      values: [...this.#values],
    };
  }
}

function infoOf({ name, dtype, shape }: Value): ValueInfo {
  return { name, dtype, shape };
}

/** The one output of a node that has one. */
export function single(
  graph: GraphBuilder,
  spec: Omit<NodeSpec, 'outputs'> & { readonly output: NodeSpec['outputs'][number] },
): Value {
  const { output, ...rest } = spec;
  const [value] = graph.node({ ...rest, outputs: [output] });
  if (value === undefined) {
    throw new Error(`${spec.opType}: a node without output.`);
  }
  return value;
}
