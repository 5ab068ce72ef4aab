/**
 * The model that is trained on: its UNet as training graphs take it, and encoders for pictures and prompts. Without its
 * accelerator: what is learnt meets that at drawing time, as weight deltas add (arXiv 2311.05556, section 3.3).
 */
import type { Base } from '../core/manifest.ts';
import { Model } from '../engine/model/model.ts';
import { openModelFiles } from '../engine/model/model-files.ts';
import { unetIslands } from '../engine/model/number-type.ts';
import { plainText } from '../engine/model/prompt-encoder.ts';
import { sessionOpener } from '../engine/model/session-opener.ts';
import { requireNoiseOnly } from '../engine/model/unet-inputs.ts';
import { NO_STYLE } from '../engine/model/style-set.ts';
import {
  buildUNet,
  loweringFor,
  parseUNetConfig,
  type Lowering,
  type NumberType,
  type UNetConfig,
} from '../engine/nets/index.ts';
import type { Device } from '../engine/ort/index.ts';
import type { SchedulerConfig } from '../engine/sampling/index.ts';
import type { TensorSource } from '../engine/weights/index.ts';
import type { Encoders } from './dataset.ts';

export type BaseModelOptions = {
  /** A diffusers folder or a checkpoint. */
  readonly location: string;
  /** Where derived weights go when the model's own folder cannot be written. */
  readonly cacheDir: string;
  /** Folder of CLIP's own tokenizer, for checkpoints. */
  readonly clipTokenizer: string;
  readonly threads?: number;
  /** What steps run on; pictures and prompts are encoded by the processor. Default: the processor. */
  readonly device?: Device;
  /** What steps are computed in; on the processor always fp32. Default: fp32. */
  readonly numberType?: NumberType;
};

export type BaseModel = {
  readonly base: Base;
  readonly unet: { readonly config: UNetConfig; readonly weights: TensorSource };
  /** In their order. */
  readonly text: Model['text'];
  readonly lowering: Lowering;
  /** Text encoders, small beside the UNet, learn in fp32. */
  readonly textLowering: Lowering;
  readonly device: Device;
  readonly scheduler: SchedulerConfig;
  readonly pixelsPerLatent: number;
  readonly encoders: Encoders;
  /** Frees the encoders' sessions; the UNet's weights are only described here. */
  readonly release: () => Promise<void>;
};

/** The whole step is in memory beside the weights: Winograd's kernels, four times as large, only where they gain most. */
export const TO_LEARN = loweringFor({ provider: 'cpu', convolutions: 'winograd where lean' });

/** A UNet's weights as `TO_LEARN` wants them: the same files as for drawing, mapped once for both. */
export function preparedToLearn(source: TensorSource, config: UNetConfig, cacheDir: string): Promise<TensorSource> {
  const drawing = loweringFor({ provider: 'cpu', convolutions: 'winograd' });
  return drawing.prepareWeights(source, (given) => buildUNet(config, given, { lowering: drawing }), cacheDir);
}

/**
 * Of a device beside the processor. What a driver's fused attention gives is tried before drawing; its way back is never asked
 * for. In halves, what norms sum up stays fp32, and so does all that learns.
 */
export function loweringToLearn(provider: Device['kind'], config: UNetConfig, dtype: NumberType): Lowering {
  const islands = dtype === 'f16' ? (['norm', ...unetIslands(config)] as const) : [];
  return { ...loweringFor({ provider, attention: 'decomposed', dtype, islands }), styleType: 'f32' };
}

/** Throws `UserError` (`model.…`, `weights.…`, `tokenizer.files`). */
export async function openBaseModel(options: BaseModelOptions): Promise<BaseModel> {
  const { location, cacheDir, clipTokenizer, threads, device = { kind: 'cpu' }, numberType = 'f32' } = options;
  const files = await openModelFiles(location, { cacheDir, clipTokenizer, hasOtherVae: false });
  const config = parseUNetConfig(files.unet.config, files.unet.origin);
  // A style is learnt beside noise alone: an inpainting model's mask has no part in it.
  requireNoiseOnly(config, files.location);
  const open = sessionOpener({ device: { kind: 'cpu' }, numberType: 'f32', startup: 'fast', threads });
  const model = await Model.open({ files, key: location, accelerator: undefined, precision: 'fp32', open, cacheDir });
  const lowering = device.kind === 'cpu' ? TO_LEARN : loweringToLearn(device.kind, config, numberType);
  const weights =
    device.kind === 'cpu'
      ? await preparedToLearn(files.unet.weights, config, cacheDir)
      : await lowering.prepareWeights(files.unet.weights, (given) => buildUNet(config, given, { lowering }), cacheDir);
  return {
    base: model.base,
    unet: { config, weights },
    text: model.text,
    lowering,
    textLowering: device.kind === 'cpu' ? lowering : loweringToLearn(device.kind, config, 'f32'),
    device,
    scheduler: model.scheduler,
    pixelsPerLatent: model.pixelsPerLatent,
    encoders: {
      picture: (picture) => model.encodePicture(picture),
      prompt: async (caption) => (await model.prompts.encode(plainText(caption), NO_STYLE)).conditioning,
    },
    release: () => model.release(),
  };
}
