/** Picture files that nobody means well with: small to send, endless to open. Built here from their formats. */
import { deflateSync } from 'node:zlib';

import { writePngChunks } from '../../../src/image/png-chunks.ts';

const MB = 1_048_576;

function pngHeader(width: number, height: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB
  return data;
}

/** One red pixel behind `chunks` compressed texts that unpack to `unpackedBytes` each. */
export function pngTextBomb(chunks: number, unpackedBytes: number): Uint8Array {
  const packed = deflateSync(Buffer.alloc(unpackedBytes, 'a'), { level: 9 });
  const texts = Array.from({ length: chunks }, (_, index) =>
    index % 2 === 0
      ? { type: 'zTXt', data: Buffer.concat([Buffer.from(`key${index}\0\0`, 'latin1'), packed]) }
      : { type: 'iTXt', data: Buffer.concat([Buffer.from(`key${index}\0\u0001\0\0\0`, 'latin1'), packed]) },
  );
  return writePngChunks([
    { type: 'IHDR', data: pngHeader(1, 1) },
    ...texts,
    { type: 'IDAT', data: deflateSync(Buffer.from([0, 255, 0, 0])) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]);
}

/** A colour profile that unpacks to 100 MB. */
export function pngProfileBomb(): Uint8Array {
  const profile = Buffer.concat([Buffer.from('p\0\0', 'latin1'), deflateSync(Buffer.alloc(100 * MB))]);
  return writePngChunks([
    { type: 'IHDR', data: pngHeader(1, 1) },
    { type: 'iCCP', data: profile },
    { type: 'IDAT', data: deflateSync(Buffer.from([0, 255, 0, 0])) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]);
}

/** A header that promises these sides, and a line of pixels. */
export function pngOfSides(width: number, height: number): Uint8Array {
  return writePngChunks([
    { type: 'IHDR', data: pngHeader(width, height) },
    { type: 'IDAT', data: deflateSync(Buffer.alloc(64)) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]);
}

/** An animation of as many frames of one pixel. */
export function gifOfFrames(frames: number): Uint8Array {
  const head = Buffer.from([...Buffer.from('GIF89a'), 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
  const frame = Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]);
  return Buffer.concat([head, ...Array.from({ length: frames }, () => frame), Buffer.from([0x3b])]);
}
