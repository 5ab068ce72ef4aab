/**
 * A stranger's file → pixels: looked at before anything is unpacked, stripped of what could unpack to gigabytes, and
 * opened in a child process with bounds on memory and time. The one way for every file that somebody sent or named.
 */
import type { Picture } from '../core/picture.ts';
import { DecodeProcesses } from './decode-process.ts';
import { checkPictureHeader } from './picture-header.ts';
import type { OpenOptions } from './pixels.ts';
import { stripPng } from './strip-png.ts';

const processes = new DecodeProcesses();

/**
 * Opens PNG, JPEG, WebP, GIF (first frame) or AVIF bytes, upright, transparency on white unless `keepsAlpha`; with
 * `maxSide`, scaled down to it. Throws `UserError` `image.unreadable`, `image.dimensions`, `image.frames`, `image.costly`.
 */
export async function decodePicture(
  bytes: Uint8Array,
  { by = processes, ...options }: OpenOptions & { readonly by?: DecodeProcesses } = {},
): Promise<Picture> {
  checkPictureHeader(bytes);
  return by.decode(stripPng(bytes), options);
}
