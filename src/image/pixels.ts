/**
 * Sharp as the rest of the program sees it: our `Picture` in and out. The folder `image` is sharp's only importer, and
 * this file the only place that turns foreign bytes into pixels, with bounds on what it will open.
 */
import sharp, { type Sharp } from 'sharp';

import { UserError } from '../core/errors.ts';
import type { Picture } from '../core/picture.ts';

// What strangers send is opened as a picture of these kinds or not at all: an SVG is a program for a renderer.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['Png', 'Jpeg', 'Webp', 'Nsgif', 'Heif'].map((kind) => `VipsForeignLoad${kind}`) });

/** Larger files are refused before decoding: a small file can unpack to gigabytes. */
const MAX_INPUT_PIXELS = 50_000_000;

/** A sharp pipeline over the picture's own memory. */
export function pipelineOf(picture: Picture): Sharp {
  return sharp(picture.data, { raw: { width: picture.width, height: picture.height, channels: 3 } });
}

/** Runs a pipeline down to 8-bit RGB. */
export async function pictureOf(pipeline: Sharp): Promise<Picture> {
  const { data, info } = await pipeline
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** Opens PNG, JPEG, WebP, GIF (first frame) or AVIF bytes, upright, transparency on white. Throws `UserError` `image.unreadable`. */
export async function decodePicture(bytes: Uint8Array): Promise<Picture> {
  try {
    return await pictureOf(sharp(bytes, { limitInputPixels: MAX_INPUT_PIXELS, failOn: 'error' }).autoOrient());
  } catch (cause) {
    throw new UserError(
      'image.unreadable',
      'Expected a PNG, JPEG, WebP, GIF or AVIF picture of at most 50 megapixels; this file could not be opened as one. Send another.',
      { cause },
    );
  }
}

/** Fills width × height, cutting what is over from the edges: the frame that img2img starts from. */
export function coverPicture(picture: Picture, width: number, height: number): Promise<Picture> {
  if (picture.width === width && picture.height === height) {
    return Promise.resolve(picture);
  }
  return pictureOf(pipelineOf(picture).resize(width, height, { fit: 'cover', kernel: 'lanczos3' }));
}
