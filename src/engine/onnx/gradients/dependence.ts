/**
 * How much of a value depends on what is learnt. Where a picture that does was joined with one that does not (what a UNet's
 * later blocks are handed past its middle), that is its leading channels alone, axis 1: only their gradients are asked for,
 * and an operator that works channel by channel needs no others to give them.
 */
import type { Value } from '../graph.ts';
import { SliceAxis } from '../index.ts';
import { fixedDim, type Shape } from '../shape.ts';
import { axisOf, countOf, inputAt, type TapeNode } from './rule.ts';

/** By name of a value, how many of its leading channels depend on what is learnt; it is missing where none does. */
export type Dependence = ReadonlyMap<string, number>;

/** Of those whose channels have nothing to do with each other, as far as the leading ones go. */
const BY_CHANNEL: ReadonlySet<string> = new Set(['Add', 'Mul', 'QuickGelu', 'LayerNormalization']);

/** Axis 1, which is all there is where there is none. */
export function channelsOf({ shape }: Pick<Value, 'shape'>): number {
  return shape.length < 2 ? 1 : fixedDim(shape, 1);
}

export function dependence(tape: readonly TapeNode[], learnt: readonly Value[]): Dependence {
  const known = new Map(learnt.map((value) => [value.name, channelsOf(value)]));
  for (const node of tape) {
    if (node.inputs.some((input) => input !== undefined && known.has(input.name))) {
      node.outputs.forEach((y) => known.set(y.name, Math.min(channelsOf(y), dependent(node, y, known))));
    }
  }
  return known;
}

/** Channels of y; more than it has for all of them. */
function dependent(node: TapeNode, y: Value, known: Dependence): number {
  const x = inputAt(node, 0);
  const ofX = known.get(x.name) ?? 0;
  if (node.opType === 'Concat' && axisOf(node, x, 0) === 1) {
    const { end } = ends(node, known);
    return end;
  }
  if (node.opType === 'Reshape' && x.shape[0] === y.shape[0] && isMultiple(areaOf(x), areaOf(y))) {
    return Math.ceil((ofX * areaOf(x)) / areaOf(y));
  }
  const isLikeY = ({ shape }: Value): boolean => shape.length === y.shape.length && shape[1] === y.shape[1];
  const learning = node.inputs.filter((input) => input !== undefined && known.has(input.name));
  return BY_CHANNEL.has(node.opType) && y.shape.length > 2 && learning.every((input) => input && isLikeY(input))
    ? Math.max(...learning.map((input) => known.get(input?.name ?? '') ?? 0))
    : Number.POSITIVE_INFINITY;
}

/** Of a Concat along the channels: where what depends ends, and how many inputs reach until there. */
function ends(node: TapeNode, known: Dependence): { readonly end: number; readonly inputs: number } {
  let [start, end, inputs] = [0, 0, 0];
  for (const [k, input] of node.inputs.entries()) {
    const count = input && known.get(input.name);
    if (input !== undefined && count !== undefined) {
      [end, inputs] = [start + count, k + 1];
    }
    start += input === undefined ? 0 : channelsOf(input);
  }
  return { end, inputs };
}

/** The same node on the leading channels alone, as far as they depend on what is learnt: a node like any other to its rule. */
export function onLeading(node: TapeNode, known: Dependence): TapeNode {
  const [y] = node.outputs;
  const channels = y && known.get(y.name);
  if (y === undefined || channels === undefined || channels === channelsOf(y)) {
    return node;
  }
  // Of what only moves elements a rule reads the shapes.
  const outputs = node.outputs.map((output) => ({ ...output, shape: withChannels(output.shape, channels) }));
  const [x] = node.inputs;
  switch (node.opType) {
    case 'Concat': {
      const inputs = node.inputs.slice(0, ends(node, known).inputs);
      const last = inputs.at(-1);
      const cut = last && { ...last, shape: withChannels(last.shape, known.get(last.name) ?? channelsOf(last)) };
      return { ...node, inputs: [...inputs.slice(0, -1), cut], outputs };
    }
    case 'Reshape': {
      const seen = x && { ...x, shape: withChannels(x.shape, (channels * areaOf(y)) / areaOf(x)) };
      return { ...node, inputs: [seen], outputs };
    }
    default: {
      const ofNode = (value: Value): Value => {
        const axis = 1 - (y.shape.length - value.shape.length);
        return value.shape[axis] === channelsOf(y) ? leading(value, channels, axis) : value;
      };
      return {
        ...node,
        inputs: node.inputs.map((input) => input && ofNode(input)),
        outputs: node.outputs.map(ofNode),
      };
    }
  }
}

/** The first `count` along an axis. */
export function leading(x: Value, count: number, axis = 1): Value {
  return x.shape[axis] === count ? x : SliceAxis(x, axis, { start: 0, end: count }, count);
}

export function withChannels(shape: Shape, channels: number): Shape {
  return shape.length < 2 ? shape : shape.map((dim, axis) => (axis === 1 ? channels : dim));
}

/** Elements of a channel. */
function areaOf({ shape }: Value): number {
  return countOf(shape.slice(2));
}

function isMultiple(a: number, b: number): boolean {
  return a % b === 0 || b % a === 0;
}
