/**
 * Three ways of drawing that can be measured, each made of any picture by arithmetic: black outlines on white, a few flat
 * colours, and hatching. What a style is taught with to see how well it is learnt; how much of it a picture has.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Picture } from '../../core/picture.ts';

export const WAYS = ['outlines', 'flat', 'texture'] as const;
export type Way = (typeof WAYS)[number];

/** From dark to light. */
const PALETTE = [
  [48, 52, 63],
  [0, 121, 140],
  [209, 73, 91],
  [237, 174, 73],
  [244, 227, 178],
] as const;
/** Of a colour to one of the palette, in steps of 255: what a decoder's softness makes of a flat colour. */
const NEAR = 40;
/**
 * Pixels along the rows from one line of the hatching to the next. An autoencoder that makes one latent of 8 pixels has no
 * room for finer lines: of hatching every 8 pixels moji's copy of a picture keeps a fourteenth or less, of this nearly all.
 */
const PERIOD = 16;
const TILE = 32;
/** How much darker than what lies beside it a line is, and how far beside. */
const [LINE_DEPTH, LINE_REACH] = [50, 4];

/** The same picture, drawn another way. `begin`: pixels that a hatching is moved by, as no two sheets of paper lie alike. */
export function redrawn(picture: Picture, way: Way, begin = 0): Picture {
  switch (way) {
    case 'outlines':
      return outlined(picture);
    case 'flat':
      return repainted(picture, (_, light) => PALETTE[Math.min(4, Math.floor((light / 256) * PALETTE.length))]!);
    case 'texture':
      return repainted(picture, (at, _, colour) => {
        const [x, y] = [at % picture.width, Math.floor(at / picture.width)];
        const shade = (x + y + begin) % PERIOD < PERIOD / 2 ? 1 : 0.45;
        return colour.map((value) => value * shade);
      });
    default:
      return way satisfies never;
  }
}

/** How much of a way of drawing a picture has, 0 to 1; of two pictures comparable. */
export function measured(picture: Picture, way: Way): number {
  switch (way) {
    case 'outlines':
      return shareOf(picture, linePixels(picture));
    case 'flat':
      return shareOf(picture, (at) => {
        const [r, g, b] = colourAt(picture, at);
        return PALETTE.some((colour) => Math.hypot(r - colour[0], g - colour[1], b - colour[2]) <= NEAR);
      });
    case 'texture':
      return hatching(picture);
    default:
      return way satisfies never;
  }
}

function outlined(picture: Picture): Picture {
  const { width, height } = picture;
  const light = lightOf(picture);
  const steep = new Uint8Array(width * height);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const across = light[at + 1]! - light[at - 1]!;
      const down = light[at + width]! - light[at - width]!;
      steep[at] = Math.hypot(across, down) > 60 ? 1 : 0;
    }
  }
  return repainted(picture, (at) => {
    const isLine = [0, 1, width, width + 1].some((step) => steep[at + step] === 1);
    return isLine ? [20, 20, 20] : [255, 255, 255];
  });
}

/** Whether a pixel is darker than what lies on both of its sides, and all of that is nearly white. */
function linePixels({ width, height, ...picture }: Picture): (at: number) => boolean {
  const light = lightOf({ width, height, ...picture });
  return (at) => {
    const [x, y] = [at % width, Math.floor(at / width)];
    const isBetween = (step: number): boolean =>
      [at - step, at + step].every((beside) => light[beside]! > 200 && light[beside]! - light[at]! > LINE_DEPTH);
    const fits = (place: number, side: number): boolean => place >= LINE_REACH && place < side - LINE_REACH;
    return (fits(x, width) && isBetween(LINE_REACH)) || (fits(y, height) && isBetween(LINE_REACH * width));
  };
}

/** Of the light's variance, the share at the hatching's frequency, tile by tile; whichever way its lines lean. */
function hatching(picture: Picture): number {
  const light = lightOf(picture);
  const shares: number[] = [];
  for (let top = 0; top + TILE <= picture.height; top += TILE) {
    for (let left = 0; left + TILE <= picture.width; left += TILE) {
      const [rising, falling] = [waves(), waves()];
      for (let y = top; y < top + TILE; y++) {
        for (let x = left; x < left + TILE; x++) {
          const value = light[y * picture.width + x]!;
          rising.add(value, x + y);
          falling.add(value, x - y);
        }
      }
      shares.push(Math.max(rising.share(), falling.share()));
    }
  }
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}

/** Adds values up along a direction; the share that the hatching's frequency has in their variance. */
function waves(): { add: (value: number, place: number) => void; share: () => number } {
  let [count, sum, squares, cosines, sines] = [0, 0, 0, 0, 0];
  return {
    add: (value, place) => {
      const angle = (2 * Math.PI * place) / PERIOD;
      count += 1;
      sum += value;
      squares += value ** 2;
      cosines += value * Math.cos(angle);
      sines += value * Math.sin(angle);
    },
    share: () => {
      const variance = squares / count - (sum / count) ** 2;
      // A plain tile has no texture.
      return variance < 4 ? 0 : (2 * (cosines ** 2 + sines ** 2)) / count ** 2 / variance;
    },
  };
}

function repainted(
  picture: Picture,
  paint: (at: number, light: number, colour: readonly number[]) => readonly number[],
): Picture {
  const light = lightOf(picture);
  const data = new Uint8Array(picture.data.length);
  for (let at = 0; at < light.length; at++) {
    data.set(paint(at, light[at]!, colourAt(picture, at)), 3 * at);
  }
  return { width: picture.width, height: picture.height, data };
}

function shareOf({ width, height }: Picture, has: (at: number) => boolean): number {
  let count = 0;
  for (let at = 0; at < width * height; at++) {
    count += has(at) ? 1 : 0;
  }
  return count / (width * height);
}

function colourAt({ data }: Picture, at: number): readonly [number, number, number] {
  return [data[3 * at]!, data[3 * at + 1]!, data[3 * at + 2]!];
}

/** Rec. 601 luma. */
function lightOf(picture: Picture): Float32Array {
  return Float32Array.from({ length: picture.width * picture.height }, (_, at) => {
    const [r, g, b] = colourAt(picture, at);
    return 0.299 * r + 0.587 * g + 0.114 * b;
  });
}
