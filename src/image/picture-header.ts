/**
 * What a picture file says of itself before anything is unpacked: kind, sides and number of frames, read from the first
 * bytes of each format. Refuses what no picture to start from has; knows no pixels and allocates nothing.
 *
 * Formats: PNG (third edition) 11.2.1; ITU-T T.81 B.2.2 (frame header); GIF89a 18-26; RFC 9649 (WebP) 2.5-2.7;
 * ISO/IEC 23008-12 6.5.3 (`ispe`) and 14496-12 8.11.6 (`iinf`) for AVIF.
 */
import { UserError } from '../core/errors.ts';
import { PNG_SIGNATURE } from './png-chunks.ts';

export type PictureHeader = {
  readonly kind: 'png' | 'jpeg' | 'gif' | 'webp' | 'avif';
  /** Pixels; of AVIF the largest of the file's items. */
  readonly width: number;
  readonly height: number;
  /** Pictures in the file, counted up to one more than is allowed. */
  readonly frames: number;
};

/** HEVC inside (ISO/IEC 23008-12 annex B.4): iPhones' own pictures, for which the decoder has no licence to be. */
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx'];

export const MAX_SIDE = 32_768;
export const MAX_MEGAPIXELS = 50;
export const MAX_FRAMES = 1000;

/** Throws `UserError` `image.heic`, `image.unreadable` for another kind of file, `image.dimensions`, `image.frames`. */
export function checkPictureHeader(bytes: Uint8Array): PictureHeader {
  const header = readPictureHeader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const brand = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(12, bytes.byteLength)).toString('latin1', 4);
  if (HEIC_BRANDS.some((name) => brand === `ftyp${name}`)) {
    throw new UserError('image.heic', 'This is a HEIC picture, which cannot be opened here. Send it as JPEG or PNG.');
  }
  if (header === undefined || header.width === 0 || header.height === 0) {
    throw unreadablePicture();
  }
  const { width, height, frames } = header;
  if (Math.max(width, height) > MAX_SIDE || width * height > MAX_MEGAPIXELS * 1e6) {
    throw new UserError(
      'image.dimensions',
      `A picture can have sides up to ${MAX_SIDE} and ${MAX_MEGAPIXELS} megapixels in all; this one is ${width}×${height}. Send a smaller one.`,
      { params: { width, height, side: MAX_SIDE, megapixels: MAX_MEGAPIXELS } },
    );
  }
  if (frames > MAX_FRAMES) {
    throw new UserError(
      'image.frames',
      `A picture can have up to ${MAX_FRAMES} frames; this one has more. Send one of them as a picture of its own.`,
      { params: { max: MAX_FRAMES } },
    );
  }
  return header;
}

export function unreadablePicture(cause?: unknown): UserError {
  return new UserError(
    'image.unreadable',
    'Expected a PNG, JPEG, WebP, GIF or AVIF picture of at most 50 megapixels; this file could not be opened as one. Send another.',
    { cause },
  );
}

/** Undefined for other kinds of files and for headers that are torn. */
export function readPictureHeader(file: Buffer): PictureHeader | undefined {
  try {
    if (file.subarray(0, 8).equals(PNG_SIGNATURE)) {
      return { kind: 'png', width: file.readUInt32BE(16), height: file.readUInt32BE(20), frames: 1 };
    }
    if (file.readUInt16BE(0) === 0xffd8) {
      return jpegHeader(file);
    }
    if (/^GIF8[79]a$/.test(file.toString('latin1', 0, 6))) {
      return gifHeader(file);
    }
    if (file.toString('latin1', 0, 4) === 'RIFF' && file.toString('latin1', 8, 12) === 'WEBP') {
      return webpHeader(file);
    }
    return file.toString('latin1', 4, 8) === 'ftyp' ? avifHeader(file) : undefined;
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined; // read beyond the end: torn
    }
    throw error;
  }
}

function jpegHeader(file: Buffer): PictureHeader | undefined {
  for (let offset = 2; ;) {
    if (file.readUInt8(offset) !== 0xff) {
      return undefined;
    }
    const marker = file.readUInt8(offset + 1);
    if (marker === 0xff) {
      offset += 1; // fill byte
      continue;
    }
    // SOF0-15 without DHT, JPG and DAC, which lie between them.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { kind: 'jpeg', height: file.readUInt16BE(offset + 5), width: file.readUInt16BE(offset + 7), frames: 1 };
    }
    if (marker === 0xd9 || marker === 0xda) {
      return undefined; // pixels before any frame header
    }
    const isBare = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
    offset += isBare ? 2 : 2 + file.readUInt16BE(offset + 2);
  }
}

function gifHeader(file: Buffer): PictureHeader {
  let width = file.readUInt16LE(6);
  let height = file.readUInt16LE(8);
  let frames = 0;
  const tableBytes = (flags: number): number => ((flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 7) + 1));
  let offset = 13 + tableBytes(file.readUInt8(10));
  const skipBlocks = (): void => {
    while (offset < file.length && file.readUInt8(offset) !== 0) {
      offset += 1 + file.readUInt8(offset);
    }
    offset += 1;
  };
  while (offset < file.length && frames <= MAX_FRAMES) {
    const block = file.readUInt8(offset);
    if (block === 0x21) {
      offset += 2;
      skipBlocks();
    } else if (block === 0x2c && offset + 10 <= file.length) {
      frames += 1;
      width = Math.max(width, file.readUInt16LE(offset + 1) + file.readUInt16LE(offset + 5));
      height = Math.max(height, file.readUInt16LE(offset + 3) + file.readUInt16LE(offset + 7));
      offset += 11 + tableBytes(file.readUInt8(offset + 9));
      skipBlocks();
    } else {
      break; // the trailer, or torn: a decoder shows what there is
    }
  }
  return { kind: 'gif', width, height, frames };
}

function webpHeader(file: Buffer): PictureHeader | undefined {
  let size: { readonly width: number; readonly height: number } | undefined;
  let frames = 0;
  for (let offset = 12; offset + 8 <= file.length && frames <= MAX_FRAMES;) {
    const type = file.toString('latin1', offset, offset + 4);
    const at = offset + 8;
    if (type === 'VP8X') {
      size ??= { width: file.readUIntLE(at + 4, 3) + 1, height: file.readUIntLE(at + 7, 3) + 1 };
    } else if (type === 'VP8 ') {
      size ??= { width: file.readUInt16LE(at + 6) & 0x3fff, height: file.readUInt16LE(at + 8) & 0x3fff };
    } else if (type === 'VP8L') {
      const bits = file.readUInt32LE(at + 1);
      size ??= { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    } else if (type === 'ANMF') {
      frames += 1;
    }
    const length = file.readUInt32LE(offset + 4);
    offset = at + length + (length % 2);
  }
  return size === undefined ? undefined : { kind: 'webp', ...size, frames: Math.max(1, frames) };
}

function avifHeader(file: Buffer): PictureHeader | undefined {
  const meta = boxesIn(file, 0, file.length).find(({ type }) => type === 'meta');
  if (meta === undefined) {
    return undefined;
  }
  const inside = boxesIn(file, meta.start + 4, meta.end);
  const items = inside.find(({ type }) => type === 'iinf');
  const frames =
    items === undefined
      ? 1
      : file.readUInt8(items.start) === 0
        ? file.readUInt16BE(items.start + 4)
        : file.readUInt32BE(items.start + 4);
  const properties = inside
    .filter(({ type }) => type === 'iprp')
    .flatMap(({ start, end }) => boxesIn(file, start, end))
    .filter(({ type }) => type === 'ipco')
    .flatMap(({ start, end }) => boxesIn(file, start, end));
  const sizes = properties.filter(({ type }) => type === 'ispe');
  return {
    kind: 'avif',
    width: Math.max(0, ...sizes.map(({ start }) => file.readUInt32BE(start + 4))),
    height: Math.max(0, ...sizes.map(({ start }) => file.readUInt32BE(start + 8))),
    frames,
  };
}

type Box = { readonly type: string; readonly start: number; readonly end: number };

/** The boxes that lie whole between two offsets; at most as many as a file of allowed frames has use for. */
function boxesIn(file: Buffer, from: number, to: number): readonly Box[] {
  const boxes: Box[] = [];
  for (let offset = from; offset + 8 <= to && boxes.length < 4 * MAX_FRAMES;) {
    const short = file.readUInt32BE(offset);
    const isLong = short === 1;
    const length = short === 0 ? to - offset : isLong ? Number(file.readBigUInt64BE(offset + 8)) : short;
    const head = isLong ? 16 : 8;
    if (length < head || offset + length > to) {
      break;
    }
    boxes.push({
      type: file.toString('latin1', offset + 4, offset + 8),
      start: offset + head,
      end: offset + length,
    });
    offset += length;
  }
  return boxes;
}
