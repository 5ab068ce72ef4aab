/**
 * Models that are given a picture besides the noisy latents, refused by what they are: their UNet takes more channels than
 * it gives.
 */
import { UserError } from '../../core/errors.ts';
import type { UNetConfig } from '../nets/index.ts';

/** Throws `UserError` `model.inpainting`. */
export function requireNoiseOnly(
  { inChannels, outChannels }: Pick<UNetConfig, 'inChannels' | 'outChannels'>,
  location: string,
): void {
  if (inChannels === outChannels) {
    return;
  }
  const kind = KINDS[inChannels] ?? 'models that are given a picture';
  throw new UserError(
    'model.inpainting',
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
