/**
 * What a checkpoint is, by its header alone; a file that is refused counts as Stable Diffusion 1.5, for opening it says why.
 */
import type { Base } from '../../../core/manifest.ts';
import { openSafetensors } from '../safetensors-file.ts';
import { OPEN_CLIP, UNET, VAE_PREFIXES } from './checkpoint-layout.ts';

export type CheckpointTraits = {
  readonly base: Base;
  /** Pixels along one side of the pictures that it was trained for. */
  readonly side: number;
  /** Guidance is an input of it. */
  readonly isFullLcm: boolean;
  readonly hasVae: boolean;
};

/** Throws `UserError` as `openSafetensors`. */
export async function describeCheckpoint(file: string): Promise<CheckpointTraits> {
  const { tensors } = await openSafetensors(file);
  const has = (start: string): boolean => tensors.names.some((name) => name.startsWith(start));
  const known = {
    isFullLcm: has(`${UNET}time_embed.cond_proj.`),
    hasVae: VAE_PREFIXES.some((prefix) => has(`${prefix}decoder.conv_in.`)),
  };
  if (has(`${OPEN_CLIP.sdxl}ln_final.`)) {
    return { base: has(`${UNET}middle_block.1.`) ? 'sdxl' : 'ssd1b', side: 1024, ...known };
  }
  return has(`${OPEN_CLIP.sd2}ln_final.`)
    ? { base: 'sd2', side: 768, ...known }
    : { base: 'sd15', side: 512, ...known };
}
