/**
 * A single-file checkpoint as the nets of a diffusers folder: the same bytes under other names, with the published
 * configs. Copies of the weights for further training (`model_ema.…`) are left aside, as diffusers leaves them.
 */
import type { Base } from '../../../core/manifest.ts';
import { currentName } from '../older-names.ts';
import { openSafetensors } from '../safetensors-file.ts';
import type { TensorSource } from '../tensor-source.ts';
import { renamed } from '../tensor-table.ts';
import { checkpointConfigs } from './checkpoint-configs.ts';
import { CLIP, detectLayout, OPEN_CLIP, UNET, VAE_PREFIXES } from './checkpoint-layout.ts';
import { fromLdmUnetName } from './ldm-unet-names.ts';
import { fromLdmVaeName } from './ldm-vae-names.ts';
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
  readonly vae: CheckpointNet;
  /** In the order in which their outputs are joined. */
  readonly text: readonly CheckpointNet[];
  /** As a scheduler_config.json would say it. */
  readonly scheduler: Readonly<Record<string, unknown>>;
  readonly zerosForEmptyPrompt: boolean;
};

/**
 * Opens a `.safetensors` checkpoint of SD 1.x or SDXL; tokenizers are not in it.
 * Throws `UserError` `checkpoint.kind`, `checkpoint.parts`, and what `openSafetensors` throws.
 */
export async function openCheckpoint(file: string, cacheDir: string): Promise<Checkpoint> {
  const { tensors, file: absolute } = await openSafetensors(file);
  const layout = detectLayout(tensors);
  const configs = checkpointConfigs(layout);
  const part = (prefix: string) => renamed(absolute, tensors, (name) => without(prefix, name));
  const topology = TOPOLOGIES[layout.base];
  const unet = part(UNET);
  const vae = part(
    VAE_PREFIXES.find((prefix) => tensors.get(`${prefix}decoder.conv_in.weight`) !== undefined) ?? VAE_PREFIXES[0],
  );
  const clip = part(CLIP[layout.base]);
  const text = [renamed(absolute, clip, currentName(clip.names))];
  return {
    base: layout.base,
    file: absolute,
    unet: { config: configs.unet, weights: renamed(absolute, unet, (name) => fromLdmUnetName(name, topology)) },
    vae: { config: configs.vae, weights: renamed(absolute, vae, (name) => fromLdmVaeName(name, VAE_BLOCKS)) },
    text: await Promise.all(
      configs.text.map(async (config, i) => ({
        config,
        weights: text[i] ?? (await openClipEncoder(part(OPEN_CLIP), cacheDir)),
      })),
    ),
    scheduler: configs.scheduler,
    zerosForEmptyPrompt: configs.zerosForEmptyPrompt,
  };
}

const VAE_BLOCKS = 4;

const TOPOLOGIES = {
  sd15: { layersPerBlock: 2, upAttention: new Set([1, 2, 3]) },
  sdxl: { layersPerBlock: 2, upAttention: new Set([0, 1]) },
} as const;

function without(prefix: string, name: string): string | undefined {
  return name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
}
