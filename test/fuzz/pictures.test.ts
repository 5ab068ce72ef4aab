/**
 * Picture files of every format that is opened, torn in header and body, through the children that open strangers'
 * pictures: each becomes pixels or a sentence, the bot's process keeps nothing of them, and the next whole one is still
 * opened. Files of other formats are refused before a child sees them.
 */
import { deflateSync } from 'node:zlib';

import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';

import { UserError } from '../../src/core/errors.ts';
import { decodePicture } from '../../src/image/decode.ts';
import { withPngTexts, readPngTexts } from '../../src/image/png-text.ts';
import { writePngChunks } from '../../src/image/png-chunks.ts';
import { gifOfFrames } from '../support/image/hostile.ts';
import { growthOf, MOST, seedsOf, WITHIN_MS } from './budget.ts';
import { below, pick, randomOf, torn } from './inputs.ts';

const FORMATS = ['PNG', 'JPEG', 'WebP', 'GIF', 'AVIF'] as const;
const SIDES = { width: 48, height: 32 };
const REFUSED: ReadonlySet<string> = new Set(['image.unreadable', 'image.dimensions', 'image.frames', 'image.costly']);

/** Whole files by format, of each kind that it has. */
const whole: Record<(typeof FORMATS)[number], Uint8Array[]> = { PNG: [], JPEG: [], WebP: [], GIF: [], AVIF: [] };
const others: Uint8Array[] = [];

beforeAll(async () => {
  const noise = Buffer.from(
    Array.from({ length: SIDES.width * SIDES.height * 4 }, (_, k) => (k * 2_654_435_761) >>> 24),
  );
  const picture = (): Sharp => sharp(noise, { raw: { ...SIDES, channels: 4 } });
  const exif = (of: Sharp): Sharp => of.withExif({ IFD0: { Copyright: 'x', Orientation: '6' } });
  const profile = Buffer.concat([Buffer.from('p\0\0', 'latin1'), deflateSync(Buffer.alloc(600, 1))]);
  const files = async (...made: readonly Sharp[]): Promise<Uint8Array[]> =>
    Promise.all(made.map((one) => one.toBuffer()));
  whole.PNG = [
    ...(await files(
      exif(picture().png()),
      picture().png({ palette: true, colours: 16 }),
      picture().greyscale().png({ progressive: true }),
      picture().toColourspace('rgb16').png(),
    )),
    withPngTexts(await picture().png().toBuffer(), { parameters: 'a fox\nSteps: 4, Seed: 7' }),
    writePngChunks([
      { type: 'IHDR', data: Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]) },
      { type: 'iCCP', data: profile },
      { type: 'zTXt', data: Buffer.concat([Buffer.from('k\0\0', 'latin1'), deflateSync(Buffer.alloc(5000))]) },
      { type: 'IDAT', data: deflateSync(Buffer.from([0, 255, 0, 0])) },
      { type: 'IEND', data: Buffer.alloc(0) },
    ]),
  ];
  whole.JPEG = await files(
    exif(picture().jpeg()),
    picture().jpeg({ progressive: true, chromaSubsampling: '4:4:4' }),
    picture().greyscale().jpeg({ optimiseScans: true }),
    picture().toColourspace('cmyk').jpeg(),
  );
  whole.WebP = await files(exif(picture().webp()), picture().webp({ lossless: true }), picture().webp({ nearLossless: true, alphaQuality: 20 })); // prettier-ignore
  const frames = sharp(Buffer.concat([noise, noise, noise]), { raw: { width: 48, height: 96, channels: 4, pageHeight: 32 } }); // prettier-ignore
  whole.WebP.push(await frames.clone().webp({ loop: 2 }).toBuffer());
  whole.GIF = [...(await files(picture().gif(), frames.clone().gif({ delay: [10, 20, 30] }))), gifOfFrames(5)];
  whole.AVIF = await files(exif(picture().avif({ effort: 0 })), picture().avif({ effort: 0, lossless: true }), picture().removeAlpha().avif({ effort: 0, chromaSubsampling: '4:2:0' })); // prettier-ignore
  others.push(
    ...(await files(picture().tiff(), picture().tiff({ compression: 'lzw', tile: true }))),
    bitmap(),
    Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>',
    ),
    Buffer.from('%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<</Root 1 0 R>>'),
    Buffer.from('P6\n2 2\n255\n............'),
    Buffer.from('#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n....'),
    Buffer.from([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 0, 0, 0, 0, 22, 0, 0, 0]),
    Buffer.from([0xff, 0x0a, 0, 0, 0]),
    Buffer.from([0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 13, 10, 0x87, 10]),
  );
});

/** Pixels with the right number of bytes, or one of the sentences. */
async function open(bytes: Uint8Array, seed: number): Promise<'opened' | 'refused'> {
  try {
    const { width, height, data } = await decodePicture(bytes, { maxSide: 64 });
    if (data.length !== width * height * 3 || Math.max(width, height) > 64) {
      throw new Error(`seed ${seed}: ${width}×${height} in ${data.length} bytes`);
    }
    return 'opened';
  } catch (error) {
    if (error instanceof UserError && REFUSED.has(error.code)) {
      return 'refused';
    }
    throw new Error(`seed ${seed}`, { cause: error });
  }
}

describe('pictures of strangers', () => {
  it.each(FORMATS)(
    'break nothing as torn %s, and leave nothing behind',
    async (format) => {
      const seen = { opened: 0, refused: 0 };
      for (const file of whole[format]) {
        expect(await open(file, 0)).toBe('opened');
      }
      const left = await growthOf(async () => {
        const seeds = seedsOf(format);
        let next = 0;
        const openOn = async (): Promise<void> => {
          for (let k = next++; k < seeds.length; k = next++) {
            const random = randomOf(seeds[k] ?? 0);
            const bytes = torn(pick(random, whole[format]), random);
            readPngTexts(bytes);
            seen[await open(bytes, seeds[k] ?? 0)] += 1;
          }
        };
        await Promise.all([openOn(), openOn()]);
      });
      expect(left.heapMb).toBeLessThan(MOST.heapMb);
      expect(left.residentMb).toBeLessThan(MOST.residentMb);
      // Some are torn where nobody looks; a fuzzer whose inputs all end alike would try nothing.
      expect(Math.min(seen.opened, seen.refused)).toBeGreaterThan(0);
      for (const file of whole[format]) {
        expect(await open(file, 0)).toBe('opened');
      }
    },
    WITHIN_MS,
  );

  it(
    'of other formats, or of one format with the body of another, are refused or opened and nothing else',
    async () => {
      for (const file of others) {
        expect(await open(file, 0)).toBe('refused');
      }
      const all = [...Object.values(whole).flat(), ...others];
      const left = await growthOf(async () => {
        for (const seed of seedsOf('mixed')) {
          const random = randomOf(seed);
          const [head, body] = [pick(random, all), pick(random, all)];
          const at = below(random, 64);
          await open(
            torn(Buffer.concat([head.subarray(0, at), body.subarray(Math.min(at, body.length))]), random),
            seed,
          );
        }
      });
      expect(left.heapMb).toBeLessThan(MOST.heapMb);
      expect(left.residentMb).toBeLessThan(MOST.residentMb);
    },
    WITHIN_MS,
  );
});

/** A Windows bitmap of 1×1: sharp could not open it, and libraries beside it must not. */
function bitmap(): Uint8Array {
  const file = Buffer.alloc(58);
  file.write('BM', 0, 'latin1');
  file.writeUInt32LE(58, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(1, 18);
  file.writeInt32LE(1, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  return file;
}
