/** Pictures as files: a draft looks the same to the eye, and where something is clear it is the same. */
import { describe, expect, it } from 'vitest';

import { decodePicture, encodeDraft, encodePng } from '../../src/image/index.ts';
import type { Picture } from '../../src/core/picture.ts';

const SIDE = 32;
/** Slopes of colour with an edge, as drawings have. */
const picture: Picture = {
  width: SIDE,
  height: SIDE,
  data: Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, k) => {
    const [x, y] = [Math.floor(k / 3) % SIDE, Math.floor(k / 3 / SIDE)];
    return x > y ? [230, 40, 4 * x][k % 3]! : [20, 7 * y, 250][k % 3]!;
  }),
};

describe('a draft', () => {
  it('is a JPEG with few bytes that is near the picture everywhere', async () => {
    const { data, contentType } = await encodeDraft(picture);
    expect(contentType).toBe('image/jpeg');
    const { data: seen } = await decodePicture(data, { maxSide: SIDE });
    const errors = picture.data.map((value, k) => Math.abs(value - (seen[k] ?? 0)));
    expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(3);
    expect(Math.max(...errors)).toBeLessThan(40); // beside the edge
  });

  it('is exact where something is clear', async () => {
    const alpha = Uint8Array.from({ length: SIDE * SIDE }, (_, p) => p % 256);
    const { data, contentType } = await encodeDraft({ ...picture, alpha });
    expect(contentType).toBe('image/png');
    const back = await decodePicture(data, { maxSide: SIDE, keepsAlpha: true });
    expect(back).toEqual({ ...picture, alpha });
    expect((await encodePng({ ...picture, alpha })).contentType).toBe('image/png');
  });
});
