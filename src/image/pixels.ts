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

/** A sharp pipeline over the picture's pixels; over its own memory where it is solid. */
export function pipelineOf(picture: Picture): Sharp {
  const { width, height } = picture;
  return picture.alpha === undefined
    ? sharp(picture.data, { raw: { width, height, channels: 3 } })
    : sharp(woven(picture.data, picture.alpha), { raw: { width, height, channels: 4 } });
}

/** Runs a pipeline down to 8-bit RGB, and alpha where something is not solid. */
export async function pictureOf(pipeline: Sharp): Promise<Picture> {
  const { data, info } = await pipeline.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return info.channels === 4 ? parted(pixels, width, height) : { width, height, data: pixels };
}

/** The picture on white paper: for what knows no transparency. */
export function flattened(picture: Picture): Promise<Picture> {
  return picture.alpha === undefined
    ? Promise.resolve(picture)
    : pictureOf(pipelineOf(picture).flatten({ background: '#ffffff' }));
}

/** RGB and alpha → RGBA */
function woven(rgb: Uint8Array, alpha: Uint8Array): Uint8Array {
  const rgba = new Uint8Array(alpha.length * 4);
  for (let p = 0; p < alpha.length; p++) {
    rgba.set(rgb.subarray(p * 3, p * 3 + 3), p * 4);
    rgba[p * 4 + 3] = alpha[p] ?? 255;
  }
  return rgba;
}

/** RGBA → RGB and alpha, without alpha where all is solid. */
function parted(rgba: Uint8Array, width: number, height: number): Picture {
  const [data, alpha] = [new Uint8Array(width * height * 3), new Uint8Array(width * height)];
  for (let p = 0; p < alpha.length; p++) {
    data.set(rgba.subarray(p * 4, p * 4 + 3), p * 3);
    alpha[p] = rgba[p * 4 + 3] ?? 255;
  }
  return alpha.every((value) => value === 255) ? { width, height, data } : { width, height, data, alpha };
}

export type OpenOptions = {
  /** Scaled down to it. */
  readonly maxSide?: number | undefined;
  readonly keepsAlpha?: boolean | undefined;
};

/** Runs the codecs in this process: for files of our own, and for the child that opens everybody's. Transparency on white, unless it is kept. */
export function openPicture(bytes: Uint8Array, { maxSide, keepsAlpha = false }: OpenOptions = {}): Promise<Picture> {
  const upright = pipelineFrom(bytes);
  const fitted =
    maxSide === undefined
      ? upright
      : upright.resize(maxSide, maxSide, { fit: 'inside', withoutEnlargement: true, kernel: 'lanczos3' });
  return pictureOf(keepsAlpha ? fitted : fitted.flatten({ background: '#ffffff' }).removeAlpha());
}

/** Opens a file that this program wrote itself, in this process, with its transparency. Throws `UserError` `image.*`. */
export async function openOwnPicture(bytes: Uint8Array): Promise<Picture> {
  checkPictureHeader(bytes);
  try {
    return await pictureOf(pipelineFrom(stripPng(bytes)));
  } catch (cause) {
    throw unreadablePicture(cause);
  }
}

function pipelineFrom(bytes: Uint8Array): Sharp {
  return sharp(bytes, { limitInputPixels: MAX_MEGAPIXELS * 1e6, failOn: 'error' }).autoOrient();
}

/** Fills width × height, cutting what is over from the edges: the frame that img2img starts from. */
export async function coverPicture(picture: Picture, width: number, height: number): Promise<Picture> {
  if (picture.width === width && picture.height === height) {
    return picture;
  }
  return pictureOf(pipelineOf(picture).resize(width, height, { fit: 'cover', kernel: 'lanczos3' }));
}
