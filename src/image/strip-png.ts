/**
 * A PNG without what does not change its pixels: texts, times, histograms and animation go, since a text of a few
 * kilobytes can unpack to gigabytes in whoever reads it. What is compressed and stays (a colour profile) is unpacked here
 * with a bound.
 *
 * Format: PNG specification (third edition) sections 5.3 (a lower-case first letter: ancillary), 11.3.2.3 (iCCP).
 */
import { inflateSync } from 'node:zlib';

import { readPngChunks, writePngChunks, type PngChunk } from './png-chunks.ts';

/** Ancillary chunks that change how pixels look: transparency, colour space, which way is up. */
const KEPT: ReadonlySet<string> = new Set(['tRNS', 'gAMA', 'cHRM', 'sRGB', 'sBIT', 'cICP']);
const MAX_EXIF_BYTES = 65_536;
/** Unpacked; profiles of printers have up to about 3 MB. */
const MAX_PROFILE_BYTES = 4 * 1_048_576;

/** The same picture in fewer bytes; bytes that are no PNG come back as they are. */
export function stripPng(bytes: Uint8Array): Uint8Array {
  const chunks = readPngChunks(bytes);
  return chunks.length === 0 ? bytes : writePngChunks(chunks.filter(isKept));
}

function isKept({ type, data }: PngChunk): boolean {
  const isCritical = /^[A-Z]/.test(type);
  if (type === 'eXIf') {
    return data.length <= MAX_EXIF_BYTES;
  }
  return isCritical || KEPT.has(type) || (type === 'iCCP' && isSmallProfile(data));
}

/** iCCP: name, 0, compression method 0, zlib stream. */
function isSmallProfile(data: Buffer): boolean {
  const end = data.indexOf(0);
  if (end < 1 || data[end + 1] !== 0) {
    return false;
  }
  try {
    return inflateSync(data.subarray(end + 2), { maxOutputLength: MAX_PROFILE_BYTES }).length > 0;
  } catch {
    // Too large or torn: the pixels are shown without it.
    return false;
  }
}
