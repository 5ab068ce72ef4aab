/**
 * PNG files as chunks, in and out. Works on bytes alone; knows no pixels and unpacks nothing.
 *
 * Format: PNG specification (third edition) sections 5.2 (signature), 5.3 (chunk layout), annex D (CRC-32 as in zlib).
 */
import { crc32 } from 'node:zlib';

export const PNG_SIGNATURE: Buffer = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

export type PngChunk = { readonly type: string; readonly data: Buffer };

/** The whole chunks of a PNG in their order; none where the bytes are no PNG. What is torn off at the end is left out. */
export function readPngChunks(bytes: Uint8Array): readonly PngChunk[] {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return png.subarray(0, PNG_SIGNATURE.length).equals(PNG_SIGNATURE) ? [...chunksOf(png)] : [];
}

export function writePngChunks(chunks: readonly PngChunk[]): Buffer {
  return Buffer.concat([PNG_SIGNATURE, ...chunks.map(encodeChunk)]);
}

function* chunksOf(png: Buffer): Generator<PngChunk> {
  let offset = PNG_SIGNATURE.length;
  while (offset + 12 <= png.length) {
    const length = png.readUInt32BE(offset);
    const end = offset + 12 + length;
    if (end > png.length) {
      return;
    }
    yield { type: png.toString('latin1', offset + 4, offset + 8), data: png.subarray(offset + 8, offset + 8 + length) };
    offset = end;
  }
}

function encodeChunk({ type, data }: PngChunk): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}
