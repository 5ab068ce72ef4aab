/**
 * What a picture starts from, and what of it is drawn anew: a request's picture and mask as latents. An inpainting
 * checkpoint is always given a mask: all of it where nobody drew one, as diffusers' pipeline does with a mask of ones.
 *
 * Follows diffusers' StableDiffusionInpaintPipeline at 0.42: a mask's latent is that of its block's first pixel, and at
 * strength 1 the drawing begins from noise alone.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { UserError } from '../core/errors.ts';
import type { Picture } from '../core/picture.ts';
import type { GenerationRequest } from '../core/request.ts';
import type { LatentSampler } from './model/autoencoder.ts';
import type { LatentSize } from './model/denoiser.ts';
import type { Model } from './model/model.ts';
import type { Inpainting } from './task.ts';

type PictureSize = { readonly width: number; readonly height: number };

export type PictureReader = {
  /** Opens a picture and fills width × height with it. */
  readonly readPicture: (file: string, size: PictureSize) => Promise<Picture>;
  /** [height · width] of the mask of `picture`, a file too, cut as that is: 1 is drawn anew, 0 stays. */
  readonly readMask: (mask: string, picture: string, size: PictureSize) => Promise<Uint8Array>;
};

export type Start = {
  readonly init: LatentSampler | undefined;
  readonly inpainting: Inpainting | undefined;
  readonly startsFromNoise: boolean;
};

/** Throws `UserError` `request.mask`, and what the files are refused for. */
export async function startOf(
  { init, mask, width, height }: GenerationRequest,
  model: Model,
  latents: LatentSize,
  { readPicture, readMask }: PictureReader,
): Promise<Start> {
  const picture = init && (await readPicture(init.file, { width, height }));
  if (mask === undefined && !model.seesMask) {
    return { init: picture && (await model.encodePicture(picture)), inpainting: undefined, startsFromNoise: false };
  }
  const drawn =
    mask === undefined || init === undefined
      ? new Uint8Array(width * height).fill(1)
      : await readMask(mask.file, init.file, { width, height });
  const startsFromNoise = init === undefined || init.strength === 1;
  const area = latents.height * latents.width;
  const unseen = (): LatentSampler => (generator) =>
    model.samplesPictures ? generator.randn(latents.channels * area) : new Float32Array();
  return {
    // diffusers encodes the whole picture only where something is made of it; each sample moves the stream on.
    init: picture && !(model.seesMask && startsFromNoise) ? await model.encodePicture(picture) : undefined,
    inpainting: {
      mask: latentMask(drawn, latents, model.pixelsPerLatent),
      masked: model.seesMask ? await model.encodePicture(picture ?? blank(width, height), drawn) : unseen(),
      isSeen: model.seesMask,
    },
    startsFromNoise,
  };
}

/** Throws `UserError` `request.mask` where nothing would be drawn. */
function latentMask(drawn: Uint8Array, { height, width }: LatentSize, scale: number): Float32Array {
  const mask = Float32Array.from(
    { length: height * width },
    (_, i) => drawn[(Math.floor(i / width) * width * scale + (i % width)) * scale]!,
  );
  if (!mask.includes(1)) {
    throw new UserError(
      'request.mask',
      'Expected a mask that covers something, but nothing of the picture would be drawn anew; what is white in it is, or, where it has transparency, what is transparent, and strokes need some width.',
    );
  }
  return mask;
}

function blank(width: number, height: number): Picture {
  return { width, height, data: new Uint8Array(3 * width * height) };
}
