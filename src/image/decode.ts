/**
 * A stranger's file → pixels: looked at before anything is unpacked, stripped of what could unpack to gigabytes, and
 * opened in a child process with bounds on memory and time. The one way for every file that somebody sent or named.
 */
import type { Picture } from '../core/picture.ts';
import { DecodeProcesses } from './decode-process.ts';
import { checkPictureHeader } from './picture-header.ts';
import { stripPng } from './strip-png.ts';

const processes = new DecodeProcesses();

/**
 * Opens PNG, JPEG, WebP, GIF (first frame) or AVIF bytes, upright, transparency on white; with `maxSide`, scaled down to
 * it. Throws `UserError` `image.unreadable`, `image.dimensions`, `image.frames`, `image.costly`.
 */
export async function decodePicture(
  bytes: Uint8Array,
  { maxSide, by = processes }: { readonly maxSide?: number; readonly by?: DecodeProcesses } = {},
): Promise<Picture> {
  checkPictureHeader(bytes);
  return by.decode(stripPng(bytes), maxSide);
}
