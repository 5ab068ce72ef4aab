/**
 * What the loop needs of a model, and all that it knows of one: rows in, predictions out, latents to pixels. Loop and
 * model share this file, so that neither knows the other's; with it the loop runs in tests without a model.
 */
import type { Picture } from '../../core/picture.ts';
import type { GenerationRequest } from '../../core/request.ts';
import type { StyleSet } from './style-set.ts';

/** A prompt as the UNet takes it. */
export type Conditioning = {
  /** [tokens · features] */
  readonly tokens: Float32Array;
  /** SDXL: [pooled features] */
  readonly pooled: Float32Array | undefined;
};

export type LatentSize = { readonly channels: number; readonly height: number; readonly width: number };

/** One row of a UNet call. */
export type UNetRow = {
  readonly timestep: number;
  /** Writes the row's noisy latents, scaled for the UNet, and what else it is given, [channels · height · width]. */
  readonly writeInput: (target: Float32Array) => void;
  readonly conditioning: Conditioning;
  /** For models that take guidance as an embedding. */
  readonly guidance: number;
  readonly styles: StyleSet;
};

export type Decoder = GenerationRequest['decoder'];

export type Decoding = {
  readonly decoder: Decoder;
  /** For a hand that still moves. */
  readonly isPassing?: boolean;
  /** Pictures of a call of this kind, on this device; default: as many as usual. */
  readonly most?: number;
};

export interface Denoiser {
  /**
   * [rows · channels · height · width]; valid until the next call. All rows have one size, one `styles.variant` and one
   * `styles.dense`. `most`: rows of a call of this kind, on this device.
   */
  predict(rows: readonly UNetRow[], size: LatentSize, most?: number): Promise<Float32Array>;
  /** Finished latents of several pictures to pixels, in one call of the device. */
  decode(latents: readonly Float32Array[], size: LatentSize, decoding: Decoding): Promise<readonly Picture[]>;
  /** How solid each pixel of pictures of them is, a byte each, in one call; undefined where the model has no net for that. */
  alphas(
    pictures: readonly Picture[],
    latents: readonly Float32Array[],
    size: LatentSize,
    isPassing: boolean,
  ): Promise<readonly Uint8Array[] | undefined>;
  /** A quick, small look at latents. */
  preview(latents: Float32Array, size: LatentSize): Promise<Picture>;
}
