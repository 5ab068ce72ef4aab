/**
 * Text inside PNG files: iTXt chunks, in and out, so that a saved picture carries the parameters that drew it. Works on
 * bytes alone; knows no pixels and no parameter.
 *
 * Format: PNG specification (third edition) sections 5.3 (chunk layout), 11.3.3.4 (iTXt), annex D (CRC-32 as in zlib).
 */
import { crc32 } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

type Chunk = { readonly type: string; readonly data: Buffer };

/** Returns the PNG with the texts as iTXt chunks before its pixels. Keywords are 1-79 Latin-1 characters. */
export function withPngTexts(png: Uint8Array, texts: Readonly<Record<string, string>>): Uint8Array {
  const [header, ...rest] = readChunks(png);
  if (header === undefined) {
    throw new RangeError('png: expected a PNG file with a header chunk, got none');
  }
  const added = Object.entries(texts).map(([keyword, text]) => encodeChunk('iTXt', internationalText(keyword, text)));
  return Buffer.concat([
    SIGNATURE,
    encodeChunk(header.type, header.data),
    ...added,
    ...rest.map((chunk) => encodeChunk(chunk.type, chunk.data)),
  ]);
}

/** The uncompressed texts (tEXt, iTXt) of a PNG; empty where the bytes are no PNG. */
export function readPngTexts(png: Uint8Array): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const { type, data } of readChunks(png)) {
    const end = data.indexOf(0);
    if (end < 1) {
      continue;
    }
    const keyword = data.toString('latin1', 0, end);
    if (type === 'tEXt') {
      texts[keyword] = data.toString('latin1', end + 1);
    } else if (type === 'iTXt' && data[end + 1] === 0) {
      const language = data.indexOf(0, end + 3);
      const translated = language < 0 ? -1 : data.indexOf(0, language + 1);
      if (translated >= 0) {
        texts[keyword] = data.toString('utf8', translated + 1);
      }
    }
  }
  return texts;
}

function* chunksOf(png: Buffer): Generator<Chunk> {
  let offset = SIGNATURE.length;
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

function readChunks(bytes: Uint8Array): readonly Chunk[] {
  const png = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return png.subarray(0, SIGNATURE.length).equals(SIGNATURE) ? [...chunksOf(png)] : [];
}

function encodeChunk(type: string, data: Buffer): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  data.copy(chunk, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

/** keyword, 0, compression flag 0, method 0, language tag '', 0, translated keyword '', 0, UTF-8 text. */
function internationalText(keyword: string, text: string): Buffer {
  return Buffer.concat([Buffer.from(keyword, 'latin1'), Buffer.from([0, 0, 0, 0, 0]), Buffer.from(text, 'utf8')]);
}
