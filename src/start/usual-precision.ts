/** What an installed model is drawn in on this machine where nobody says: the facts for the bot's rule. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Config } from '../../config/load.ts';
import type { CatalogModel } from '../../models/catalog.ts';
import { preferEightBits, usualPrecision } from '../bot/usual-precision.ts';
import type { ModelManifest, PrecisionWish } from '../core/manifest.ts';
import type { GenerationRequest } from '../core/request.ts';
import { eightBitInstructions } from '../engine/ort/index.ts';

/** Of an installed model on this machine; `wish`: what was asked for in so many words. */
export async function precisionFor(
  { precision: operator, devices }: Pick<Config, 'precision' | 'devices'>,
  { source }: Pick<CatalogModel, 'source'>,
  { precision: manifest }: Pick<ModelManifest, 'precision'>,
  wish: PrecisionWish = 'auto',
): Promise<GenerationRequest['precision']> {
  return usualPrecision({
    operator: wish === 'auto' ? operator : wish,
    manifest,
    prefersEightBits: preferEightBits(devices, eightBitInstructions()),
    bytes: await unetBytes(source),
  });
}

/** Of the UNet in a diffusers folder, or of a whole checkpoint file. */
export async function unetBytes(source: string): Promise<number> {
  const found = await stat(source);
  if (found.isFile()) {
    return found.size;
  }
  const folder = join(source, 'unet');
  const names = await readdir(folder).catch(() => []);
  const weights = names.filter((name) => name.endsWith('.safetensors'));
  const sizes = await Promise.all(
    weights.map(async (name) => ({ isShard: name.includes('-of-'), size: (await stat(join(folder, name))).size })),
  );
  const shards = sizes.reduce((total, { isShard, size }) => total + (isShard ? size : 0), 0);
  return Math.max(shards, ...sizes.map(({ size }) => size)); // the same weights may lie there in two precisions
}
