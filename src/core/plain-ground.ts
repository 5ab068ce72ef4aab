/**
 * The colour of a plain ground and how far a pixel is from it: what the engine and the images both go by where a picture is to
 * become transparent. Plain arithmetic over pixels.
 */
import type { Picture } from './picture.ts';

export type Colour = readonly [red: number, green: number, blue: number];

/** Pixels of the picture's border, by number. */
export function borderOf({ width, height }: Picture): readonly number[] {
  const border: number[] = [];
  for (let x = 0; x < width; x++) {
    border.push(x, (height - 1) * width + x);
  }
  for (let y = 1; y < height - 1; y++) {
    border.push(y * width, y * width + width - 1);
  }
  return border;
}

/** The middle colour of some pixels, channel by channel. */
export function middleColour({ data }: Picture, pixels: readonly number[]): Colour {
  const channel = (c: number): number =>
    pixels.map((p) => data[p * 3 + c] ?? 0).toSorted((a, b) => a - b)[pixels.length >> 1] ?? 0;
  return [channel(0), channel(1), channel(2)];
}

/** Euclidean, 0 … 441. */
export function distanceTo(data: Uint8Array, p: number, [red, green, blue]: Colour): number {
  return Math.hypot((data[p * 3] ?? 0) - red, (data[p * 3 + 1] ?? 0) - green, (data[p * 3 + 2] ?? 0) - blue);
}
