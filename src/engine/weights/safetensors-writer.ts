/**
 * Writes a safetensors file as a stream and shows it only when it is whole: a temporary file beside it, then a rename.
 * A process that dies midway leaves a temporary file that the next writer of the same name removes; two writers at
 * once each write their own, and the last rename wins with equal content. Knows no cache keys.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import { UserError } from '../../core/errors.ts';
import { BYTES_PER_ELEMENT } from './dtype.ts';
import type { Dtype } from './tensor-source.ts';

export type TensorToWrite = {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Little-endian elements in row order; a part may be overwritten after the next one is asked for. */
  readonly parts: () => AsyncIterable<Uint8Array>;
};

/**
 * Writes `tensors` in the given order to `file`, creating its folder.
 * Throws `UserError` `weights.unwritable` when the disk refuses, and whatever a tensor's `parts` throw; nothing is left then.
 */
export async function writeSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const folder = path.dirname(file);
  await onDisk(folder, () => mkdir(folder, { recursive: true }));
  await removeOrphans(file);
  const temporary = `${file}.${process.pid}-${randomBytes(4).toString('hex')}${TEMPORARY}`;
  try {
    const handle = await onDisk(folder, () => open(temporary, 'wx'));
    try {
      await onDisk(folder, () => writeAll(handle, encodeHeader(tensors, metadata)));
      for (const tensor of tensors) {
        await writeTensor(handle, tensor, folder);
      }
      await onDisk(folder, () => handle.sync());
    } finally {
      await handle.close();
    }
    await onDisk(folder, () => rename(temporary, file));
  } catch (cause) {
    await rm(temporary, { force: true });
    throw cause;
  }
}

/** The 8-byte length and the header, padded with spaces so that the data begin on a multiple of 64 bytes. */
function encodeHeader(
  tensors: readonly Omit<TensorToWrite, 'parts'>[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let at = 0;
  for (const tensor of tensors) {
    const end = at + byteLength(tensor);
    entries.push([tensor.name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [at, end] }]);
    at = end;
  }
  // Not one object: names that look like numbers would change places.
  const members = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${members.join(',')}}`);
  const length = Math.ceil((8 + json.length) / 64) * 64 - 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}

async function writeTensor(handle: FileHandle, tensor: TensorToWrite, folder: string): Promise<void> {
  let written = 0;
  for await (const part of tensor.parts()) {
    await onDisk(folder, () => writeAll(handle, part));
    written += part.byteLength;
  }
  const expected = byteLength(tensor);
  if (written !== expected) {
    throw new Error(`"${tensor.name}" was announced with ${expected} bytes and came with ${written}`);
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.byteLength - at);
    at += bytesWritten;
  }
}

function byteLength({ dtype, shape }: Pick<TensorToWrite, 'dtype' | 'shape'>): number {
  return shape.reduce((product, side) => product * side, 1) * BYTES_PER_ELEMENT[dtype];
}

export const TEMPORARY = '.partial';

/** Removes temporary files of `file` whose writers are no longer alive. */
async function removeOrphans(file: string): Promise<void> {
  const folder = path.dirname(file);
  const prefix = `${path.basename(file)}.`;
  for (const name of await readdir(folder)) {
    const pid = Number.parseInt(name.slice(prefix.length), 10);
    if (name.startsWith(prefix) && name.endsWith(TEMPORARY) && Number.isInteger(pid) && !isAlive(pid)) {
      await rm(path.join(folder, name), { force: true });
    }
  }
}

/** Signal 0 asks without harm; a process of another user answers EPERM and lives. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function onDisk<Result>(folder: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new UserError(
      'weights.unwritable',
      `Prepared weights must be written to "${folder}", but the system refused (${reason}); free some space or make the folder writable.`,
      { params: { folder, reason }, cause },
    );
  }
}
