/**
 * Sharp as the rest of the program sees it: our `Picture` in and out. The folder `image` is sharp's only importer, and
 * this file the only place that turns bytes into pixels, with bounds on what it will open.
 */
import sharp, { type Sharp } from 'sharp';

import type { Picture } from '../core/picture.ts';
import { checkPictureHeader, MAX_MEGAPIXELS, unreadablePicture } from './picture-header.ts';
import { stripPng } from './strip-png.ts';

// What strangers send is opened as a picture of these kinds or not at all: an SVG is a program for a renderer.
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: ['Png', 'Jpeg', 'Webp', 'Nsgif', 'Heif'].map((kind) => `VipsForeignLoad${kind}`) });

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

/** Runs the codecs in this process: for files of our own, and for the child that opens everybody's. */
export function openPicture(bytes: Uint8Array, maxSide?: number): Promise<Picture> {
  const upright = sharp(bytes, { limitInputPixels: MAX_MEGAPIXELS * 1e6, failOn: 'error' }).autoOrient();
  return pictureOf(
    maxSide === undefined
      ? upright
      : upright.resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true, kernel: 'lanczos3' }),
  );
}

/** Opens a file that this program wrote itself, in this process. Throws `UserError` `image.*`. */
export async function openOwnPicture(bytes: Uint8Array): Promise<Picture> {
  checkPictureHeader(bytes);
  try {
    return await openPicture(stripPng(bytes));
  } catch (cause) {
    throw unreadablePicture(cause);
  }
}

/** Fills width × height, cutting what is over from the edges: the frame that img2img starts from. */
export function coverPicture(picture: Picture, width: number, height: number): Promise<Picture> {
  if (picture.width === width && picture.height === height) {
    return Promise.resolve(picture);
  }
  return pictureOf(pipelineOf(picture).resize(width, height, { fit: 'cover', kernel: 'lanczos3' }));
}
