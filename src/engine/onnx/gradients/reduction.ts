/** Rules of the operators that take axes together. Which ones they took is seen from the shapes. */
import { Mul } from '../index.ts';
import { fixedDim } from '../shape.ts';
import { constantLike, countOf, inputAt, intAttribute, reshaped, type Rule, type TapeNode } from './rule.ts';
import type { Value } from '../graph.ts';

/** dy repeated along what was summed, times `factor`. */
function spread(node: TapeNode, dy: Value | undefined, factor: number): Value {
  const [x, y] = [inputAt(node, 0), node.outputs[0]];
  if (dy === undefined || y === undefined) {
    throw new Error(`${node.opType}: expected an output and its gradient.`);
  }
  const shape = x.shape.map((_, axis) => fixedDim(x.shape, axis));
  const isWhole = y.shape.length === x.shape.length || countOf(y.shape) === 1;
  if (!isWhole || (intAttribute(node, 'keepdims', 1) === 0 && countOf(y.shape) !== 1)) {
    throw new Error(`${node.opType}: only one that keeps its axes, or sums over all of them, has a gradient.`);
  }
  const kept =
    y.shape.length === x.shape.length
      ? dy
      : reshaped(
          dy,
          shape.map(() => 1),
        );
  const table = constantLike(x, `${factor} ${shape.join('x')}`, new Float32Array(countOf(shape)).fill(factor), shape);
  return Mul(kept, table);
}

export const reductionRules: Readonly<Record<string, Rule>> = {
  ReduceSum: (node, [dy]) => [{ make: () => spread(node, dy, 1) }, undefined],
  ReduceMean: (node, [dy]) => {
    const share = countOf(node.outputs[0]?.shape ?? []) / countOf(inputAt(node, 0).shape);
    return [{ make: () => spread(node, dy, share) }, undefined];
  },
};
