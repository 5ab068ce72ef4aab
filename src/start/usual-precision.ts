/**
 * What a model is drawn in where a request does not say: what the operator says, else the model, else `auto`: 8 bits where
 * every device, those of other machines too, is a processor with instructions for them and the model is large enough to gain.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { Config } from '../../config/load.ts';
import type { CatalogModel } from '../../models/catalog.ts';
import type { ModelManifest, PrecisionWish } from '../core/manifest.ts';
import type { GenerationRequest } from '../core/request.ts';
import { eightBitInstructions, type EightBitInstructions } from '../engine/ort/index.ts';

/** Of a UNet's weights on the disk: SD 1.5 has 1.7 GB in half precision, moji 27 MB, whose call takes milliseconds. */
const LEAST_BYTES = 400e6;

export type PrecisionFacts = {
  /** PRECISION. */
  readonly operator: PrecisionWish | undefined;
  readonly manifest: PrecisionWish | undefined;
  /** Of all that may draw. */
  readonly prefersEightBits: boolean;
  /** Of the model's UNet. */
  readonly bytes: number;
};

export function usualPrecision({
  operator,
  manifest,
  prefersEightBits,
  bytes,
}: PrecisionFacts): GenerationRequest['precision'] {
  const wish = operator === undefined || operator === 'auto' ? manifest : operator;
  if (wish === 'fp32' || wish === 'int8') {
    return wish;
  }
  return prefersEightBits && bytes >= LEAST_BYTES ? 'int8' : 'fp32';
}

/** Whether all of these devices of this machine gain by them. */
export function preferEightBits(devices: readonly string[], instructions: EightBitInstructions | undefined): boolean {
  return devices.every((device) => device === 'cpu' && instructions !== undefined);
}

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
