/**
 * Where pictures of the command line go: `--out FILE|DIR` and a count → paths that sort in the order of their seeds, and
 * files that are whole or not there at all.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';

import { UserError } from '../../core/errors.ts';

/** Plans the paths: a file for one picture (numbered beside one another for several), a folder's numbered files else. */
export async function planOutputs({
  out,
  count,
  seed,
  prompt,
}: {
  readonly out: string;
  readonly count: number;
  readonly seed: number;
  readonly prompt: string;
}): Promise<readonly string[]> {
  const isFolder = out.endsWith('/') || (await isExistingFolder(out)) || extname(out) === '';
  const digits = String(count).length;
  const number = (index: number): string => String(index + 1).padStart(digits, '0');
  if (isFolder) {
    const name = fileNameOf(prompt);
    return Array.from({ length: count }, (_, index) =>
      join(out, count === 1 ? `${name}-${seed}.png` : `${name}-${number(index)}-${seed + index}.png`),
    );
  }
  const ending = extname(out);
  if (ending.toLowerCase() !== '.png') {
    throw new UserError(
      'cli.out',
      `Expected --out as a folder or a .png file, got "${out}". PNG is the format that is written.`,
      { params: { out } },
    );
  }
  return Array.from({ length: count }, (_, index) =>
    count === 1 ? out : `${out.slice(0, -ending.length)}-${number(index)}${ending}`,
  );
}

/** Writes to a temporary name beside the target and renames it; nothing partial is left. */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const part = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await mkdir(dirname(resolve(path)), { recursive: true });
    await writeFile(part, data);
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true });
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new UserError(
      'cli.unwritable',
      `Expected to write ${path}, but that is not possible (${reason}). Choose another place with --out.`,
      { params: { path, reason }, cause },
    );
  }
}

/** Fails early, before anything is drawn, where the folder cannot be written. */
export async function checkWritable(path: string): Promise<void> {
  const probe = `${path}.${randomBytes(4).toString('hex')}.probe`;
  await writeWhole(probe, new Uint8Array());
  await rm(probe, { force: true });
}

/** A few words of the prompt, fit for any file system. */
function fileNameOf(prompt: string): string {
  const words = prompt
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return words === '' ? 'picture' : words.slice(0, 48).replace(/-+$/, '');
}

async function isExistingFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
