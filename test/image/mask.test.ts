/** What of a picture is drawn anew, as masks say it: pictures made here, read through the codecs. */
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';

import { decodePicture, maskPicture, maskValues } from '../../src/image/index.ts';

const SIZE = { width: 4, height: 2 };

/** A PNG of `SIZE` with so many channels. */
function png(values: readonly number[], channels: 1 | 3 | 4): Promise<Buffer> {
  return sharp(Uint8Array.from(values), { raw: { ...SIZE, channels } })
    .png()
    .toBuffer();
}
const read = async (file: Buffer, size = SIZE): Promise<readonly number[]> => [
  ...(await maskValues(await decodePicture(file, { keepsAlpha: true }), SIZE, size)),
];

describe('a mask', () => {
  it('draws anew what is white, from the middle on', async () => {
    expect(await read(await png([0, 127, 128, 255, 255, 0, 0, 129], 1))).toEqual([0, 0, 1, 1, 1, 0, 0, 1]);
  });

  it('weighs colours as luminance does', async () => {
    const row = [0, 255, 0, 255, 0, 0, 0, 0, 255, 255, 255, 0]; // green, red, blue, yellow
    expect(await read(await png([...row, ...row], 3))).toEqual([1, 0, 0, 1, 1, 0, 0, 1]);
  });

  it('with transparency draws anew what is transparent, whatever its colour', async () => {
    const pixel = (grey: number, alpha: number): readonly number[] => [grey, grey, grey, alpha];
    const row = [...pixel(255, 255), ...pixel(0, 0), ...pixel(255, 100), ...pixel(0, 200)];
    expect(await read(await png([...row, ...row], 4))).toEqual([0, 1, 1, 0, 0, 1, 1, 0]);
  });

  it('is cut to the size that is drawn, as its picture is', async () => {
    const file = await png([0, 0, 255, 255, 0, 0, 255, 255], 1);
    expect(await read(file, { width: 2, height: 2 })).toEqual([0, 1, 0, 1]);
  });

  it('of another shape than the picture is refused, and one that covers nothing', async () => {
    const mask = { width: 4, height: 4, data: new Uint8Array(48).fill(255) };
    await expect(maskValues(mask, SIZE, SIZE)).rejects.toMatchObject({ code: 'mask.shape' });
    const black = { ...SIZE, data: new Uint8Array(24) };
    await expect(maskValues(black, SIZE, SIZE)).rejects.toMatchObject({ code: 'mask.empty' });
  });

  it('is kept as black and white', async () => {
    const values = Uint8Array.of(0, 1, 1, 0, 0, 0, 1, 1);
    expect(await maskValues(maskPicture(values, SIZE), SIZE, SIZE)).toEqual(values);
  });
});
