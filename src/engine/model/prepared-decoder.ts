/**
 * What an autoencoder decodes by: its decoder's graph in the form that the device and the precision ask for, over weights that
 * were prepared for it. What is in 8 bits is a rule of kinds and shapes, never a list of models. Opens no session that stays.
 */
import {
  buildKLDecoder,
  buildTinyDecoder,
  buildTinyDecoderInBytes,
  loweringFor,
  type AutoencoderKLConfig,
  type AutoencoderTinyConfig,
  type Lowering,
  type LoweringOptions,
  type NetWeights,
} from '../nets/index.ts';
import type { Graph } from '../onnx/index.ts';
import type { TensorSource } from '../weights/index.ts';
import { overlay } from '../weights/tensor-table.ts';
import type { PrecisePlace } from './session-opener.ts';
import { canBeBytes, tinyBytes } from './tiny-bytes.ts';

export type PreparedDecoder = {
  readonly graph: () => Graph;
  /** With all that the source has. */
  readonly weights: TensorSource;
  /** What is left in float was widened all, the encoder's too. */
  readonly isWidened: boolean;
};

/** `target`: the decoder's in float. Throws `UserError` (`model.nan`, `weights.…`). */
export async function preparedDecoder(
  config: AutoencoderKLConfig | AutoencoderTinyConfig,
  weights: TensorSource,
  target: LoweringOptions,
  place: PrecisePlace,
): Promise<PreparedDecoder> {
  const isEight = place.precision === 'int8' && target.provider === 'cpu';
  const float = loweringFor(target);
  if (config.kind === 'AutoencoderKL') {
    const lowering = isEight ? eightBitDecoding(target) : float;
    const build = (given: NetWeights): Graph => buildKLDecoder(config, given, { lowering });
    return prepared(build, await lowering.prepareWeights(weights, build, place.cacheDir), !isEight);
  }
  // Of products of bytes alone, with floats in between, it gains nothing: it is quick in float.
  const areBytes = isEight && canBeBytes(config, weights);
  const builder = areBytes ? buildTinyDecoderInBytes : buildTinyDecoder;
  const build = (given: NetWeights): Graph => builder(config, given, { lowering: float });
  const floats = await float.prepareWeights(weights, build, place.cacheDir);
  return prepared(
    build,
    areBytes ? overlay(weights.origin, floats, await tinyBytes(config, floats, place)) : floats,
    true,
  );
}

function prepared(build: (weights: NetWeights) => Graph, weights: TensorSource, isWidened: boolean): PreparedDecoder {
  return { graph: () => build(weights), weights, isWidened };
}

/**
 * What is doubled is a residual that no norm has evened out, of which models are known with values too far apart for 8 bits:
 * it stays in float, where its shorter way takes no longer.
 */
function eightBitDecoding(target: LoweringOptions): Lowering {
  const float = loweringFor({ ...target, convolutions: 'direct' });
  return {
    ...loweringFor({ ...target, precision: 'int8' }),
    doubledConvolution: (layer, x) => float.doubledConvolution?.(layer, x),
  };
}
