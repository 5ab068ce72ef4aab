/** A picture as an emoji: cut, trimmed, square, within its bytes; and transparency through files and grids. */
import { describe, expect, it } from 'vitest';

import type { Picture } from '../../src/core/picture.ts';
import {
  composeGrid,
  cutFromGround,
  encodeEmoji,
  encodePng,
  encodeWithin,
  flattened,
  openOwnPicture,
  transparentLike,
} from '../../src/image/index.ts';

/** A block of noisy colour, off the middle, on a plain ground. */
function block(side: number, ground = 255): Picture {
  const data = new Uint8Array(side * side * 3).fill(ground);
  for (let y = side / 4; y < side / 2; y++) {
    for (let x = side / 8; x < side / 2; x++) {
      data.set([(x * 37 + y * 91) % 120, (x * 53 + y * 17) % 120, (x * 11 + y * 71) % 120], (y * side + x) * 3);
    }
  }
  return { width: side, height: side, data };
}

describe('an emoji', () => {
  it('is a square of the side that was asked for, trimmed to the thing, with a clear rim', async () => {
    const emoji = await encodeEmoji(block(256), { sidePx: 128, maxBytes: 131_072 });
    const picture = await openOwnPicture(emoji?.data ?? new Uint8Array());
    expect([picture.width, picture.height]).toEqual([128, 128]);
    const solid = (x: number, y: number): number => picture.alpha?.[y * 128 + x] ?? 255;
    expect(solid(0, 0)).toBe(0);
    expect(solid(64, 64)).toBe(255);
    expect(solid(6, 64)).toBe(255); // wider than high: it fills the width
    expect(solid(64, 10)).toBe(0);
  });

  it('is made to fit into the bytes', async () => {
    const large = await encodeEmoji(block(640), { sidePx: 320, maxBytes: 1_000_000 });
    const small = await encodeEmoji(block(640), { sidePx: 320, maxBytes: 40_000 });
    expect(large?.data.byteLength).toBeGreaterThan(40_000);
    expect(small?.data.byteLength).toBeLessThanOrEqual(40_000);
    await expect(encodeEmoji(block(640), { sidePx: 320, maxBytes: 100 })).rejects.toThrow(
      'does not fit into 100 bytes',
    );
  });

  it('is none where there is no plain ground', async () => {
    const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, n) => (n * 89) % 256);
    expect(await encodeEmoji({ width: 64, height: 64, data }, { sidePx: 128, maxBytes: 131_072 })).toBeUndefined();
  });
});

describe('a transparent picture', () => {
  it('comes back from a PNG as it was, and from no alpha without', async () => {
    const { picture } = cutFromGround(block(64));
    const back = await openOwnPicture((await encodePng(picture, 'a block')).data);
    expect(back.alpha).toEqual(picture.alpha);
    expect((await openOwnPicture((await encodePng(block(64))).data)).alpha).toBeUndefined();
  });

  it('becomes WebP where a PNG is too large, with its transparency', async () => {
    const { picture } = cutFromGround(block(512));
    const encoded = await encodeWithin(picture, 30_000);
    expect(encoded.contentType).toBe('image/webp');
    expect((await openOwnPicture(encoded.data)).alpha?.[0]).toBe(0);
  });

  it('stays clear in a grid, beside one that is solid', () => {
    const grid = composeGrid([cutFromGround(block(64)).picture, block(64)]);
    expect(grid.alpha?.[0]).toBe(0);
    expect(grid.alpha?.[64 + 4]).toBe(255);
    expect(composeGrid([block(64), block(64)]).alpha).toBeUndefined();
  });

  it('gives its enlargement its transparency, and lies on white where nothing is clear', async () => {
    const { picture } = cutFromGround(block(64));
    const large = await transparentLike(block(128), picture);
    expect(large.alpha?.[0]).toBe(0);
    expect(large.alpha?.[48 * 128 + 40]).toBe(255);
    const flat = await flattened(picture);
    expect(flat.alpha).toBeUndefined();
    expect(flat.data.slice(0, 3)).toEqual(new Uint8Array([255, 255, 255]));
  });
});
