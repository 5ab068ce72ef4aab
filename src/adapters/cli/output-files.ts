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
  checkEnding(out);
  const ending = extname(out);
  return Array.from({ length: count }, (_, index) =>
    count === 1 ? out : `${out.slice(0, -ending.length)}-${number(index)}${ending}`,
  );
}

/** Throws `UserError` `usage.out` where a file's name says that it is no PNG. */
export function checkEnding(out: string): void {
  if (extname(out).toLowerCase() !== '.png') {
    throw new UserError(
      'usage.out',
      `Expected --out to name a .png file, the format that is written, got "${out}". Change its ending.`,
      { params: { out } },
    );
  }
}

/** Writes to a temporary name beside the target and renames it; nothing partial is left. */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  const part = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await mkdir(dirname(resolve(path)), { recursive: true });
    await writeFile(part, data);
    await rename(part, path);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => undefined);
    throw unwritable(path, reasonOf(cause), cause);
  }
}

/** Fails early, before anything is drawn, where the file cannot be written; makes no folder and leaves no file. */
export async function checkWritable(path: string): Promise<void> {
  if (await isExistingFolder(path)) {
    throw unwritable(path, 'it is a folder');
  }
  let folder = dirname(resolve(path));
  while (!(await exists(folder)) && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  const probe = join(folder, `.fourstep-${randomBytes(4).toString('hex')}.probe`);
  try {
    await writeFile(probe, '');
    await rm(probe, { force: true });
  } catch (cause) {
    throw unwritable(path, reasonOf(cause), cause);
  }
}

function unwritable(path: string, reason: string, cause?: unknown): UserError {
  return new UserError(
    'cli.unwritable',
    `Expected to write ${path}, but that is not possible: ${reason}. Choose another place with --out.`,
    { params: { path, reason }, cause },
  );
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  return REASONS[code] ?? code;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EROFS: 'it is on a read-only disk',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'its folder cannot be made',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a part of the path is a file',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'the name is too long',
};

/** A few words of the prompt, fit for any file system. */
function fileNameOf(prompt: string): string {
  const words = prompt
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return words === '' ? 'picture' : words.slice(0, 48).replace(/-+$/, '');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isExistingFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
