/**
 * The catalog's entries on the disk: small JSON files that are whole or not there at all. Knows no model and no style.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';

import type { z } from 'zod';

import { UserError } from '../src/core/errors.ts';
import { jsonOf } from '../src/core/parsed.ts';

/** Sorted; a folder that is not there holds nothing. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).toSorted();
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}

/** The ids of the entries in a folder. */
export async function entriesIn(folder: string): Promise<readonly string[]> {
  return (await namesIn(folder)).flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -5)] : []));
}

export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return isAbsolute(path);
  } catch {
    return false;
  }
}

/** Undefined where there is no such file. Throws `UserError` `catalog.entry` for one that is torn. */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw error;
  }
  const parsed = schema.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw new UserError(
      'catalog.entry',
      `Expected a catalog entry in ${file}, but it is not usable (${parsed.error.issues[0]?.message ?? 'invalid'}); remove the file and add it again.`,
      { params: { file } },
    );
  }
  return parsed.data;
}

export function writeJson(file: string, value: unknown): Promise<void> {
  return writeWhole(file, (part) => writeFile(part, `${JSON.stringify(value, undefined, 2)}\n`));
}

/** Under a temporary name first; nothing partial is left. Throws `UserError` `catalog.unwritable`. */
export async function writeWhole(file: string, write: (part: string) => Promise<void>): Promise<void> {
  const part = `${file}.part`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await write(part);
    await rename(part, file);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => undefined);
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new UserError(
      'catalog.unwritable',
      `Expected to write ${file}, but that is not possible (${reason}). Make room there, or set FOURSTEP_DATA to another folder.`,
      { params: { file, reason }, cause },
    );
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
