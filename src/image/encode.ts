/**
 * Pictures to files: PNG with the parameters inside, small previews, and whatever fits under a platform's limit. Knows
 * bytes and limits, no platform by name.
 */
import type { Sharp } from 'sharp';

import type { Picture } from '../core/picture.ts';
import { pipelineOf } from './pixels.ts';
import { withPngTexts } from './png-text.ts';

export type EncodedPicture = {
  readonly data: Uint8Array;
  readonly contentType: 'image/png' | 'image/jpeg' | 'image/webp';
  /** With the dot: `.png`. */
  readonly ending: '.png' | '.jpg' | '.webp';
};

/** The keyword under which the parameters lie in our PNG files. */
export const PARAMETERS_KEYWORD = 'parameters';

/**
 * As quickly as can be made, sent and opened: of a picture that the next one replaces. A JPEG that the eye cannot tell from it
 * has a fifth of a PNG's bytes, all of which a window unpacks; what is clear stays exact.
 */
export async function encodeDraft(picture: Picture): Promise<Pick<EncodedPicture, 'data' | 'contentType'>> {
  const pipeline = pipelineOf(picture);
  if (picture.alpha !== undefined) {
    return { data: await pipeline.png({ compressionLevel: 1 }).toBuffer(), contentType: 'image/png' };
  }
  const data = await pipeline.jpeg({ quality: 95, chromaSubsampling: '4:4:4', optimiseCoding: false }).toBuffer();
  return { data, contentType: 'image/jpeg' };
}

/** Lossless; `parameters` (one line of text or JSON) travels in an iTXt chunk. */
export async function encodePng(picture: Picture, parameters?: string): Promise<EncodedPicture> {
  const png = await pipelineOf(picture).png({ compressionLevel: 6 }).toBuffer();
  const data = parameters === undefined ? png : withPngTexts(png, { [PARAMETERS_KEYWORD]: parameters });
  return { data, contentType: 'image/png', ending: '.png' };
}

/** PNG where it fits into `maxBytes`, else the best JPEG that does (WebP where something is clear), scaled down as the last resort. */
export async function encodeWithin(picture: Picture, maxBytes: number, parameters?: string): Promise<EncodedPicture> {
  const png = await encodePng(picture, parameters);
  if (png.data.byteLength <= maxBytes) {
    return png;
  }
  for (const side of [Math.max(picture.width, picture.height), 2048, 1024, 512, 256, 128]) {
    for (const quality of [95, 85, 70]) {
      const fitted = pipelineOf(picture).resize(side, side, { fit: 'inside', withoutEnlargement: true });
      const encoded = await (picture.alpha === undefined ? asJpeg(fitted, quality) : asWebp(fitted, quality));
      if (encoded.data.byteLength <= maxBytes) {
        return encoded;
      }
    }
  }
  throw new RangeError(
    `a picture of ${picture.width}×${picture.height} does not fit into ${maxBytes} bytes in any form`,
  );
}

async function asJpeg(pipeline: Sharp, quality: number): Promise<EncodedPicture> {
  const data = await pipeline.jpeg({ quality, mozjpeg: true }).toBuffer();
  return { data, contentType: 'image/jpeg', ending: '.jpg' };
}

async function asWebp(pipeline: Sharp, quality: number): Promise<EncodedPicture> {
  const data = await pipeline.webp({ quality, alphaQuality: 100 }).toBuffer();
  return { data, contentType: 'image/webp', ending: '.webp' };
}

/** A small JPEG for previews and galleries, shown by every chat (not all show WebP): at most `maxSide` pixels a side. */
export async function encodePreview(picture: Picture, maxSide: number): Promise<EncodedPicture> {
  const data = await pipelineOf(picture)
    .resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true })
    .flatten({ background: '#ffffff' })
    .jpeg({ quality: 80 })
    .toBuffer();
  return { data, contentType: 'image/jpeg', ending: '.jpg' };
}
