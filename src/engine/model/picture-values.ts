/**
 * Pixels to the numbers that nets work with and back: planes of red, green and blue in -1 … 1, as diffusers'
 * VaeImageProcessor makes and reads them.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Picture } from '../../core/picture.ts';

/** → [3 · height · width], -1 … 1; 0 where `hidden` [height · width] is not 0. */
export function pictureToValues({ width, height, data }: Picture, hidden?: Uint8Array): Float32Array<ArrayBuffer> {
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < 3; channel++) {
      values[channel * plane + i] = hidden?.[i] ? 0 : data[3 * i + channel]! / 127.5 - 1;
    }
  }
  return values;
}

/** [3 · height · width] in -1 … 1 (what lies outside is clamped) → 8-bit pixels, rounded to the nearest. */
export function valuesToPicture(values: Float32Array, width: number, height: number): Picture {
  const plane = width * height;
  if (values.length !== 3 * plane) {
    throw new Error(`a picture of ${width} × ${height} has ${3 * plane} values, not ${values.length}`);
  }
  const data = new Uint8Array(3 * plane);
  for (let i = 0; i < plane; i++) {
    for (let channel = 0; channel < 3; channel++) {
      const share = Math.min(Math.max(values[channel * plane + i]! / 2 + 0.5, 0), 1);
      data[3 * i + channel] = Math.round(share * 255);
    }
  }
  return { width, height, data };
}
