/**
 * Which of a job's pictures are transparent, and where their transparency comes from: the model's own net, else cut from the
 * plain ground that they were drawn on, or taken over from the picture that they are an enlargement of.
 */
import type { Picture } from '../core/picture.ts';
import { cutOut } from './cut-out.ts';
import { pictureOf, pipelineOf } from './pixels.ts';

export type Cut = {
  readonly picture: Picture;
  /** It was to be cut and shows no plain ground. */ readonly isUncut: boolean;
};

/** A picture of a request with `alpha`, which it may bring along as its model has found it. */
export function cutFromGround(given: Picture): Cut {
  const { alpha: _, ...picture } = given;
  const cut = cutOut(given) ?? cutOut(picture);
  return cut === undefined ? { picture, isUncut: true } : { picture: cut, isUncut: false };
}

/** The enlargement of a transparent picture, as transparent as that is. */
export async function transparentLike(picture: Picture, source: Picture): Promise<Picture> {
  if (source.alpha === undefined) {
    return picture;
  }
  const grey = { width: source.width, height: source.height, data: tripled(source.alpha) };
  const { data } = await pictureOf(
    pipelineOf(grey).resize(picture.width, picture.height, { fit: 'fill', kernel: 'cubic' }),
  );
  return { ...picture, alpha: Uint8Array.from({ length: picture.width * picture.height }, (_, p) => data[p * 3] ?? 0) };
}

function tripled(values: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: values.length * 3 }, (_, n) => values[Math.floor(n / 3)] ?? 0);
}
