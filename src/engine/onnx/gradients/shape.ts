/** Rules of the operators that move elements: each is undone, or adds up what was taken several times. */
import type { Value } from '../graph.ts';
import { Cast, Concat, FusedMatMul, OneHot, Pad, Split, Transpose } from '../index.ts';
import { fixedDim } from '../shape.ts';
import {
  axisOf,
  constantLike,
  countOf,
  inputAt,
  intAttribute,
  intsAttribute,
  reshaped,
  type InputGradient,
  type OutputGradients,
  type Rule,
  type TapeNode,
} from './rule.ts';

/** Of an operator whose first input alone has a gradient. */
function byFirst(
  node: TapeNode,
  [dy]: OutputGradients,
  gradientOf: (dy: Value, x: Value) => Value,
): readonly [InputGradient] {
  if (dy === undefined) {
    throw new Error(`${node.opType}: expected a gradient by its output.`);
  }
  return [{ make: () => gradientOf(dy, inputAt(node, 0)) }];
}

function zeros(x: Value): Value {
  const { shape } = x;
  const fixed = shape.map((_, axis) => fixedDim(shape, axis));
  return constantLike(x, `zeros ${fixed.join('x')}`, new Float32Array(countOf(shape)), fixed);
}

export const shapeRules: Readonly<Record<string, Rule>> = {
  Reshape: (node, dys) => byFirst(node, dys, (dy, x) => reshaped(dy, x.shape)),
  Unsqueeze: (node, dys) => byFirst(node, dys, (dy, x) => reshaped(dy, x.shape)),

  Transpose: (node, dys) =>
    byFirst(node, dys, (dy, x) => {
      const perm = intsAttribute(node, 'perm', [...x.shape.keys()].toReversed());
      return Transpose(
        dy,
        perm.map((_, axis) => perm.indexOf(axis)),
      );
    }),

  Concat: (node, [dy]) => {
    const inputs = node.inputs.map((_, k) => inputAt(node, k));
    const at = axisOf(node, inputAt(node, 0), 0);
    const parts = (): readonly (Value | undefined)[] =>
      dy === undefined || inputs.length === 1
        ? [dy]
        : Split(
            dy,
            inputs.map((input) => fixedDim(input.shape, at)),
            at,
          );
    return inputs.map((input, k) => ({ make: () => parts()[k] ?? zeros(input) }));
  },

  Split: (node, dys) => [
    {
      make: () =>
        Concat(
          node.outputs.map((output, k) => dys[k] ?? zeros(output)),
          axisOf(node, inputAt(node, 0), 0),
        ),
    },
    undefined,
  ],

  /** A crop of the last two axes: what was cut off gets zeros. */
  Slice: (node, dys) => {
    if (inputAt(node, 1).name !== 'ints[0,0]' || inputAt(node, 3).name !== 'ints[-2,-1]') {
      return ['only a crop from the first element of the last two axes has one'];
    }
    return byFirst(node, dys, (dy, { shape }) => {
      const cut = shape.map((_, axis) => fixedDim(shape, axis) - fixedDim(dy.shape, axis));
      return Pad(
        dy,
        cut.map(() => 0),
        cut,
      );
    });
  },

  /** Each row of the table gets the sum of what was taken from it. */
  Gather: (node, dys) => {
    if (axisOf(node, inputAt(node, 0), 0) !== 0) {
      return ['only what is taken along the first axis has one'];
    }
    return byFirst(node, dys, (dy, { shape }) => {
      const indices = inputAt(node, 1);
      const [rows, taken] = [fixedDim(shape, 0), countOf(indices.shape)];
      const places = reshaped(Cast(OneHot(indices, rows), dy.dtype), [taken, rows]);
      const flat = reshaped(dy, [taken, countOf(shape.slice(1))]);
      return reshaped(FusedMatMul(places, flat, { transA: true }), shape);
    });
  },

  /** Of indices [B, 1] in the second axis: one slice of each row. */
  GatherND: (node, dys) => {
    const indices = inputAt(node, 1);
    if (intAttribute(node, 'batch_dims', 0) !== 1 || fixedDim(indices.shape, -1) !== 1) {
      return ['only one slice of each row has one'];
    }
    return byFirst(node, dys, (dy, { shape }) => {
      const place = Cast(OneHot(indices, fixedDim(shape, 1)), dy.dtype); // [B, 1, length]
      const slice = reshaped(dy, [fixedDim(shape, 0), 1, countOf(shape.slice(2))]);
      return reshaped(FusedMatMul(place, slice, { transA: true }), shape);
    });
  },
};
