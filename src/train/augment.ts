/**
 * One picture as several: moved a little, so that a style and not a place is learnt. Moves are of whole latents: what is
 * finer than one (hatching, paper) keeps its place in it, and stays one thing to learn. Never turned left to right: strokes,
 * light and lettering have a side.
 * What is moved in at an edge is the edge again, on a plain ground; a picture that fills its frame stays as it is: cut out of a
 * larger copy, it would teach larger strokes than it has.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Picture } from '../core/picture.ts';
import type { TorchGenerator } from '../engine/sampling/index.ts';

/** The most that a picture is moved, in parts of its side. */
const REACH = 0.125;
/** Pixels that autoencoders make one latent of. */
const LATENT = 8;
/** Standard deviation of the border's values up to which a ground counts as plain. */
const PLAIN = 12;

type Size = { readonly width: number; readonly height: number };

/** `count` variants of the size, the picture itself and then moved ones; it alone where it fills its frame. */
export async function variants(
  read: (size: Size) => Promise<Picture>,
  size: Size,
  count: number,
  generator: TorchGenerator,
): Promise<readonly Picture[]> {
  const whole = await read(size);
  const cells = Math.max(1, Math.floor((Math.min(size.width, size.height) * REACH) / LATENT));
  if (!isPlain(whole)) {
    return [whole];
  }
  return Array.from({ length: count }, (_, k) => {
    if (k === 0) {
      return whole;
    }
    const [across = 0, down = 0] = generator.rand(2).map((value) => Math.round((2 * value - 1) * cells) * LATENT);
    return window(whole, across, down);
  });
}

/** As it is from (left, top) on; beyond an edge the edge goes on. */
function window({ width, height, data }: Picture, left: number, top: number): Picture {
  const part = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) {
    const row = Math.min(Math.max(top + y, 0), height - 1) * width;
    for (let x = 0; x < width; x++) {
      const from = 3 * (row + Math.min(Math.max(left + x, 0), width - 1));
      part.set(data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, data: part };
}

/** Whether nearly all of the border has one colour. */
function isPlain({ width, height, data }: Picture): boolean {
  const border: number[] = [];
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : width - 1;
    for (let x = 0; x < width; x += Math.max(1, step)) {
      border.push(y * width + x);
    }
  }
  return [0, 1, 2].every((channel) => {
    const values = border.map((pixel) => data[3 * pixel + channel]!);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length) <= PLAIN;
  });
}
