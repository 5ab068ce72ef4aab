/** Rules of matrix products. What is there already by an input is added by Gemm itself, as its C. */
import type { Value } from '../graph.ts';
import { FusedMatMul, Gemm, Transpose, type FusedMatMulAttributes } from '../index.ts';
import {
  countOf,
  floatAttribute,
  inputAt,
  intAttribute,
  reshaped,
  unbroadcast,
  type Rule,
  type TapeNode,
} from './rule.ts';
import { fixedDim } from '../shape.ts';
import { leading, withChannels } from './dependence.ts';

function gradientOf(node: TapeNode, dy: Value | undefined): Value {
  if (dy === undefined) {
    throw new Error(`${node.opType}: expected a gradient by its output.`);
  }
  return dy;
}

/** y = alpha · op(a) · op(b) over the last two axes; op transposes or does not. */
const product: Rule = (node, dys) => {
  const dy = gradientOf(node, dys[0]);
  const [a, b] = [inputAt(node, 0), inputAt(node, 1)];
  const alpha = floatAttribute(node, 'alpha', 1);
  const [transA, transB] = [intAttribute(node, 'transA', 0) === 1, intAttribute(node, 'transB', 0) === 1];
  if (intAttribute(node, 'transBatchB', 0) === 1) {
    return batchLast(a, b, dy, alpha, transA);
  }
  const byA = (): Value =>
    transA
      ? FusedMatMul(b, dy, { alpha, transA: transB, transB: true })
      : FusedMatMul(dy, b, { alpha, transB: !transB });
  const byB = (left = a): Value =>
    transB
      ? FusedMatMul(dy, left, { alpha, transA: true, transB: transA })
      : FusedMatMul(left, dy, { alpha, transA: !transA });
  // A matrix for the whole batch: the sum over the batch is part of one product.
  const isShared = b.shape.length === 2 && a.shape.length > 2 && !transA && !transB;
  const byShared = (): Value => FusedMatMul(rowsOf(a), rowsOf(dy), { alpha, transA: true });
  // Of pixels [N, C, H·W] the channels are what is summed over.
  const isPixels = b.shape.length === 3 && !transB;
  const byLeading = (channels: number): Value =>
    unbroadcast(byB(leading(a, channels, a.shape.length - (transA ? 2 : 1))), withChannels(b.shape, channels));
  return [
    { make: () => unbroadcast(byA(), a.shape) },
    {
      make: isShared ? byShared : () => unbroadcast(byB(), b.shape),
      ...(isPixels && { ofLeading: byLeading }),
    },
  ];
};

/** b is [K, …, N]. */
function batchLast(a: Value, b: Value, dy: Value, alpha: number, transA: boolean): ReturnType<Rule> {
  const axes = [...b.shape.keys()];
  const intoMiddle = [...axes.slice(1, -1), 0, axes.length - 1]; // [K, …, N] → […, K, N]
  const intoFront = [axes.length - 2, ...axes.slice(0, -2), axes.length - 1];
  const attributes: FusedMatMulAttributes = { alpha, transB: true };
  return [
    {
      make: () => {
        const turned = Transpose(b, intoMiddle);
        return unbroadcast(transA ? FusedMatMul(turned, dy, attributes) : FusedMatMul(dy, turned, attributes), a.shape);
      },
    },
    {
      make: () => {
        const db = FusedMatMul(a, dy, { alpha, transA: !transA });
        return Transpose(
          unbroadcast(
            db,
            intoMiddle.map((axis) => fixedDim(b.shape, axis)),
          ),
          intoFront,
        );
      },
    },
  ];
}

/** […, M, K] → [… · M, K] */
function rowsOf(x: Value): Value {
  return reshaped(x, [countOf(x.shape.slice(0, -1)), fixedDim(x.shape, -1)]);
}

export const matrixRules: Readonly<Record<string, Rule>> = {
  MatMul: product,
  FusedMatMul: product,

  Gemm: (node, dys) => {
    const dy = gradientOf(node, dys[0]);
    const [a, b, c] = [inputAt(node, 0), inputAt(node, 1), node.inputs[2]];
    const [transA, transB] = [intAttribute(node, 'transA', 0) === 1, intAttribute(node, 'transB', 0) === 1];
    const byA = (known?: Value): Value =>
      transA ? Gemm(b, dy, known, { transA: transB, transB: true }) : Gemm(dy, b, known, { transB: !transB });
    const byB = (known?: Value): Value =>
      transB ? Gemm(dy, a, known, { transA: true, transB: transA }) : Gemm(a, dy, known, { transA: !transA });
    return [
      { make: () => byA(), addTo: byA },
      { make: () => byB(), addTo: byB },
      c && { make: () => unbroadcast(dy, c.shape) },
    ];
  },
};
