/**
 * A style's file that comes from somewhere, straight to the disk: counted, hashed and looked at while it comes, and not
 * among the kept ones until whoever brought it keeps it. What a crash leaves of it is temporary.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

import { bounded } from '../core/bounded-bytes.ts';
import { UserError } from '../core/errors.ts';
import { writeFailure } from './database.ts';
import type { FileStore } from './files.ts';
import { requireRoomFor } from './room.ts';

/** A whole file that nobody has kept yet. */
export type ReceivedFile = {
  /** Absolute, of a temporary file. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
};

/** The length of the header, then its first character. */
const HEAD_BYTES = 9;
/** The room on the disk is looked at once in so many bytes. */
const LOOK_BYTES = 1_048_576;
const MAX_HEADER_BYTES = 100 * 1024 * 1024;

/** Throws `UserError` `lora.size`, `lora.format`, `store.full`, and what the chunks throw; nothing is left then. */
export async function receiveLora(
  chunks: AsyncIterable<Uint8Array>,
  { files, limitBytes }: { readonly files: FileStore; readonly limitBytes: number },
): Promise<ReceivedFile> {
  const path = await files.temporary();
  const hash = createHash('sha256');
  let bytes = 0;
  let nextLookBytes = 0;
  let head: Uint8Array = new Uint8Array();
  const handle = await open(path, 'wx').catch((error: unknown) => {
    throw writeFailure(error);
  });
  try {
    for await (const chunk of bounded(chunks, limitBytes, (given) => tooLarge(given, limitBytes))) {
      bytes += chunk.length;
      if (head.length < HEAD_BYTES) {
        head = Buffer.concat([head, chunk]).subarray(0, HEAD_BYTES);
        if (head.length === HEAD_BYTES) {
          checkSafetensorsHead(head, limitBytes);
        }
      }
      if (bytes >= nextLookBytes) {
        await requireRoomFor(dirname(path), 'files', LOOK_BYTES);
        nextLookBytes = bytes + LOOK_BYTES;
      }
      hash.update(chunk);
      await handle.writeFile(chunk);
    }
    checkSafetensorsHead(head, bytes);
    await handle.sync();
    await handle.close();
    return { path, sha256: hash.digest('hex'), bytes };
  } catch (error) {
    await handle.close().catch(() => undefined);
    await files.remove(path);
    throw writeFailure(error);
  }
}

/** Throws `UserError` `lora.format` for bytes that do not begin like a safetensors file of that size. */
export function checkSafetensorsHead(head: Uint8Array, sizeBytes: number): void {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const length = head.length < HEAD_BYTES ? 0n : view.getBigUint64(0, true);
  if (length < 2n || length > BigInt(Math.min(MAX_HEADER_BYTES, sizeBytes - 8)) || head[8] !== 0x7b) {
    throw new UserError(
      'lora.format',
      'A LoRA is a safetensors file; this one does not begin like one. Check that the address leads to the file itself.',
    );
  }
}

export function tooLarge(sizeBytes: number, limitBytes: number): UserError {
  const [given, max] = [Math.ceil(sizeBytes / 1_048_576), Math.floor(limitBytes / 1_048_576)];
  return new UserError('lora.size', `A LoRA can have ${max} MB here; this one has ${given} MB.`, {
    params: { given, max },
  });
}
