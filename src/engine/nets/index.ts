/**
 * The nets' public face: a config.json and a tensor source in, an ONNX graph out. Nothing here imports onnxruntime.
 */
export { NO_WEIGHTS, type BuildOptions, type Layer, type NetWeights, type StyleForm } from './building.ts';
export type { Lowering, NumberType } from './lowering.ts';
export { bytesInEightBits } from './lowerings/eight-bit-weights.ts';
export { loweringFor, type LoweringOptions } from './lowerings/lowering-for.ts';
export type { Island } from './lowerings/precision.ts';
export { buildUNet, sinusoidsOf, sizeMultiple, type UNetOptions } from './unet.ts';
export { parseUNetConfig, TIME_IDS, type UNetConfig } from './unet-config.ts';
export { writeSinusoid, type Sinusoid } from './time-embedding.ts';
export { buildClipText } from './clip-text.ts';
export { parseClipTextConfig, type ClipTextConfig } from './clip-text-config.ts';
export { buildKLDecoder, buildKLEncoder } from './autoencoder-kl.ts';
export { parseAutoencoderKLConfig, type AutoencoderKLConfig } from './autoencoder-kl-config.ts';
export {
  buildTinyDecoder,
  buildTinyEncoder,
  parseAutoencoderTinyConfig,
  type AutoencoderTinyConfig,
} from './autoencoder-tiny.ts';
export { buildTinyDecoderInBytes, gainsByBytes, tinyByteLayers } from './autoencoder-tiny-bytes.ts';
export { buildSrvgg, parseSrvggConfig, type SrvggConfig } from './srvgg.ts';
export { buildMerge, canMerge, mergedTogether, worthMerging } from './merged-weights.ts';
export { clipTextLoraTargets, unetLoraTargets } from './lora-targets.ts';
