/**
 * Rules of normalisations, by what LayerNormalization computes on the way: x̂ = (x − mean)/σ, and with g = dy·scale
 * the gradient by x is (g − mean g − x̂·mean(g·x̂))/σ (Ba et al., arXiv 1607.06450, differentiated).
 */
import type { Value } from '../graph.ts';
import { Add, Mul, ReduceMean, Sub } from '../index.ts';
import { inputAt, unbroadcast, type Rule } from './rule.ts';

/** A constant of ones or zeros, as graphs here name them. */
export const isConstant = ({ name }: Value, word: 'ones' | 'zeros'): boolean => new RegExp(`^${word} \\d+$`).test(name);

export const normRules: Readonly<Record<string, Rule>> = {
  LayerNormalization: (node, [dy]) => {
    const [x, scale, bias] = [inputAt(node, 0), inputAt(node, 1), inputAt(node, 2)];
    const [y, mean, inverse] = node.outputs;
    if (dy === undefined || y === undefined || mean === undefined || inverse === undefined) {
      return ['its statistics are not outputs'];
    }
    if (x.dtype !== mean.dtype) {
      return [`it is computed in ${x.dtype}, and only one in ${mean.dtype}, as its statistics are, has one`];
    }
    const isPlain = isConstant(scale, 'ones') && isConstant(bias, 'zeros');
    const hat = (): Value => (isPlain ? y : Mul(Sub(x, mean), inverse));
    return [
      {
        make: () => {
          const g = isPlain ? dy : Mul(dy, scale);
          const along = Mul(hat(), ReduceMean(Mul(g, hat()), [-1]));
          return Mul(Sub(g, Add(along, ReduceMean(g, [-1]))), inverse);
        },
      },
      { make: () => unbroadcast(Mul(dy, hat()), scale.shape) },
      { make: () => unbroadcast(dy, bias.shape) },
    ];
  },
};
