/** What a size and a model mean for training: which sizes there are, and how its session is opened. */
import { UserError } from '../core/errors.ts';
import type { BaseModel } from './base-model.ts';
import type { LatentShards } from './latent-shards.ts';

/** Weights up to which a session may copy them to run faster. */
const SMALL_BYTES = 256e6;

/** Throws `UserError` `usage.size` for a size that the UNet cannot halve often enough. */
export function checkTrainingSize(
  base: BaseModel,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  const multiple = base.pixelsPerLatent * 2 ** (base.unet.config.down.length - 1);
  if (width % multiple !== 0 || height % multiple !== 0) {
    throw new UserError(
      'usage.size',
      `Expected a size of multiples of ${multiple} to train at, got ${width}x${height}; choose another size.`,
      { params: { multiple, width, height } },
    );
  }
}

/** Throws `UserError` `train.latents` for latents that are not this model's at that size. */
export function checkLatents(
  { pixelsPerLatent, unet }: BaseModel,
  { width, height }: { readonly width: number; readonly height: number },
  { shape }: LatentShards,
): void {
  const wanted = [unet.config.inChannels, height / pixelsPerLatent, width / pixelsPerLatent].join(' × ');
  if (shape.join(' × ') !== wanted) {
    throw new UserError(
      'train.latents',
      `Expected latents of ${wanted} for this model at ${width}x${height}, got ${shape.join(' × ')}; encode the pictures with its own autoencoder.`,
      { params: { wanted, found: shape.join(' × ') } },
    );
  }
}

export function trainingStartup({ unet: { weights } }: BaseModel): 'fast' | 'throughput' {
  const bytes = weights.names.reduce((sum, name) => sum + (weights.get(name)?.length ?? 0), 0);
  return bytes <= SMALL_BYTES ? 'throughput' : 'fast';
}
