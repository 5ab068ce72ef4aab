/** Variants of a picture: moved by whole latents over a plain ground, never by parts of one, never turned and never larger. */
import { describe, expect, it } from 'vitest';

import type { Picture } from '../../src/core/picture.ts';
import { TorchGenerator } from '../../src/engine/sampling/index.ts';
import { variants } from '../../src/train/augment.ts';

const SIZE = { width: 64, height: 48 };
const PERIOD = 8;
type Size = { readonly width: number; readonly height: number };

/** Stripes that lean, with a ramp across, so that every move is another picture; up to the frame, or in its middle alone. */
const striped =
  (margin: number) =>
  ({ width, height }: Size): Promise<Picture> => {
    const data = new Uint8Array(3 * width * height).fill(255);
    for (let y = margin; y < height - margin; y++) {
      for (let x = margin; x < width - margin; x++) {
        const at = y * width + x;
        data.fill((x + y) % PERIOD < PERIOD / 2 ? 200 : 40 + x + y / 2, 3 * at, 3 * at + 3);
      }
    }
    return Promise.resolve({ width, height, data });
  };

const brightAt = ({ width, data }: Picture, x: number, y: number): boolean => data[3 * (y * width + x)] === 200;

describe('variants', () => {
  it('begins with the picture itself, and gives as many as asked for, most of them others', async () => {
    const made = await variants(striped(8), SIZE, 8, new TorchGenerator(3));
    expect(made).toHaveLength(8);
    expect(made[0]).toEqual(await striped(8)(SIZE));
    expect(new Set(made.map(({ data }) => Buffer.from(data).toString('base64'))).size).toBeGreaterThan(4);
  });

  it('moves by whole latents and turns nothing, so that what repeats within a latent stays as it was', async () => {
    const made = await variants(striped(8), SIZE, 16, new TorchGenerator(5));
    for (const moved of made) {
      for (let x = 16; x < SIZE.width - 16; x++) {
        expect(brightAt(moved, x, 24)).toBe((x + 24) % PERIOD < PERIOD / 2);
      }
    }
  });

  it('leaves a picture alone that fills its frame: its strokes stay as large as they are', async () => {
    expect(await variants(striped(0), SIZE, 8, new TorchGenerator(3))).toEqual([await striped(0)(SIZE)]);
  });
});
