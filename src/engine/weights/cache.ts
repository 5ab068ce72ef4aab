/**
 * Where derived weights are kept (widened, merged, transposed) and under which name: computed once, found again.
 *
 * They lie in `.fourstep/` beside the model they were made from, or, where that folder cannot be written, in a folder
 * of the caller's. A key names its inputs by their size, time and place on the disk, never by reading gigabytes.
 */
import { createHash } from 'node:crypto';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { UserError } from '../../core/errors.ts';
import { openSafetensors } from './safetensors-file.ts';
import { writeSafetensors, type TensorToWrite } from './safetensors-writer.ts';
import type { TensorSource } from './tensor-source.ts';
import { infosOf, type TensorTable } from './tensor-table.ts';

/** Names the state of a source: the same files, unchanged, read the same way give the same id. 32 hex digits. */
export async function sourceId(source: TensorSource): Promise<string> {
  const infos = infosOf(source);
  const hash = createHash('sha256');
  for (const file of new Set(infos.map((info) => info.file))) {
    hash.update(JSON.stringify([file, await fileState(file)]));
  }
  for (const { name, dtype, shape, file, offset } of infos) {
    hash.update(JSON.stringify([name, dtype, shape, file, offset]));
  }
  return hash.digest('hex').slice(0, 32);
}

/** What changes when a file is replaced or written to. */
export async function fileState(file: string): Promise<readonly number[]> {
  try {
    const { size, mtimeMs, ino } = await stat(file);
    return [size, mtimeMs, ino];
  } catch (cause) {
    throw new UserError(
      'weights.missing',
      `There must be a weights file at "${file}", but it cannot be read; check the path and its permissions.`,
      { params: { file }, cause },
    );
  }
}

export type CacheEntry = {
  /** The model's own file: derived weights go beside it where that is allowed. */
  readonly besides: string;
  /** The folder used otherwise. */
  readonly cacheDir: string;
  /** What it is, for people who look into the folder: `fp32`, `lcm-lora`. */
  readonly label: string;
  /** Everything the content depends on. */
  readonly key: string;
};

/** Opens the derived file of this entry; where there is none, writes the tensors that `make` gives. */
export async function cachedWeights(entry: CacheEntry, make: () => readonly TensorToWrite[]): Promise<TensorTable> {
  const digest = createHash('sha256').update(entry.key).digest('hex').slice(0, 16);
  const stem = path
    .basename(entry.besides)
    .replace(/\.safetensors$/, '')
    .slice(0, 80);
  const name = `${stem}.${entry.label}.${digest}.safetensors`;
  const beside = path.join(path.dirname(entry.besides), '.fourstep');
  for (const folder of [beside, entry.cacheDir]) {
    const found = await openIfThere(path.join(folder, name));
    if (found !== undefined) {
      return found;
    }
  }
  const folder = (await isWritable(beside)) ? beside : entry.cacheDir;
  await writeSafetensors(path.join(folder, name), make(), { format: 'pt', made_by: 'fourstep' });
  return (await openSafetensors(path.join(folder, name))).tensors;
}

/** A derived file that is damaged counts as absent: it will be written anew. */
async function openIfThere(file: string): Promise<TensorTable | undefined> {
  try {
    return (await openSafetensors(file)).tensors;
  } catch (error) {
    if (error instanceof UserError) {
      return undefined;
    }
    throw error;
  }
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
