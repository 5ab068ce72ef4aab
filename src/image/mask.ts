/**
 * What of a picture is drawn anew, as somebody painted it: white is, or, in a picture with transparency, what is
 * transparent, as an eraser leaves it.
 */
import { UserError } from '../core/errors.ts';
import type { Picture } from '../core/picture.ts';
import { coverPicture } from './pixels.ts';

type Size = { readonly width: number; readonly height: number };

/** How far the shapes of a picture and its mask may be apart: a pixel of 200, as scaling rounds. */
const SAME_SHAPE = 0.005;

/**
 * [height · width]: 1 is drawn anew, 0 stays; cut to `size` as the picture itself is. Throws `UserError` `mask.shape` for a
 * mask of another shape than the picture, `mask.empty` for one that covers nothing.
 */
export async function maskValues(mask: Picture, picture: Size, size: Size): Promise<Uint8Array> {
  const [given, wanted] = [mask.width / mask.height, picture.width / picture.height];
  if (Math.abs(given / wanted - 1) > SAME_SHAPE) {
    throw new UserError(
      'mask.shape',
      `Expected a mask of the picture's shape, ${picture.width}×${picture.height}, but got one of ${mask.width}×${mask.height}; paint it over the picture itself.`,
      { params: { width: picture.width, height: picture.height, given: `${mask.width}×${mask.height}` } },
    );
  }
  const values = drawnAnew(await coverPicture(mask, size.width, size.height), mask.alpha !== undefined);
  if (!values.includes(1)) {
    throw new UserError(
      'mask.empty',
      'Expected a mask with something white, or with something transparent, which is then drawn anew, but got one with nothing; paint over what is to change.',
    );
  }
  return values;
}

/** As black and white, for the files that this program keeps. */
export function maskPicture(values: Uint8Array, { width, height }: Size): Picture {
  return {
    width,
    height,
    data: Uint8Array.from({ length: 3 * values.length }, (_, i) => 255 * (values[Math.floor(i / 3)] ?? 0)),
  };
}

/** From the middle on, of alpha or of luminance as PIL has it (ITU-R 601-2): what diffusers' mask processor binarises. */
function drawnAnew({ data, alpha, width, height }: Picture, byAlpha: boolean): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => {
    if (byAlpha) {
      return (alpha?.[i] ?? 255) < 128 ? 1 : 0;
    }
    const [red = 0, green = 0, blue = 0] = data.subarray(3 * i, 3 * i + 3);
    return (19_595 * red + 38_470 * green + 7471 * blue + 0x80_00) >> 16 >= 128 ? 1 : 0;
  });
}
