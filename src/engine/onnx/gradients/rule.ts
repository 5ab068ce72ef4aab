/**
 * What a rule of differentiation is: of one node, given the gradients by its outputs, the gradients by its inputs, as
 * ordinary operators in the same graph. One rule an operator; the rules lie in files of the operators' families.
 */
import type { Value } from '../graph.ts';
import type { Attribute } from '../model-proto.ts';
import { fixedDim, formatShape, type Shape } from '../shape.ts';
import { Cast, ReduceSum, Reshape } from '../index.ts';

/** A node of a finished graph, in the builder that its gradients go to. */
export type TapeNode = {
  readonly opType: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
};

/** `undefined` where nothing depends on an output. */
export type OutputGradients = readonly (Value | undefined)[];

export type InputGradient = {
  readonly make: () => Value;
  /** Of so many leading channels alone, where that is cheaper than all of them. */
  readonly ofLeading?: (channels: number) => Value;
  /** The same on top of what other uses of the input gave, where the operator adds on the way. */
  readonly addTo?: (known: Value) => Value;
};

export type RuleOptions = {
  /** Bytes of attention's probabilities that may be there at a time: more heads go one group after another. */
  readonly attentionBytes: number;
};

/** One entry an input; `undefined` for one that has no gradient (indices, shapes), a string says why one is refused. */
export type Rule = (
  node: TapeNode,
  dys: OutputGradients,
  options: RuleOptions,
) => readonly (InputGradient | string | undefined)[];

/** A rule for an operator with one output, all of whose inputs have gradients. */
export function simple(gradientsOf: (dy: Value, node: SimpleNode) => readonly (() => Value)[]): Rule {
  return (node, [dy]) => {
    const [y] = node.outputs;
    const inputs = node.inputs.filter((input) => input !== undefined);
    const [x] = inputs;
    if (dy === undefined || y === undefined || x === undefined) {
      throw new Error(`${node.opType}: expected an input, an output and its gradient.`);
    }
    return gradientsOf(dy, { ...node, x, y, inputs }).map((make) => ({ make }));
  };
}

type SimpleNode = Omit<TapeNode, 'inputs'> & {
  readonly inputs: readonly Value[];
  /** The first input. */
  readonly x: Value;
  readonly y: Value;
};

/** The input at `place`, which must be there. */
export function inputAt({ opType, inputs }: Pick<TapeNode, 'opType' | 'inputs'>, place: number): Value {
  const value = inputs[place];
  if (value === undefined) {
    throw new Error(`${opType}: expected an input ${place}.`);
  }
  return value;
}

export function intAttribute({ attributes }: Pick<TapeNode, 'attributes'>, name: string, usual: number): number {
  const attribute = attributes[name];
  return attribute?.kind === 'int' ? attribute.value : usual;
}

export function intsAttribute(
  { attributes }: Pick<TapeNode, 'attributes'>,
  name: string,
  usual: readonly number[],
): readonly number[] {
  const attribute = attributes[name];
  return attribute?.kind === 'ints' ? attribute.value : usual;
}

export function floatAttribute({ attributes }: Pick<TapeNode, 'attributes'>, name: string, usual: number): number {
  const attribute = attributes[name];
  return attribute?.kind === 'float' ? attribute.value : usual;
}

/** Negative axes count from the end. */
export function axisOf(node: Pick<TapeNode, 'attributes'>, x: Value, usual: number): number {
  const axis = intAttribute(node, 'axis', usual);
  return axis < 0 ? x.shape.length + axis : axis;
}

/** `values` as a constant of the type that `x` has; `name` as for `GraphBuilder.floats`. */
export function constantLike(
  x: Value,
  name: string,
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
): Value {
  return Cast(x.graph.floats(name, values, shape), x.dtype);
}

/** Nothing where it has the shape already. */
export function reshaped(x: Value, shape: Shape): Value {
  const fixed = shape.map((_, axis) => fixedDim(shape, axis));
  return formatShape(x.shape) === formatShape(shape) ? x : (x.graph.constantAs(x, fixed) ?? Reshape(x, fixed, fixed));
}

/** The gradient by what was broadcast: sums over what it was repeated along. */
export function unbroadcast(dy: Value, shape: Shape): Value {
  const lead = dy.shape.length - shape.length;
  const axes = dy.shape.flatMap((dim, axis) => (axis < lead || (shape[axis - lead] === 1 && dim !== 1) ? [axis] : []));
  return reshaped(axes.length === 0 ? dy : ReduceSum(dy, axes), shape);
}

/** Elements of a shape without names. */
export function countOf(shape: Shape): number {
  return shape.reduce<number>((product, _, axis) => product * fixedDim(shape, axis), 1);
}
