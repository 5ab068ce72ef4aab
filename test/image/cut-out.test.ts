/** Things cut from plain grounds: compared with the alpha that they were put together with, within two pixels. */
import { describe, expect, it } from 'vitest';

import type { Picture } from '../../src/core/picture.ts';
import { cutOut } from '../../src/image/cut-out.ts';

type Colour = readonly [number, number, number];
const SIDE = 64;

/** How much of the pixel a disc (or ring) covers, from 4 × 4 samples. */
function cover(x: number, y: number, inner: number, outer: number): number {
  let inside = 0;
  for (let k = 0; k < 16; k++) {
    const distance = Math.hypot(x + (k % 4) / 4 + 0.125 - SIDE / 2, y + Math.floor(k / 4) / 4 + 0.125 - SIDE / 2);
    inside += distance >= inner && distance <= outer ? 1 : 0;
  }
  return inside / 16;
}

/** A ring of one colour on another, `noise` grey levels of it everywhere. */
function ring(
  thing: Colour,
  ground: Colour,
  { inner = 0, outer = 22, noise = 0 } = {},
): { picture: Picture; alpha: Float32Array } {
  const data = new Uint8Array(SIDE * SIDE * 3);
  const alpha = new Float32Array(SIDE * SIDE);
  for (let p = 0; p < SIDE * SIDE; p++) {
    const share = cover(p % SIDE, Math.floor(p / SIDE), inner, outer);
    alpha[p] = share;
    for (let c = 0; c < 3; c++) {
      const grain = noise === 0 ? 0 : ((p * 7 + c * 13) % (2 * noise + 1)) - noise;
      data[p * 3 + c] = Math.min(
        255,
        Math.max(0, Math.round(share * (thing[c] ?? 0) + (1 - share) * (ground[c] ?? 0)) + grain),
      );
    }
  }
  return { picture: { width: SIDE, height: SIDE, data }, alpha };
}

const meanError = (cut: Picture, alpha: Float32Array): number =>
  alpha.reduce((sum, value, p) => sum + Math.abs(value - (cut.alpha?.[p] ?? 255) / 255), 0) / alpha.length;

describe('cutting out', () => {
  it.each<[string, Colour, Colour, number]>([
    ['red on white', [220, 40, 40], [255, 255, 255], 0],
    ['yellow on purple', [250, 210, 40], [160, 120, 212], 4],
    ['white on blue', [245, 245, 250], [95, 160, 235], 4],
    ['dark on teal', [30, 30, 36], [80, 185, 180], 6],
  ])('finds the alpha of %s', (_, thing, ground, noise) => {
    const { picture, alpha } = ring(thing, ground, { noise });
    const cut = cutOut(picture);
    // The rim is 138 of 4096 pixels: half of its alpha wrong would be 0.017.
    expect(cut && meanError(cut, alpha)).toBeLessThan(0.006);
  });

  it('takes the ground out of the edge: no pixel that is seen shows it', () => {
    const { picture } = ring([250, 210, 40], [40, 60, 220]);
    const cut = cutOut(picture);
    const blue = Array.from({ length: SIDE * SIDE }, (_, p) =>
      (cut?.alpha?.[p] ?? 0) > 40 ? (cut?.data[p * 3 + 2] ?? 0) : 0,
    );
    expect(Math.max(...blue)).toBeLessThan(110); // of the ground’s 220
  });

  it('opens a hole that shows the ground, and leaves a small spot of its colour', () => {
    const middle = (SIDE / 2) * SIDE + SIDE / 2;
    expect(cutOut(ring([200, 120, 60], [255, 255, 255], { inner: 9 }).picture)?.alpha?.[middle]).toBe(0);
    expect(cutOut(ring([200, 120, 60], [255, 255, 255], { inner: 1.5 }).picture)?.alpha?.[middle]).toBe(255);
  });

  it('has nothing to cut from a landscape, and nothing to show on an empty ground', () => {
    const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, n) => (Math.floor(n / 3 / SIDE) * 4) % 256);
    expect(cutOut({ width: SIDE, height: SIDE, data })).toBeUndefined();
    expect(cutOut({ width: SIDE, height: SIDE, data: new Uint8Array(SIDE * SIDE * 3).fill(200) })).toBeUndefined();
  });

  it('goes by what the model has found, where colours say nothing', () => {
    const teal: Colour = [80, 185, 180];
    const { picture, alpha } = ring(teal, teal, { inner: 2, noise: 4 });
    const found = Uint8Array.from(alpha, (share) => Math.round(share * 255));
    expect(cutOut(picture)).toBeUndefined();
    const cut = cutOut({ ...picture, alpha: found });
    expect(cut && meanError(cut, alpha)).toBeLessThan(0.006); // as in the tests of colour
    expect(cut?.alpha?.[(SIDE / 2) * SIDE + SIDE / 2]).toBe(0); // a hole that colour alone takes for a spot of the thing
  });

  it('takes its edges from colours also then', () => {
    const { picture, alpha } = ring([250, 210, 40], [40, 60, 220]);
    const rough = Uint8Array.from(alpha, (share) => (share > 0.3 ? 200 : 40));
    const cut = cutOut({ ...picture, alpha: rough });
    expect(cut && meanError(cut, alpha)).toBeLessThan(0.006);
    expect(cut?.alpha?.[(SIDE / 2) * SIDE + SIDE / 2]).toBe(255);
    expect(cutOut({ ...picture, alpha: rough.fill(255) })).toBeUndefined();
    expect(cutOut({ ...picture, alpha: rough.fill(0) })).toBeUndefined();
  });

  it('leaves the picture that it was given alone', () => {
    const { picture } = ring([220, 40, 40], [255, 255, 255]);
    const before = picture.data.slice();
    cutOut(picture);
    expect(picture.data).toEqual(before);
  });
});
