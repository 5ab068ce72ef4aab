/**
 * What a UNet is given to see, told by its channels: noisy latents alone, or a mask and the masked picture's latents beside
 * them, as inpainting checkpoints are. Models that are given something else are refused by what they are.
 */
import { UserError } from '../../core/errors.ts';
import type { UNetConfig } from '../nets/index.ts';

type Channels = Pick<UNetConfig, 'inChannels' | 'outChannels'>;

/** Latents, one channel of mask, latents: in diffusers' order (pipeline_stable_diffusion_inpaint.py at 0.42). */
export function seesMask({ inChannels, outChannels }: Channels): boolean {
  return inChannels === 2 * outChannels + 1;
}

/** Throws `UserError` `model.channels` for a UNet that is given neither. */
export function requireKnownInputs(config: Channels, location: string): void {
  if (!seesMask(config)) {
    requireNoiseOnly(config, location);
  }
}

/** Throws `UserError` `model.channels` for a UNet that is given more than noisy latents. */
export function requireNoiseOnly({ inChannels, outChannels }: Channels, location: string): void {
  if (inChannels === outChannels) {
    return;
  }
  const kind = KINDS[inChannels] ?? 'models that are given a picture';
  throw new UserError(
    'model.channels',
    `Expected a model that draws from noise alone, but the UNet in ${location} takes ${inChannels} channels, as ${kind} do; take the ordinary version of the model.`,
    { params: { location, channels: inChannels, kind } },
  );
}

/** By the channels that they take. */
const KINDS: Readonly<Record<number, string>> = {
  5: 'depth models',
  7: 'upscaling models',
  8: 'models that edit by instruction (InstructPix2Pix, CosXL Edit)',
  9: 'inpainting models',
};
