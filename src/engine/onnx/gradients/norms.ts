/**
 * Rules of normalisations, by what LayerNormalization computes on the way: x̂ = (x − mean)/σ, and with g = dy·scale
 * the gradient by x is (g − mean g − x̂·mean(g·x̂))/σ (Ba et al., arXiv 1607.06450, differentiated). InstanceNormalization
 * is LayerNormalization over rows of its own while training, and so needs no rule.
 */
import type { NodeSpec, Value } from '../graph.ts';
import { Add, Mul, ReduceMean, Sub } from '../index.ts';
import { fixedDim } from '../shape.ts';
import { countOf, inputAt, unbroadcast, type Rule } from './rule.ts';

export type Emit = (spec: NodeSpec) => readonly Value[];

/** With its statistics as outputs, [y, mean, 1/σ]; the last two are [… , 1]. */
export function withStatistics(spec: NodeSpec, emit: Emit): readonly Value[] {
  const [y] = spec.outputs;
  if (y === undefined) {
    throw new Error('LayerNormalization: expected an output.');
  }
  const statistic = { dtype: 'f32', shape: [...y.shape.slice(0, -1), 1] } as const;
  return emit({ ...spec, outputs: [y, statistic, statistic] });
}

/** InstanceNormalization over x [N, C, …] as LayerNormalization over [N·C, …], then its scale and bias. */
export function instanceAsLayer(spec: NodeSpec, emit: Emit): readonly Value[] {
  const [x, scale, bias] = [inputAt(spec, 0), inputAt(spec, 1), inputAt(spec, 2)];
  const { graph } = x;
  const epsilon = spec.attributes?.['epsilon'] ?? { kind: 'float', value: 1e-5 };
  const [rows, channels, area] = [fixedDim(x.shape, 0), fixedDim(x.shape, 1), countOf(x.shape.slice(2))];
  const one = (opType: string, inputs: readonly Value[], shape: readonly number[]): Value =>
    only(emit({ opType, inputs, outputs: [{ dtype: x.dtype, shape }], attributes: {} }));
  const flat = one('Reshape', [x, graph.ints([rows * channels, area])], [rows * channels, area]);
  const ones = graph.floats(`ones ${area}`, new Float32Array(area).fill(1), [area]);
  const zeros = graph.floats(`zeros ${area}`, new Float32Array(area), [area]);
  const normed = only(
    withStatistics(
      {
        opType: 'LayerNormalization',
        inputs: [flat, ones, zeros],
        outputs: [flat],
        attributes: { axis: { kind: 'int', value: -1 }, epsilon },
      },
      emit,
    ),
  );
  const shape = x.shape.map((_, axis) => fixedDim(x.shape, axis));
  const y = one('Reshape', [normed, graph.ints(shape)], shape);
  if (isConstant(scale, 'ones') && isConstant(bias, 'zeros')) {
    return [y];
  }
  const wide = [channels, ...x.shape.slice(2).map(() => 1)];
  const [s, b] = [scale, bias].map((value) => one('Reshape', [value, graph.ints(wide)], wide));
  return [one('Add', [one('Mul', [y, s ?? scale], shape), b ?? bias], shape)];
}

const isConstant = ({ name }: Value, word: 'ones' | 'zeros'): boolean => new RegExp(`^${word} \\d+$`).test(name);

function only([value]: readonly Value[]): Value {
  if (value === undefined) {
    throw new Error('Expected an operator with an output.');
  }
  return value;
}

export const normRules: Readonly<Record<string, Rule>> = {
  LayerNormalization: (node, [dy]) => {
    const [x, scale, bias] = [inputAt(node, 0), inputAt(node, 1), inputAt(node, 2)];
    const [y, mean, inverse] = node.outputs;
    if (dy === undefined || y === undefined || mean === undefined || inverse === undefined) {
      return ['its statistics are not outputs'];
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
