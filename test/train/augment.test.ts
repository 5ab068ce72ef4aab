/** Variants of a picture: moved by whole latents, never by parts of one, and never turned. */
import { describe, expect, it } from 'vitest';

import type { Picture } from '../../src/core/picture.ts';
import { TorchGenerator } from '../../src/engine/sampling/index.ts';
import { variants } from '../../src/train/augment.ts';

const SIZE = { width: 64, height: 48 };
const PERIOD = 8;

/** Stripes that lean, with a ramp across, so that every move is another picture. */
function striped({ width, height }: { width: number; height: number }): Promise<Picture> {
  const data = new Uint8Array(3 * width * height);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    data.fill((x + y) % PERIOD < PERIOD / 2 ? 200 : 40 + x + y / 2, 3 * at, 3 * at + 3);
  }
  return Promise.resolve({ width, height, data });
}

const brightAt = ({ width, data }: Picture, x: number, y: number): boolean => data[3 * (y * width + x)] === 200;

describe('variants', () => {
  it('begins with the picture itself, and gives as many as asked for, most of them others', async () => {
    const made = await variants(striped, SIZE, 8, new TorchGenerator(3));
    expect(made).toHaveLength(8);
    expect(made[0]).toEqual(await striped(SIZE));
    expect(new Set(made.map(({ data }) => Buffer.from(data).toString('base64'))).size).toBeGreaterThan(4);
  });

  it('moves by whole latents and turns nothing, so that what repeats within a latent stays as it was', async () => {
    const made = await variants(striped, SIZE, 16, new TorchGenerator(5));
    for (const moved of made) {
      for (let x = 0; x < SIZE.width; x++) {
        expect(brightAt(moved, x, 20)).toBe((x + 20) % PERIOD < PERIOD / 2);
      }
    }
  });
});
