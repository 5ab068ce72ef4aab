/**
 * A model's ways between pixels and latents: its own autoencoder, and the small stand-in for it (TAESD) where it has one, which
 * makes previews and, where a request says so, results; and its net for alpha. What is not its own autoencoder is opened when
 * first needed. Knows no requests.
 */
import { UserError } from '../../core/errors.ts';
import type { Picture } from '../../core/picture.ts';
import type { TensorSource } from '../weights/index.ts';
import { AlphaHead } from './alpha-head.ts';
import { Autoencoder, type AutoencoderConfig, type LatentSampler } from './autoencoder.ts';
import type { Decoding, LatentSize } from './denoiser.ts';
import { openNet, type NetFiles } from './model-files.ts';
import type { RowMemory } from './row-memory.ts';
import type { PrecisePlace } from './session-opener.ts';
import { openStandIn } from './vae-override.ts';

export type DecoderFiles = {
  readonly vae: NetFiles;
  /** Absolute: where the stand-in lies, a folder or a file; undefined: it has none. */
  readonly tinyVae: string | undefined;
  /** Absolute: the folder of its net for alpha; undefined: it has none. */
  readonly alphaHead: string | undefined;
  /** Of the model, for messages. */
  readonly location: string;
};

/** Previews are decoded from latents of at most this area: 128 × 128 pixels for a VAE of factor 8. */
const PREVIEW_AREA = 16 * 16;
/** … by a stand-in, which costs about a tenth. */
const TINY_PREVIEW_AREA = 32 * 32;

export class Decoders {
  readonly #own: Autoencoder;
  readonly #files: DecoderFiles;
  readonly #place: PrecisePlace;
  #tiny: Promise<Autoencoder> | undefined;
  #alphaHead: Promise<AlphaHead> | undefined;

  /** Throws `UserError('model.config')`. */
  static async open(files: DecoderFiles, place: PrecisePlace): Promise<Decoders> {
    return new Decoders(await Autoencoder.open(files.vae, place), files, place);
  }

  private constructor(own: Autoencoder, files: DecoderFiles, place: PrecisePlace) {
    this.#own = own;
    this.#files = files;
    this.#place = place;
  }

  get config(): AutoencoderConfig {
    return this.#own.config;
  }

  /** That it decodes in. */
  get precision(): PrecisePlace['precision'] {
    return this.#place.precision;
  }

  /** As its graphs take them. */
  get weights(): TensorSource {
    return this.#own.weights;
  }

  /** What is `hidden` [height · width] is grey to it. */
  encode(picture: Picture, hidden?: Uint8Array): Promise<LatentSampler> {
    return this.#own.encode(picture, hidden);
  }

  /** Throws `UserError` (`model.nan`, `model.tiny-vae`). */
  async decode(latents: readonly Float32Array[], size: LatentSize, decoding: Decoding): Promise<readonly Picture[]> {
    const chosen = decoding.decoder === 'tiny' ? await this.#standIn() : this.#own;
    return chosen.decode(latents, size, decoding);
  }

  /** How solid each pixel of pictures of these is, in one call; undefined without a net for that. Throws as `requireAlpha`. */
  async alphas(
    pictures: readonly Picture[],
    latents: readonly Float32Array[],
    size: LatentSize,
    isPassing = false,
  ): Promise<readonly Uint8Array[] | undefined> {
    return (await this.#openedAlphaHead())?.alphas(pictures, latents, size, isPassing);
  }

  /** Throws `UserError` (`model.alpha-head`, `model.files`, `weights.…`) where the model has a net for alpha that is of no use. */
  async requireAlpha(): Promise<void> {
    await this.#openedAlphaHead();
  }

  /** Of a picture of a call of its own autoencoder, which takes more than the stand-in. */
  pictureMemory(size: LatentSize): RowMemory {
    return this.#own.pictureMemory(size);
  }

  async preview(latents: Float32Array, size: LatentSize): Promise<Picture> {
    return this.#files.tinyVae === undefined || this.#isTiny
      ? this.#own.preview(latents, size, PREVIEW_AREA)
      : (await this.#standIn()).preview(latents, size, TINY_PREVIEW_AREA);
  }

  /** Throws `UserError('model.tiny-vae')` where the model has none, or one of other latents. */
  async requireTiny(): Promise<void> {
    await this.#standIn();
  }

  async release(): Promise<void> {
    await this.#own.release();
    const others = await Promise.allSettled([this.#tiny, this.#alphaHead]);
    this.#tiny = undefined;
    this.#alphaHead = undefined;
    for (const other of others) {
      await (other.status === 'fulfilled' ? other.value?.release() : undefined);
    }
  }

  /** One that did not open is forgotten: its files may have been mended the next time. */
  #openedAlphaHead(): Promise<AlphaHead> | undefined {
    const { alphaHead: folder } = this.#files;
    if (folder === undefined || this.#alphaHead !== undefined) {
      return this.#alphaHead;
    }
    const opening = openNet(folder, '').then((files) => AlphaHead.open(files, this.#own.config, this.#place));
    this.#alphaHead = opening;
    void opening.catch(() => (this.#alphaHead = undefined));
    return opening;
  }

  /** A model's own may be of that kind. */
  get #isTiny(): boolean {
    return this.#own.config.kind === 'AutoencoderTiny';
  }

  async #standIn(): Promise<Autoencoder> {
    if (this.#isTiny) {
      return this.#own;
    }
    this.#tiny ??= this.#openStandIn();
    return this.#tiny;
  }

  async #openStandIn(): Promise<Autoencoder> {
    const { tinyVae, location } = this.#files;
    if (tinyVae === undefined) {
      throw new UserError(
        'model.tiny-vae',
        `Expected a tiny decoder for ${location}, but it has none; add the model with --tiny-vae FILE (TAESD for its base), or draw with the full decoder.`,
        { params: { location } },
      );
    }
    const opened = await Autoencoder.open(await openStandIn(tinyVae), this.#place);
    const { latentChannels, scale } = this.#own.config;
    if (opened.config.latentChannels !== latentChannels || opened.config.scale !== scale) {
      throw new UserError(
        'model.tiny-vae',
        `Expected a tiny decoder of ${latentChannels} channels and ${scale} pixels a latent for ${location}, but ${tinyVae} has ${opened.config.latentChannels} and ${opened.config.scale}; take the one for its base.`,
        { params: { location } },
      );
    }
    return opened;
  }
}
