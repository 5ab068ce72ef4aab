/**
 * What each layer of a UNet costs in 8 bits: a call in fp32 but for this layer, against the call in fp32, over inputs that
 * the model itself met while it drew. Says which layers a rule would have to leave in float, by numbers.
 */
import type { LinearLayer, ConvolutionLayer, Lowering } from '../../engine/nets/lowering.ts';
import { buildUNet, loweringFor, type NetWeights, type UNetConfig } from '../../engine/nets/index.ts';
import { serialize, type Graph } from '../../engine/onnx/index.ts';
import { type Feeds, Session } from '../../engine/ort/index.ts';
import type { TensorSource } from '../../engine/weights/index.ts';
import { relativeL2 } from '../bench-unet/difference.ts';

export type LayerCost = {
  /** Its dotted name in the checkpoint. */
  readonly layer: string;
  /** Mean over the calls of ‖y − y₃₂‖ / ‖y₃₂‖, with this layer alone in 8 bits. */
  readonly difference: number;
};

export type LayerReport = {
  /** With all that the rule takes in 8 bits. */
  readonly all: number;
  /** The worst first. */
  readonly layers: readonly LayerCost[];
};

type LayerSweep = {
  readonly config: UNetConfig;
  readonly weights: TensorSource;
  readonly calls: readonly Feeds[];
  readonly cacheDir: string;
  readonly say: (line: string) => void;
};

const FLOAT = loweringFor({ provider: 'cpu' });
const EIGHT = loweringFor({ provider: 'cpu', precision: 'int8' });

export async function sweepLayers({ config, weights, calls, cacheDir, say }: LayerSweep): Promise<LayerReport> {
  const build = (given: NetWeights, lowering: Lowering): Graph => buildUNet(config, given, { lowering });
  const wide = await FLOAT.prepareWeights(weights, (given) => build(given, FLOAT), cacheDir);
  const prepared = await EIGHT.prepareWeights(wide, (given) => build(given, EIGHT), cacheDir);
  const exact = await answers(build(prepared, FLOAT), calls);
  const differenceOf = async (lowering: Lowering): Promise<number> => {
    const given = await answers(build(prepared, lowering), calls);
    return given.reduce((sum, y, k) => sum + relativeL2(y, exact[k] ?? y), 0) / given.length;
  };
  const modules = [...new Set(prepared.names.flatMap((name) => /^(.*)\.s8\[/u.exec(name)?.[1] ?? []))];
  const layers: LayerCost[] = [];
  for (const [k, layer] of modules.entries()) {
    layers.push({ layer, difference: await differenceOf(onlyIn(layer)) });
    if ((k + 1) % 20 === 0) {
      say(`${k + 1} of ${modules.length} layers …`);
    }
  }
  return { all: await differenceOf(EIGHT), layers: layers.toSorted((a, b) => b.difference - a.difference) };
}

/** fp32 but for one layer. */
function onlyIn(path: string): Lowering {
  const of = ({ scope }: LinearLayer | ConvolutionLayer): Lowering => (scope.path === path ? EIGHT : FLOAT);
  return {
    ...EIGHT,
    linear: (layer, x) => of(layer).linear(layer, x),
    convolution: (layer, x) => of(layer).convolution(layer, x),
    doubledConvolution: (layer, x) => of(layer).doubledConvolution?.(layer, x),
  };
}

async function answers(graph: Graph, calls: readonly Feeds[]): Promise<readonly Float32Array[]> {
  const session = await Session.create(serialize(graph), { startup: 'fast' });
  try {
    const given: Float32Array[] = [];
    for (const feeds of calls) {
      const { out_sample: output } = await session.run(feeds);
      given.push(output?.data ?? new Float32Array());
    }
    return given;
  } finally {
    await session.release();
  }
}
