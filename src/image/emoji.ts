/**
 * A picture as an emoji or a sticker: cut from its ground, trimmed to what is to be seen, square, and within a platform's
 * bytes. Knows limits as numbers, no platform by name.
 */
import type { Picture } from '../core/picture.ts';
import { cutOut } from './cut-out.ts';
import { pictureOf, pipelineOf } from './pixels.ts';

export type EmojiForm = { readonly sidePx: number; readonly maxBytes: number };

/** PNG bytes of a square of `sidePx`. */
export type EmojiFile = { readonly data: Uint8Array; readonly sidePx: number };

/** Below this alpha a pixel is not worth room. */
const FAINT = 12;
/** Of the side, left free around the thing. */
const MARGIN = 0.02;

/**
 * Undefined where there is no plain ground to cut from. Throws `RangeError` where `maxBytes` holds no picture at all.
 */
export async function encodeEmoji(picture: Picture, { sidePx, maxBytes }: EmojiForm): Promise<EmojiFile | undefined> {
  const cut = picture.alpha === undefined ? cutOut(picture) : picture;
  const box = cut && boxOf(cut);
  if (cut === undefined || box === undefined) {
    return undefined;
  }
  const inner = Math.max(1, Math.round(sidePx * (1 - 2 * MARGIN)));
  const before = Math.floor((sidePx - inner) / 2);
  const clear = { r: 0, g: 0, b: 0, alpha: 0 };
  const square = await pictureOf(
    pipelineOf(cut)
      .extract(box)
      .resize(inner, inner, { fit: 'contain', background: clear, kernel: 'lanczos3' })
      .extend({
        top: before,
        left: before,
        bottom: sidePx - inner - before,
        right: sidePx - inner - before,
        background: clear,
      }),
  );
  for (const palette of [undefined, 256, 128, 64, 32, 16]) {
    const png = pipelineOf(square).png(
      palette === undefined
        ? { compressionLevel: 9 }
        : { palette: true, colours: palette, compressionLevel: 9, effort: 8 },
    );
    const data = await png.toBuffer();
    if (data.byteLength <= maxBytes) {
      return { data, sidePx };
    }
  }
  throw new RangeError(`a picture of ${sidePx} px does not fit into ${maxBytes} bytes`);
}

/** The smallest rectangle around what is to be seen. */
function boxOf({
  width,
  height,
  alpha,
}: Picture): { left: number; top: number; width: number; height: number } | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let p = 0; p < width * height; p++) {
    if ((alpha?.[p] ?? 255) > FAINT) {
      const [x, y] = [p % width, Math.floor(p / width)];
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  return right < left ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}
