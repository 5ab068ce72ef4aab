/** Rules of the operators that work element by element. Textbook derivatives; y stands for the operator's own result. */
import type { Value } from '../graph.ts';
import { Add, Cast, Cos, Div, Erf, Exp, Mul, Neg, Sigmoid, Sign, Sin, Sub } from '../index.ts';
import { floatAttribute, inputAt, simple, unbroadcast, type Rule } from './rule.ts';

const scalar = (x: Value, value: number): Value => Cast(x.graph.scalar(value), x.dtype);
const scaled = (x: Value, factor: number): Value => (factor === 1 ? x : Mul(x, scalar(x, factor)));
/** 1 − x */
const complement = (x: Value): Value => Sub(scalar(x, 1), x);

/** A rule for an operator of a and b, which broadcast. */
function binary(gradientsOf: (dy: Value, a: Value, b: Value, y: Value) => readonly [() => Value, () => Value]): Rule {
  return simple((dy, node) => {
    const [a, b] = [inputAt(node, 0), inputAt(node, 1)];
    const [da, db] = gradientsOf(dy, a, b, node.y);
    return [() => unbroadcast(da(), a.shape), () => unbroadcast(db(), b.shape)];
  });
}

export const elementwiseRules: Readonly<Record<string, Rule>> = {
  Add: binary((dy) => [() => dy, () => dy]),
  Sub: binary((dy) => [() => dy, () => Neg(dy)]),
  Mul: binary((dy, a, b) => [() => Mul(dy, b), () => Mul(dy, a)]),
  Div: binary((dy, _a, b, y) => [() => Div(dy, b), () => Neg(Div(Mul(dy, y), b))]),

  Neg: simple((dy) => [() => Neg(dy)]),
  Sqrt: simple((dy, { y }) => [() => Div(scaled(dy, 0.5), y)]),
  Exp: simple((dy, { y }) => [() => Mul(dy, y)]),
  Cos: simple((dy, { x }) => [() => Neg(Mul(dy, Sin(x)))]),
  Sin: simple((dy, { x }) => [() => Mul(dy, Cos(x))]),
  Tanh: simple((dy, { y }) => [() => Mul(dy, complement(Mul(y, y)))]),
  Sigmoid: simple((dy, { y }) => [() => Mul(dy, Mul(y, complement(y)))]),
  Relu: simple((dy, { y }) => [() => Mul(dy, Sign(y))]),

  PRelu: simple((dy, node) => {
    const [x, slope] = [node.x, inputAt(node, 1)];
    // −1 and 1 to 0 and 1: what lies above zero. At zero itself half of each.
    const above = (): Value => scaled(Add(Sign(x), scalar(x, 1)), 0.5);
    return [
      () => Mul(dy, Add(slope, Mul(above(), complement(slope)))),
      () => unbroadcast(Mul(dy, Mul(x, complement(above()))), slope.shape),
    ];
  }),

  /** y = x·s, s = sigmoid(αx): s + α·y·(1 − s); with α = 1 that is s·(1 + x − y). */
  QuickGelu: simple((dy, node) => {
    const alpha = floatAttribute(node, 'alpha', 1.702);
    const { x, y } = node;
    return [
      () => {
        const s = Sigmoid(scaled(x, alpha));
        return alpha === 1
          ? Mul(dy, Mul(s, Add(Sub(x, y), scalar(x, 1))))
          : Mul(dy, Add(s, scaled(Mul(y, complement(s)), alpha)));
      },
    ];
  }),

  /** Φ(x) + x·φ(x), of the exact form. */
  Gelu: simple((dy, { x }) => [
    () => {
      const cumulated = scaled(Add(Erf(scaled(x, Math.SQRT1_2)), scalar(x, 1)), 0.5);
      const density = scaled(Exp(scaled(Mul(x, x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return Mul(dy, Add(cumulated, Mul(x, density)));
    },
  ]),

  Cast: simple((dy, { x }) => [() => Cast(dy, x.dtype)]),
};
