/**
 * What is learnt from: every picture in its variants as latents, and its caption as the UNet takes it, each encoded once,
 * and the order in which they are seen. Opens no session of its own: encoders are given.
 */
import { createHash } from 'node:crypto';

import type { Picture } from '../core/picture.ts';
import type { Conditioning } from '../engine/model/denoiser.ts';
import type { TorchGenerator } from '../engine/sampling/index.ts';
import { variants } from './augment.ts';
import type { LatentShards } from './latent-shards.ts';
import { shuffled, streamOf } from './random.ts';

export type TrainingPicture = {
  /** Covers a size: cut to its shape, no bars. */
  readonly read: (size: { readonly width: number; readonly height: number }) => Promise<Picture>;
  readonly caption: string;
};

export type Encoders = {
  readonly picture: (picture: Picture) => Promise<(generator: TorchGenerator) => Float32Array>;
  readonly prompt: (caption: string) => Promise<Conditioning>;
};

/** `Words`: a caption as what learns takes it. */
export type Example<Words> = {
  /** Latents as the VAE's distribution gives them with noise of this stream. */
  readonly latents: (generator: TorchGenerator) => Float32Array;
  /** Of several ways to say it, one that this stream chooses. */
  readonly words: (generator: TorchGenerator) => Promise<Words>;
};

export type EncodeOptions<Words> = {
  readonly size: { readonly width: number; readonly height: number };
  readonly variantsPerPicture: number;
  /** Decides how variants are moved. */
  readonly generator: TorchGenerator;
  readonly encodePicture: Encoders['picture'];
  readonly encodeCaption: (caption: string) => Promise<Words>;
};

export type EncodedPicture<Words> = {
  readonly examples: readonly Example<Words>[];
  /** Names the pixels and the caption. */
  readonly digest: string;
};

export async function encodePicture<Words>(
  { read, caption }: TrainingPicture,
  { size, variantsPerPicture, generator, ...encode }: EncodeOptions<Words>,
): Promise<EncodedPicture<Words>> {
  const words = await encode.encodeCaption(caption);
  const hash = createHash('sha256').update(caption);
  const made: Example<Words>[] = [];
  for (const picture of await variants(read, size, variantsPerPicture, generator)) {
    hash.update(picture.data);
    made.push({ latents: await encode.encodePicture(picture), words: () => Promise.resolve(words) });
  }
  // A picture without variants is seen as often as one with them.
  const examples = Array.from({ length: variantsPerPicture }, (_, k) => made[k % made.length]).filter(
    (example) => example !== undefined,
  );
  return { examples, digest: hash.digest('hex') };
}

/** What was encoded before; captions are encoded as they come. */
export function encodedBefore<Words>(
  { rows }: LatentShards,
  encodeCaption: (caption: string) => Promise<Words>,
): readonly Example<Words>[] {
  return rows.map(({ read, captions }) => ({
    latents: read,
    words: (generator) => {
      const [which = 0] = captions.length > 1 ? generator.rand(1) : [0];
      return encodeCaption(captions[Math.floor(which * captions.length)] ?? '');
    },
  }));
}

/** The order in which a run sees examples: all of them in random order, again and again. */
export class ExampleOrder<Words> {
  readonly #examples: readonly Example<Words>[];
  readonly #seed: number;
  #epoch = -1;
  #order: readonly number[] = [];

  constructor(examples: readonly Example<Words>[], seed: number) {
    this.#examples = examples;
    this.#seed = seed;
  }

  /** The `place`-th one, from 0. */
  at(place: number): Example<Words> {
    const count = this.#examples.length;
    const epoch = Math.floor(place / count);
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#order = shuffled(streamOf(this.#seed, 'order', epoch), count);
    }
    const example = this.#examples[this.#order[place % count] ?? 0];
    if (example === undefined) {
      throw new Error('Expected at least one example.');
    }
    return example;
  }
}
