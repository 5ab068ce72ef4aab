/**
 * Several pictures as one, in reading order: 2 side by side, 3 and 4 as two rows of two. Plain copying of rows; needs
 * no codec.
 */
import type { Picture } from '../core/picture.ts';

/** Pixels between the cells. */
const GAP = 4;
const WHITE = 0xff;
const SOLID = 0xff;

/** Expects pictures of one size; gives the picture itself where there is only one. Throws `RangeError` on none or mixed sizes. */
export function composeGrid(pictures: readonly Picture[]): Picture {
  const [first] = pictures;
  if (first === undefined) {
    throw new RangeError('composeGrid: expected at least one picture, got none');
  }
  if (pictures.length === 1) {
    return first;
  }
  if (pictures.some((picture) => picture.width !== first.width || picture.height !== first.height)) {
    throw new RangeError('composeGrid: expected pictures of one size');
  }
  const columns = 2;
  const rows = Math.ceil(pictures.length / columns);
  const width = columns * first.width + (columns - 1) * GAP;
  const height = rows * first.height + (rows - 1) * GAP;
  const data = new Uint8Array(width * height * 3).fill(WHITE);
  const alpha = pictures.some((picture) => picture.alpha !== undefined) ? new Uint8Array(width * height) : undefined;
  for (const [index, picture] of pictures.entries()) {
    const left = (index % columns) * (first.width + GAP);
    const top = Math.floor(index / columns) * (first.height + GAP);
    for (let y = 0; y < picture.height; y += 1) {
      const row = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
      data.set(row, ((top + y) * width + left) * 3);
      alpha?.set(
        picture.alpha?.subarray(y * picture.width, (y + 1) * picture.width) ??
          new Uint8Array(picture.width).fill(SOLID),
        (top + y) * width + left,
      );
    }
  }
  return alpha === undefined ? { width, height, data } : { width, height, data, alpha };
}
