/** What becomes of a picture whose alpha a net has found. */
import { describe, expect, it } from 'vitest';

import type { Picture } from '../../src/core/picture.ts';
import { withCleanEdges } from '../../src/image/alpha-edges.ts';

type Colour = readonly [number, number, number];
const SIDE = 32;
const TEAL: Colour = [80, 185, 180];

/** A thing in the left half of a ground, `alpha` of its column at x = 16 and of the others. */
function half(thing: Colour, edge: number, [solid, clear] = [255, 0]): Picture & { readonly alpha: Uint8Array } {
  const alpha = Uint8Array.from({ length: SIDE * SIDE }, (_, p) =>
    p % SIDE < 16 ? solid : p % SIDE > 16 ? clear : edge,
  );
  const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, n) => {
    const share = (alpha[Math.floor(n / 3)] ?? 0) / 255;
    return Math.round(share * (thing[n % 3] ?? 0) + (1 - share) * (TEAL[n % 3] ?? 0));
  });
  return { width: SIDE, height: SIDE, data, alpha };
}

const pixel = (picture: Picture | undefined, x: number): readonly number[] => [
  ...(picture?.data.slice(x * 3, x * 3 + 3) ?? []),
  picture?.alpha?.[x] ?? -1,
];

describe('a picture with the alpha of a net', () => {
  it('loses the ground from its edge, even where the thing is of the ground’s colour', () => {
    const red = withCleanEdges(half([220, 40, 40], 128));
    expect(pixel(red, 16).map((value, c) => Math.abs(value - [220, 40, 40, 128][c]!) <= 2)).not.toContain(false);
    const teal = withCleanEdges(half(TEAL, 128));
    expect([15, 16, 17].map((x) => pixel(teal, x)[3])).toEqual([255, 128, 0]);
  });

  it('is clear and solid where the net is all but sure', () => {
    const clean = withCleanEdges(half([220, 40, 40], 128, [250, 6]));
    expect([0, 16, 31].map((x) => pixel(clean, x)[3])).toEqual([255, 128, 0]);
  });

  it('is none without a ground, or without a thing', () => {
    expect(withCleanEdges(half(TEAL, 255, [255, 250]))).toBeUndefined();
    expect(withCleanEdges(half(TEAL, 0, [3, 0]))).toBeUndefined();
  });

  it('is left alone itself', () => {
    const picture = half([220, 40, 40], 128, [250, 6]);
    const before = { data: picture.data.slice(), alpha: picture.alpha.slice() };
    withCleanEdges(picture);
    expect({ data: picture.data, alpha: picture.alpha }).toEqual(before);
  });
});
