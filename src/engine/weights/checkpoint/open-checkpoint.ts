/**
 * A single-file checkpoint as the nets of a diffusers folder: the same bytes under other names, with the published
 * configs. Copies of the weights for further training (`model_ema.…`) are left aside, as diffusers leaves them.
 */
import type { Base } from '../../../core/manifest.ts';
import { currentName } from '../older-names.ts';
import { openSafetensors } from '../safetensors-file.ts';
import type { TensorSource } from '../tensor-source.ts';
import { withScales } from '../scaled-weights.ts';
import { renamed, TensorTable } from '../tensor-table.ts';
import { checkpointConfigs } from './checkpoint-configs.ts';
import { CLIP, detectLayout, OPEN_CLIP, UNET } from './checkpoint-layout.ts';
import { inferText, inferUNet, inferVae } from './inferred-configs.ts';
import { fromLdmUnetName, ldmTopology } from './ldm-unet-names.ts';
import { fromLdmVaeName, ldmVaeBlocks } from './ldm-vae-names.ts';
import { openClipEncoder } from './open-clip.ts';

export type CheckpointNet = {
  /** As a config.json would say it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly weights: TensorSource;
};

export type Checkpoint = {
  readonly base: Base;
  /** Absolute path. */
  readonly file: string;
  readonly unet: CheckpointNet;
  /** Without weights where the file has no VAE and need not have one. */
  readonly vae: CheckpointNet;
  /** In the order in which their outputs are joined. */
  readonly text: readonly (CheckpointNet & {
    /** The token that fills up short prompts; undefined: the end token. */
    readonly pad: string | undefined;
  })[];
  /** As a scheduler_config.json would say it. */
  readonly scheduler: Readonly<Record<string, unknown>>;
  readonly zerosForEmptyPrompt: boolean;
};

/** OpenCLIP fills short prompts with the token 0. */
const OPEN_CLIP_PAD = '!';

/** SD 2.x reads its encoder before the last layer, which it leaves out. */
const SD2_UNUSED_LAYERS = 1;

/**
 * Opens a `.safetensors` checkpoint of SD 1.x, 2.x or of SDXL's family; tokenizers are not in it. `needsVae`: refuse a
 * file without one. Throws `UserError` `checkpoint.kind`, `checkpoint.parts`, and what `openSafetensors` throws.
 */
export async function openCheckpoint(
  file: string,
  cacheDir: string,
  { needsVae = true }: { readonly needsVae?: boolean } = {},
): Promise<Checkpoint> {
  const opened = await openSafetensors(file);
  const { file: absolute } = opened;
  const tensors = withScales(opened.tensors);
  const layout = detectLayout(tensors, { needsVae });
  const { family, vaePrefix } = layout;
  const part = (prefix: string) => renamed(absolute, tensors, (name) => without(prefix, name));
  const original = part(UNET);
  const topology = ldmTopology(original.names);
  const unet = renamed(absolute, original, (name) => fromLdmUnetName(name, topology));
  const originalVae = vaePrefix === undefined ? new TensorTable(absolute, []) : part(vaePrefix);
  const vaeBlocks = ldmVaeBlocks(originalVae.names);
  const vae = renamed(absolute, originalVae, (name) => fromLdmVaeName(name, vaeBlocks));
  const configs = checkpointConfigs({ ...layout, prediction: layout.prediction ?? (await predictionOf(unet, family)) });
  const unetConfig = { ...configs.unet, ...inferUNet(unet, family) };
  const text: Checkpoint['text'][number][] = [];
  if (family !== 'sd2') {
    const clip = part(CLIP[family]);
    const weights = renamed(absolute, clip, currentName(clip.names));
    text.push({ config: { ...configs.text[0], ...inferText(weights, 0) }, weights, pad: undefined });
  }
  if (family !== 'sd15') {
    const weights = await openClipEncoder(part(OPEN_CLIP[family]), cacheDir);
    const unused = family === 'sd2' ? SD2_UNUSED_LAYERS : 0;
    text.push({ config: { ...configs.text.at(-1), ...inferText(weights, unused) }, weights, pad: OPEN_CLIP_PAD });
  }
  const hasGuidance = 'time_cond_proj_dim' in unetConfig;
  return {
    base:
      family === 'sdxl' &&
      unetConfig.mid_block_type !== undefined &&
      unetConfig.mid_block_type !== 'UNetMidBlock2DCrossAttn'
        ? 'ssd1b'
        : family,
    file: absolute,
    unet: { config: unetConfig, weights: unet },
    vae: { config: { ...configs.vae, ...inferVae(vae) }, weights: vae },
    text,
    scheduler: hasGuidance ? { ...configs.scheduler, _class_name: 'LCMScheduler' } : configs.scheduler,
    zerosForEmptyPrompt: configs.zerosForEmptyPrompt,
  };
}

/**
 * SD 2.x comes in two kinds of one shape. Those that predict v have a wider spread in one of the last biases; the sign is
 * ComfyUI's (comfy/supported_models.py).
 */
async function predictionOf(unet: TensorSource, family: string): Promise<'epsilon' | 'v_prediction'> {
  const sign = unet.get(SD2_SIGN);
  if (family !== 'sd2' || sign === undefined || (unet.get('conv_in.weight')?.shape[1] ?? 4) !== 4) {
    return 'epsilon';
  }
  const values = await unet.readFloats(SD2_SIGN);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return Math.sqrt(variance) > SD2_V_SPREAD ? 'v_prediction' : 'epsilon';
}

const SD2_SIGN = 'up_blocks.3.attentions.2.transformer_blocks.0.norm1.bias';
const SD2_V_SPREAD = 0.09;

function without(prefix: string, name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}
