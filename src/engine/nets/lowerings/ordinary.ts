/**
 * The forms that every device has: products over flat tokens, direct convolutions, pictures as [rows, C, H, W], weights
 * where they lie. The others change what they do better.
 */
import { prepareForDevice, widenForeign } from '../../weights/index.ts';
import { Add, Conv, Gemm } from '../../onnx/index.ts';
import type { Lowering } from '../lowering.ts';
import { attention, type AttentionOptions } from './attention.ts';
import { groupNorm, layerNorm } from './norms.ts';

export type OrdinaryOptions = AttentionOptions & Partial<Pick<Lowering, 'timesteps' | 'styleType'>>;

export function ordinaryLowering(options: OrdinaryOptions): Lowering {
  return {
    dtype: options.dtype,
    channels: 'first',
    largestPicture: Number.POSITIVE_INFINITY,
    sharesStyles: false,
    replacesWeights: false,
    styleType: options.styleType ?? options.dtype,
    timesteps: options.timesteps ?? 'numbers',
    // onnxruntime's Gemm takes W as checkpoints keep it, [out, in], and adds b on the way.
    linear: ({ scope, inFeatures, outFeatures, bias, parts }, x) =>
      Array.from({ length: parts }, (_, part) => {
        const count = outFeatures / parts;
        const w = scope.weightRows('weight', [outFeatures, inFeatures], part * count, count);
        const b = bias ? scope.weightRows('bias', [outFeatures], part * count, count) : undefined;
        return Gemm(x, w, b, { transB: true });
      }),
    isQuantised: () => false,
    plusProduct: (y, a, b) => Add(y, Gemm(a, b, undefined)),
    convolution: ({ scope, inFeatures, outFeatures, kernel, bias, attributes }, x) => {
      const w = scope.weight('weight', [outFeatures, inFeatures, kernel, kernel]);
      return Conv(x, w, bias ? scope.weight('bias', [outFeatures]) : undefined, attributes);
    },
    convolutionBy: (kernel, x, attributes) => Conv(x, kernel, undefined, attributes),
    groupNorm: (scope, x, norm) => groupNorm(options, scope, x, norm),
    layerNorm: (scope, x, epsilon) => layerNorm(options, scope, x, epsilon),
    attention: (building, query, key, value, heads) => attention(options, building, { query, key, value, ...heads }),
    // Half precision is stored as it is; 8 bits and doubles no graph here takes. What computes in halves is given halves.
    prepareWeights: async (weights, _, cacheDir) =>
      prepareForDevice(await widenForeign(weights, cacheDir), { dtype: options.dtype, transposed: [], cacheDir }),
  };
}
