/**
 * Text inside PNG files: iTXt chunks, in and out, so that a saved picture carries the parameters that drew it. Works on
 * bytes alone; knows no pixels and no parameter, and unpacks no compressed text.
 *
 * Format: PNG specification (third edition) section 11.3.3.4 (iTXt).
 */
import { readPngChunks, writePngChunks } from './png-chunks.ts';

/** Returns the PNG with the texts as iTXt chunks before its pixels. Keywords are 1-79 Latin-1 characters. */
export function withPngTexts(png: Uint8Array, texts: Readonly<Record<string, string>>): Uint8Array {
  const [header, ...rest] = readPngChunks(png);
  if (header === undefined) {
    throw new RangeError('png: expected a PNG file with a header chunk, got none');
  }
  const added = Object.entries(texts).map(([keyword, text]) => ({
    type: 'iTXt',
    data: internationalText(keyword, text),
  }));
  return writePngChunks([header, ...added, ...rest]);
}

/** The uncompressed texts (tEXt, iTXt) of a PNG; empty where the bytes are no PNG. */
export function readPngTexts(png: Uint8Array): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const { type, data } of readPngChunks(png)) {
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

/** keyword, 0, compression flag 0, method 0, language tag '', 0, translated keyword '', 0, UTF-8 text. */
function internationalText(keyword: string, text: string): Buffer {
  return Buffer.concat([Buffer.from(keyword, 'latin1'), Buffer.from([0, 0, 0, 0, 0]), Buffer.from(text, 'utf8')]);
}
