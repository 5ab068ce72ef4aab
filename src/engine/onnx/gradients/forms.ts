/**
 * Forms that some operators take before they are differentiated: those that have no rule of their own, whose rule needs more
 * of their results, or that are cheaper there and back another way. Ordinary operators again, and the same values.
 */
import type { NodeSpec, Value } from '../graph.ts';
import { Add, ConvTranspose, MatMul, Mul, Transpose } from '../index.ts';
import type { Graph } from '../model-proto.ts';
import { reopen } from '../reopen.ts';
import { fixedDim } from '../shape.ts';
import { isConstant } from './norms.ts';
import { countOf, inputAt, intAttribute, reshaped } from './rule.ts';
import { aroundFull, convAttributes, places, sidesOf } from './spatial.ts';

/** `learns`: whether the input at that place depends on what is learnt. `undefined`: it stays what it is. */
type Form = (spec: NodeSpec, learns: (place: number) => boolean) => readonly Value[] | undefined;

const FORMS: Readonly<Record<string, Form>> = {
  LayerNormalization: (spec) => withStatistics(spec),

  /** As LayerNormalization over [N, C, …], then its scale and bias. */
  InstanceNormalization: (spec) => {
    const [x, scale, bias] = [inputAt(spec, 0), inputAt(spec, 1), inputAt(spec, 2)];
    const { graph } = x;
    const epsilon = spec.attributes?.['epsilon'] ?? { kind: 'float', value: 1e-5 };
    const [channels, area] = [fixedDim(x.shape, 1), countOf(x.shape.slice(2))];
    const flat = reshaped(x, [fixedDim(x.shape, 0), channels, area]);
    const ones = graph.floats(`ones ${area}`, new Float32Array(area).fill(1), [area]);
    const zeros = graph.floats(`zeros ${area}`, new Float32Array(area), [area]);
    const [normed = flat] = withStatistics({
      opType: 'LayerNormalization',
      inputs: [flat, ones, zeros],
      outputs: [flat],
      attributes: { axis: { kind: 'int', value: -1 }, epsilon },
    });
    const y = reshaped(normed, x.shape);
    if (isConstant(scale, 'ones') && isConstant(bias, 'zeros')) {
      return [y];
    }
    const wide = [channels, ...x.shape.slice(2).map(() => 1)];
    return [Add(Mul(y, reshaped(scale, wide)), reshaped(bias, wide))];
  },

  /**
   * Few kernels that learn (a LoRA's): every pixel times the kernels' every place, one product, whose results then add up where
   * they belong. onnxruntime's own way gathers all that a kernel sees for as few kernels as there are, at a third of the speed;
   * and on the way back both gradients are products with the same patches of dy.
   */
  Conv: (spec, learns) => {
    const [x, w] = [inputAt(spec, 0), inputAt(spec, 1)];
    const [out, channels, kh, kw] = sidesOf(w);
    const node = { ...spec, attributes: spec.attributes ?? {} };
    const { strides, pads } = convAttributes(node);
    const isPlain =
      spec.inputs[2] === undefined && intAttribute(node, 'group', 1) === 1 && strides.every((s) => s === 1);
    if (!learns(1) || !isPlain || kh * kw === 1 || out > channels) {
      return undefined;
    }
    const [n, , height, width] = sidesOf(x);
    const parts = out * kh * kw;
    const matrix = reshaped(Transpose(w, [0, 2, 3, 1]), [parts, channels]);
    const seen = MatMul(matrix, reshaped(x, [n, channels, height * width]));
    const sides = spec.outputs.flatMap(({ shape }) => [fixedDim(shape, 2), fixedDim(shape, 3)]);
    const [down = height, across = width] = sides;
    const attributes = { pads: aroundFull(kh, kw, pads), group: out };
    const kernels = places(x, out, [kh, kw], true);
    return [ConvTranspose(reshaped(seen, [n, parts, height, width]), kernels, attributes, [down, across])];
  },
};

/** [y, mean, 1/σ]; the last two are [… , 1]. */
function withStatistics(spec: NodeSpec): readonly Value[] {
  const [y] = spec.outputs;
  if (y === undefined) {
    throw new Error('LayerNormalization: expected an output.');
  }
  const statistic = { dtype: 'f32', shape: [...y.shape.slice(0, -1), 1] } as const;
  return inputAt(spec, 0).graph.node({ ...spec, outputs: [y, statistic, statistic] });
}

/** `graph` again, in those forms where it depends on the inputs `learnt`. */
export function inForms(graph: Graph, learnt: readonly string[]): Graph {
  const learning = new Set(learnt);
  const { builder, value } = reopen(graph, {
    emit: (spec, { inputs, outputs }, into) => {
      const learns = (place: number): boolean => learning.has(inputs[place] ?? '');
      if (!inputs.some((_, place) => learns(place))) {
        return into.node(spec);
      }
      outputs.forEach((name) => learning.add(name));
      return FORMS[spec.opType]?.(spec, learns) ?? into.node(spec);
    },
  });
  for (const { name } of graph.outputs) {
    builder.output(name, value(name));
  }
  return builder.finish();
}
