/**
 * Refuses styles that were made for another state of a model than it is in today, for the command line. What a style was
 * made for stands in its preset or its file; the model is hashed only where one of them says it.
 */
import { join } from 'node:path';

import type { CatalogModel } from '../../models/catalog.ts';
import { Fingerprints } from '../../models/fingerprint.ts';
import { refusal } from '../bot/refusal.ts';
import { netsOf } from '../core/fingerprint.ts';
import type { Fingerprint, StyleUse } from '../core/request.ts';
import { inspectLora } from '../engine/weights/index.ts';

type MadeFor = Pick<StyleUse, 'id' | 'base'>;

export function fingerprintOf(dataFolder: string, model: CatalogModel): Promise<Fingerprint> {
  return new Fingerprints(join(dataFolder, 'cache', 'hashes')).of(model.source);
}

/** Throws `UserError` `style.base-changed` for a preset, `style.trained-elsewhere` for a file. */
export async function requireMadeFor(
  dataFolder: string,
  model: CatalogModel,
  { presets = [], files = [] }: { readonly presets?: readonly MadeFor[]; readonly files?: readonly StyleUse[] },
): Promise<void> {
  const noted = await Promise.all(files.map(async ({ id, file }) => ({ id, base: await notedIn(file) })));
  const says = ({ base }: MadeFor): boolean => base !== undefined;
  if (![...presets, ...noted].some(says)) {
    return;
  }
  const today = netsOf(await fingerprintOf(dataFolder, model));
  const isOther = ({ base }: MadeFor): boolean => base !== undefined && netsOf(base) !== today;
  const [preset, file] = [presets.find(isOther), noted.find(isOther)];
  if (preset !== undefined) {
    throw refusal('style.base-changed', { style: preset.id, model: model.id });
  }
  if (file !== undefined) {
    throw refusal('style.trained-elsewhere', { style: file.id, model: model.id });
  }
}

/** Undefined for what is no LoRA, too: the engine says better what it is. */
async function notedIn(file: string): Promise<Fingerprint | undefined> {
  return inspectLora(file).then(
    ({ madeFor }) => madeFor,
    () => undefined,
  );
}
