/**
 * A reference interpreter for the operators that only CUDA has kernels for: each is spelt out in operators of the ONNX
 * standard, as onnxruntime documents it, and what comes out runs on a processor.
 */
import type { Graph } from '../../src/engine/onnx/index.ts';
import type { Attribute, Initializer, Node } from '../../src/engine/onnx/model-proto.ts';

const TO_FIRST = { perm: { kind: 'ints', value: [0, 3, 1, 2] } } as const;
const TO_LAST = { perm: { kind: 'ints', value: [0, 2, 3, 1] } } as const;

type Attributes = Readonly<Record<string, Attribute>>;

/** Without NhwcConv, GroupNorm, SkipGroupNorm and BiasSplitGelu. */
export function speltOut(graph: Graph): Graph {
  const constants = new Map<string, Initializer>();
  const nodes = graph.nodes.flatMap((node) => new Spelling(node, constants).nodes());
  return { ...graph, nodes, initializers: [...graph.initializers, ...constants.values()] };
}

class Spelling {
  readonly #node: Node;
  readonly #constants: Map<string, Initializer>;
  readonly #nodes: Node[] = [];

  constructor(node: Node, constants: Map<string, Initializer>) {
    this.#node = node;
    this.#constants = constants;
  }

  nodes(): readonly Node[] {
    const [x = '', second = '', third = '', fourth = ''] = this.#node.inputs;
    switch (this.#node.opType) {
      case 'NhwcConv': {
        const [picture, kernel] = [this.#do('Transpose', [x], TO_FIRST), this.#do('Transpose', [second], TO_FIRST)];
        const inputs = third === '' ? [picture, kernel] : [picture, kernel, third];
        this.#end('Transpose', [this.#do('Conv', inputs, this.#node.attributes)], TO_LAST);
        return this.#nodes;
      }
      case 'GroupNorm':
        return this.#norm(x, second, third);
      case 'SkipGroupNorm':
        return this.#norm(this.#do('Add', [x, this.#do('Unsqueeze', [fourth, this.#ints([1, 2])])]), second, third);
      case 'BiasSplitGelu': {
        const [hidden, gate] = this.#both('Split', [this.#do('Add', [x, second])], {
          axis: { kind: 'int', value: -1 },
          num_outputs: { kind: 'int', value: 2 },
        });
        this.#end('Mul', [hidden, this.#do('Gelu', [gate])]);
        return this.#nodes;
      }
      default:
        return [this.#node];
    }
  }

  #norm(x: string, gamma: string, beta: string): readonly Node[] {
    const { groups, epsilon, activation, channels_last } = this.#node.attributes;
    if (channels_last?.value !== 1 || groups === undefined || epsilon === undefined) {
      throw new Error(`Expected ${this.#node.name} over channels that lie last, with groups and epsilon.`);
    }
    const normed = this.#do('GroupNormalization', [this.#do('Transpose', [x], TO_FIRST), gamma, beta], {
      num_groups: groups,
      epsilon,
    });
    if (activation?.value === 0) {
      this.#end('Transpose', [normed], TO_LAST);
      return this.#nodes;
    }
    const last = this.#do('Transpose', [normed], TO_LAST);
    this.#end('Mul', [last, this.#do('Sigmoid', [last])]);
    return this.#nodes;
  }

  #do(opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    const name = this.#fresh();
    this.#push(opType, inputs, [name], attributes);
    return name;
  }

  #both(opType: string, inputs: readonly string[], attributes: Attributes): readonly [string, string] {
    const names = [`${this.#fresh()} a`, `${this.#fresh()} b`] as const;
    this.#push(opType, inputs, names, attributes);
    return names;
  }

  #end(opType: string, inputs: readonly string[], attributes: Attributes = {}): void {
    this.#push(opType, inputs, this.#node.outputs, attributes);
  }

  #push(opType: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes): void {
    this.#nodes.push({ domain: '', opType, name: `${this.#fresh()} ${opType}`, inputs, outputs, attributes });
  }

  #fresh(): string {
    return `${this.#node.name} ${this.#nodes.length}`;
  }

  #ints(values: readonly number[]): string {
    const name = `spelt out ${values.join(' ')}`;
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.#constants.set(name, { name, dtype: 'i64', shape: [values.length], data: { kind: 'raw', bytes } });
    return name;
  }
}
