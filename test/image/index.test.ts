import { describe, expect, it } from 'vitest';

import { UserError } from '../../src/core/errors.ts';
import type { Picture } from '../../src/core/picture.ts';
import {
  composeGrid,
  coverPicture,
  decodePicture,
  encodePng,
  encodePreview,
  encodeWithin,
  readPngTexts,
  withPngTexts,
} from '../../src/image/index.ts';

function solid(width: number, height: number, [red, green, blue]: readonly [number, number, number]): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let index = 0; index < data.length; index += 3) {
    data.set([red, green, blue], index);
  }
  return { width, height, data };
}

function noise(width: number, height: number): Picture {
  let state = 1;
  const data = Uint8Array.from({ length: width * height * 3 }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
  return { width, height, data };
}

function pixel(picture: Picture, x: number, y: number): readonly number[] {
  return [...picture.data.subarray((y * picture.width + x) * 3, (y * picture.width + x) * 3 + 3)];
}

describe('encodePng', () => {
  it('keeps every pixel and the parameters, umlauts and emoji included', async () => {
    const picture = noise(24, 16);
    const { data } = await encodePng(picture, 'ein Bär 🐻, seed 7');
    expect(await decodePicture(data)).toEqual(picture);
    expect(readPngTexts(data)).toEqual({ parameters: 'ein Bär 🐻, seed 7' });
  });
});

describe('withPngTexts', () => {
  it('adds to the texts that are there', async () => {
    const { data } = await encodePng(solid(8, 8, [1, 2, 3]), 'one');
    expect(readPngTexts(withPngTexts(data, { Comment: 'two' }))).toEqual({ parameters: 'one', Comment: 'two' });
  });

  it('refuses bytes that are no PNG', () => {
    expect(() => withPngTexts(Buffer.from('GIF89a'), { a: 'b' })).toThrow(RangeError);
    expect(readPngTexts(Buffer.from('GIF89a'))).toEqual({});
  });
});

describe('encodeWithin', () => {
  it('gives a PNG where it fits and a JPEG under the limit where it does not', async () => {
    const picture = noise(200, 200);
    expect((await encodeWithin(picture, 1_000_000)).contentType).toBe('image/png');
    const small = await encodeWithin(picture, 20_000);
    expect(small.contentType).toBe('image/jpeg');
    expect(small.data.byteLength).toBeLessThanOrEqual(20_000);
    expect((await decodePicture(small.data)).width).toBeGreaterThan(0);
  });

  it('says so when nothing fits', async () => {
    await expect(encodeWithin(noise(64, 64), 10)).rejects.toThrow(/does not fit into 10 bytes/);
  });
});

describe('encodePreview', () => {
  it('shrinks to the longest side and never enlarges', async () => {
    const wide = await decodePicture((await encodePreview(solid(300, 100, [9, 9, 9]), 96)).data);
    expect([wide.width, wide.height]).toEqual([96, 32]);
    const tiny = await decodePicture((await encodePreview(solid(30, 10, [9, 9, 9]), 96)).data);
    expect(tiny.width).toBe(30);
  });
});

describe('composeGrid', () => {
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [9, 9, 9],
  ] as const;

  it('lays four pictures in reading order with a gap', () => {
    const grid = composeGrid(colours.map((colour) => solid(10, 6, colour)));
    expect([grid.width, grid.height]).toEqual([24, 16]);
    expect(pixel(grid, 0, 0)).toEqual(colours[0]);
    expect(pixel(grid, 23, 5)).toEqual(colours[1]);
    expect(pixel(grid, 0, 15)).toEqual(colours[2]);
    expect(pixel(grid, 14, 10)).toEqual(colours[3]);
    expect(pixel(grid, 11, 3)).toEqual([255, 255, 255]);
  });

  it('leaves the fourth cell white for three, and a single picture alone', () => {
    const grid = composeGrid(colours.slice(0, 3).map((colour) => solid(10, 6, colour)));
    expect(pixel(grid, 20, 14)).toEqual([255, 255, 255]);
    const one = solid(10, 6, colours[0]);
    expect(composeGrid([one])).toBe(one);
  });

  it('refuses none and mixed sizes', () => {
    expect(() => composeGrid([])).toThrow(RangeError);
    expect(() => composeGrid([solid(8, 8, [0, 0, 0]), solid(9, 8, [0, 0, 0])])).toThrow(/one size/);
  });
});

describe('decodePicture', () => {
  it('opens no drawing that is a program, though its format has pictures too', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';
    await expect(decodePicture(new TextEncoder().encode(svg))).rejects.toMatchObject({ code: 'image.unreadable' });
  });

  it('refuses what is no picture in one sentence', async () => {
    await expect(decodePicture(Buffer.from('hello'))).rejects.toThrow(UserError);
    await expect(decodePicture(new Uint8Array())).rejects.toThrow(/Send another/);
  });
});

describe('coverPicture', () => {
  it('fills the frame and cuts the rest', async () => {
    const fitted = await coverPicture(solid(300, 100, [40, 50, 60]), 64, 64);
    expect([fitted.width, fitted.height]).toEqual([64, 64]);
    expect(pixel(fitted, 32, 32)).toEqual([40, 50, 60]);
  });
});
