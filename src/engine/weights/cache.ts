/**
 * Where derived weights are kept (widened, merged, transposed) and under which name: computed once, found again.
 *
 * They lie in `.fourstep/` beside the model they were made from, or, where that folder cannot be written, in a folder
 * of the caller's. A key names its inputs by their size, time and place on the disk, never by reading gigabytes. What
 * was made from files that have changed since is deleted before something else is written there, and when a model is
 * let go (superseded.ts); not when one is opened, for its first picture is waited for.
 */
import { createHash } from 'node:crypto';
import { access, constants, mkdir } from 'node:fs/promises';
import path from 'node:path';

import { UserError } from '../../core/errors.ts';
import { fileState } from './file-state.ts';
import { openSafetensors } from './safetensors-file.ts';
import { writeSafetensors, type TensorToWrite } from './safetensors-writer.ts';
import { keepNewest, markUsed } from './newest-files.ts';
import { noteOf, removeSuperseded, type Label, type Origin } from './superseded.ts';
import type { TensorSource } from './tensor-source.ts';
import { infosOf, type TensorTable } from './tensor-table.ts';

/** The folder beside a model. */
const BESIDE = '.fourstep';

/** One for each style at each weight, so only the ones used last are kept. */
const BOUNDED: ReadonlySet<Label> = new Set(['style']);
/** Two or three styles that change all of SD 1.5. */
const BOUNDED_BYTES = 8 * 2 ** 30;

/** Names the state of a source: the same files, unchanged, read the same way give the same id. 32 hex digits. */
export async function sourceId(source: TensorSource): Promise<string> {
  const infos = infosOf(source);
  const hash = createHash('sha256');
  for (const file of filesOf(source)) {
    hash.update(JSON.stringify([file, await fileState(file)]));
  }
  for (const { name, dtype, shape, file, offset, scale } of infos) {
    hash.update(JSON.stringify([name, dtype, shape, file, offset, ...(scale === undefined ? [] : [scale.offset])]));
  }
  return hash.digest('hex').slice(0, 32);
}

/** The files that its tensors lie in. */
export function filesOf(source: TensorSource): readonly string[] {
  return [...new Set(infosOf(source).map(({ file }) => file))];
}

export type CacheEntry = {
  /** The model's own file: derived weights go beside it where that is allowed. */
  readonly besides: string;
  /** The folder used otherwise. */
  readonly cacheDir: string;
  readonly label: Label;
  /** Everything the content depends on. */
  readonly key: string;
  /** All files that it is made from. */
  readonly inputs: readonly string[];
};

/** Opens the derived file of this entry; where there is none, writes the tensors that `make` gives. */
export async function cachedWeights(
  entry: CacheEntry,
  make: () => readonly TensorToWrite[] | Promise<readonly TensorToWrite[]>,
): Promise<TensorTable> {
  const digest = createHash('sha256').update(entry.key).digest('hex').slice(0, 16);
  const stem = path
    .basename(entry.besides)
    .replace(/\.safetensors$/, '')
    .slice(0, 80);
  const name = `${stem}.${entry.label}.${digest}.safetensors`;
  const folders = [path.join(path.dirname(entry.besides), BESIDE), path.resolve(entry.cacheDir)] as const;
  for (const folder of folders) {
    const found = await openIfThere(path.join(folder, name));
    if (found !== undefined) {
      await (BOUNDED.has(entry.label) ? markUsed(path.join(folder, name)) : undefined);
      return found;
    }
  }
  for (const folder of folders) {
    await removeSuperseded(folder, Date.now());
  }
  const [beside, otherwise] = folders;
  const folder = (await isWritable(beside)) ? beside : otherwise;
  const tensors = await make();
  await writeSafetensors(path.join(folder, name), tensors, noteOf({ folder, inputs: await statesOf(entry.inputs) }));
  if (BOUNDED.has(entry.label)) {
    await keepNewest(folder, (other) => other.includes(`.${entry.label}.`), BOUNDED_BYTES);
  }
  return (await openSafetensors(path.join(folder, name))).tensors;
}

/** Those files of a source that are derived. */
export function derivedFiles(source: TensorSource, cacheDir: string): readonly string[] {
  const elsewhere = path.resolve(cacheDir);
  return filesOf(source).filter((file) => {
    const folder = path.dirname(file);
    return path.basename(folder) === BESIDE || folder === elsewhere;
  });
}

/** Deletes what is superseded beside these derived files, and in the folder used otherwise. */
export async function sweepBeside(derived: readonly string[], cacheDir: string): Promise<void> {
  for (const folder of new Set([...derived.map((file) => path.dirname(file)), path.resolve(cacheDir)])) {
    await removeSuperseded(folder, Date.now());
  }
}

async function statesOf(files: readonly string[]): Promise<Origin['inputs']> {
  return Promise.all(files.map(async (file) => [file, await fileState(file)] as const));
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
