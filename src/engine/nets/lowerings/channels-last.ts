/**
 * A graph for CUDA: pictures as [rows, H, W, C] from the first convolution to the last, so that tokens are views of them,
 * and norms with SiLU and the timestep inside, in operators that only CUDA has kernels for. Kernels come transposed from
 * weights/device-weights.ts. There is none elsewhere: a processor runs this graph only with those operators spelt out.
 */
import {
  BiasSplitGelu,
  Cast,
  GroupNorm,
  NhwcConv,
  SkipGroupNorm,
  SPLIT_GELU_HALVES,
  Transpose,
  type Graph,
} from '../../onnx/index.ts';
import type { Value } from '../../onnx/graph.ts';
import { KERNEL_LAST, prepareForDevice } from '../../weights/index.ts';
import { byRows, flat, NO_WEIGHTS, type NetWeights } from '../building.ts';
import type { LayerWeights, Lowering } from '../lowering.ts';
import { addToPixels, channelsFirst, channelsOf, fromChannelsFirst } from '../pictures.ts';

/** Channels in 32 groups for which CUDA's kernels are written out: those of SD 1.5, SDXL and their autoencoders. */
const NORMED: ReadonlySet<number> = new Set([128, 256, 320, 512, 640, 960, 1280, 1920, 2560]);

export type ChannelsLastOptions = {
  /** Which shapes the device's kernels take; default: those that are written out in onnxruntime. */
  readonly norms?: (channels: number, groups: number) => boolean;
  readonly splitGelu?: (half: number) => boolean;
};

export function channelsLastLowering(
  ordinary: Lowering,
  {
    norms = (channels, groups) => groups === 32 && NORMED.has(channels),
    splitGelu = (half) => SPLIT_GELU_HALVES.includes(half),
  }: ChannelsLastOptions = {},
): Lowering {
  const inFloats = (scope: LayerWeights, name: string, channels: number): Value =>
    Cast(scope.weight(name, [channels]), 'f32');
  return {
    ...ordinary,
    channels: 'last',
    replacesWeights: true,
    convolution: ({ scope, inFeatures, outFeatures, kernel, bias, attributes }, x) => {
      const w =
        kernel === 1
          ? scope.weight('weight', [outFeatures, 1, 1, inFeatures])
          : scope.weight(KERNEL_LAST, [outFeatures, kernel, kernel, inFeatures]);
      return NhwcConv(x, w, bias ? scope.weight('bias', [outFeatures]) : undefined, attributes);
    },
    convolutionBy: (kernel, x, attributes) => NhwcConv(x, Transpose(kernel, [0, 2, 3, 1]), undefined, attributes),
    groupNorm: (scope, x, { groups, epsilon, silu = false, plus }) => {
      const { building } = scope;
      const channels = channelsOf(building, x);
      if (!norms(channels, groups)) {
        const whole = plus === undefined ? x : addToPixels(building, x, plus);
        const within = withChannelsFirst(scope, ordinary);
        const normed = ordinary.groupNorm(within, channelsFirst(building, whole), { groups, epsilon, silu });
        return fromChannelsFirst(building, normed);
      }
      const [gamma, beta] = [inFloats(scope, 'weight', channels), inFloats(scope, 'bias', channels)];
      const attributes = { groups, epsilon, silu };
      return plus === undefined
        ? GroupNorm(x, gamma, beta, attributes)
        : SkipGroupNorm(x, gamma, beta, plus, attributes);
    },
    gatedGelu: {
      suits: splitGelu,
      apply: (building, x, bias) => flat(BiasSplitGelu(byRows(building, x), bias)),
    },
    prepareWeights: async (weights, build, cacheDir) =>
      prepareForDevice(await ordinary.prepareWeights(weights, build, cacheDir), {
        transposed: transposedKernels(build),
        dtype: ordinary.dtype,
        cacheDir,
      }),
  };
}

function withChannelsFirst(scope: LayerWeights, lowering: Lowering): LayerWeights {
  return {
    building: { ...scope.building, lowering },
    path: scope.path,
    has: (name) => scope.has(name),
    weight: (...wanted) => scope.weight(...wanted),
    weightRows: (...wanted) => scope.weightRows(...wanted),
    quantised: (...wanted) => scope.quantised(...wanted),
  };
}

/** The modules whose kernels the graph wants with channels last. */
function transposedKernels(build: (weights: NetWeights) => Graph): readonly string[] {
  const ending = `.${KERNEL_LAST}`;
  return build(NO_WEIGHTS).initializers.flatMap(({ name }) =>
    name.endsWith(ending) ? name.slice(0, -ending.length) : [],
  );
}
