/**
 * What pictures are decoded by where a request does not say: what the operator says where the model has a small stand-in,
 * else the model, else its own autoencoder.
 */
import type { Config } from '../../config/load.ts';
import type { CatalogModel } from '../../models/catalog.ts';
import type { ModelManifest } from '../core/manifest.ts';
import type { GenerationRequest } from '../core/request.ts';
import { standInBeside } from '../engine/model/vae-override.ts';

type Decoder = GenerationRequest['decoder'];

export async function usualDecoder(
  { decoder: operator }: Pick<Config, 'decoder'>,
  model: Pick<CatalogModel, 'source' | 'tinyVae'>,
  manifest: Pick<ModelManifest, 'decoder' | 'tinyVae'>,
): Promise<Decoder> {
  if (operator !== 'tiny') {
    return operator ?? manifest.decoder ?? 'full';
  }
  return (await hasTinyDecoder(model, manifest)) ? 'tiny' : 'full';
}

/** Added with it, brought along, or lying beside it. */
export async function hasTinyDecoder(
  { source, tinyVae: added }: Pick<CatalogModel, 'source' | 'tinyVae'>,
  { tinyVae }: Pick<ModelManifest, 'tinyVae'>,
): Promise<boolean> {
  return (added ?? tinyVae ?? (await standInBeside(source))) !== undefined;
}
