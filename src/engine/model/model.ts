/**
 * A model, ready to draw: its nets on a device and what its files say about using them. What the loop calls (`predict`,
 * `decode`, `preview`) and what a request is prepared with (`styles`, `prompts`, `encodePicture`) meet here.
 *
 * Sessions are opened when first needed. Knows no requests.
 */
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Base, ModelManifest } from '../../core/manifest.ts';
import type { Picture } from '../../core/picture.ts';
import type { Denoiser, LatentSize, UNetRow } from './denoiser.ts';
import { bytesInEightBits, parseUNetConfig } from '../nets/index.ts';
import { parseSchedulerConfig, type SchedulerConfig } from '../sampling/index.ts';
import { derivedFiles, sweepBeside, type LoraNet, type TensorSource } from '../weights/index.ts';
import type { LatentSampler } from './autoencoder.ts';
import { baseOf } from './base-of.ts';
import { Decoders } from './decoders.ts';
import { DenseStyles } from './dense-styles.ts';
import { mergedNet, touchesNets, type AcceleratorFile } from './accelerator-merge.ts';
import { keptDecoders, type KeptNets, releaseAll } from './kept-nets.ts';
import { bytesOf, type ModelFiles } from './model-files.ts';
import { PromptEncoder } from './prompt-encoder.ts';
import type { SessionOpener } from './session-opener.ts';
import { NO_STYLE, StyleLibrary, TEXT_NETS } from './style-set.ts';
import { TextEncoder } from './text-encoder.ts';
import { UNet } from './unet.ts';
import { requireKnownInputs, seesMask } from './unet-inputs.ts';
import { readWordTable, type WordTable } from '../words/index.ts';

export type ModelOptions = {
  readonly files: ModelFiles;
  /** Its own among all that are open. */
  readonly key: string;
  /** To be merged; undefined for none. */
  readonly accelerator: AcceleratorFile | undefined;
  readonly open: SessionOpener;
  /** Of its UNet and the decoder of its latents. */
  readonly precision: 'fp32' | 'int8';
  readonly weightsChange?: boolean; // of its UNet, which is soon to make room for another accelerator
  /** The same model with another accelerator: nobody else's any more, and released or taken over. */
  readonly previous?: Model | undefined;
  /** Where derived weights go when the model's own folder cannot be written. */
  readonly cacheDir: string;
};

export class Model implements Denoiser {
  readonly key: string;
  readonly manifest: ModelManifest | undefined;
  readonly base: Base;
  readonly scheduler: SchedulerConfig;
  readonly styles: StyleLibrary;
  readonly prompts: PromptEncoder;
  readonly decoders: Decoders;
  /** Of its weights, in the precision that it draws in. */
  readonly bytes: number;
  readonly #unet: UNet;
  readonly #encoders: readonly TextEncoder[];
  readonly #acceleratesText: boolean;
  readonly #dense: DenseStyles;
  readonly #derived: readonly string[];
  readonly #cacheDir: string;
  readonly #wordsFile: string | undefined;
  #words: Promise<WordTable> | undefined;

  /** Throws `UserError` (`model.…`, `weights.…`, `lora.…`, `tokenizer.files`). */
  static async open({ previous, ...options }: ModelOptions): Promise<Model> {
    const kept = await previous?.handOver();
    try {
      return await Model.#open(options, kept);
    } catch (error) {
      await releaseAll([...(kept?.encoders ?? []), ...(kept === undefined ? [] : [kept.autoencoder])]);
      throw error;
    }
  }

  static async #open(
    { files, key, accelerator, open, precision, weightsChange, cacheDir }: Omit<ModelOptions, 'previous'>,
    kept: KeptNets | undefined,
  ): Promise<Model> {
    const config = parseUNetConfig(files.unet.config, files.unet.origin);
    requireKnownInputs(config, files.location);
    const base =
      files.manifest?.base ??
      baseOf({
        contextFeatures: config.contextFeatures,
        takesTextTime: config.textTime !== undefined,
        attendsInMiddle: config.mid.kind === 'attention',
      });
    const merged = (net: LoraNet, weights: TensorSource): Promise<TensorSource> =>
      accelerator === undefined ? Promise.resolve(weights) : mergedNet({ base, net, weights, accelerator, cacheDir });
    const place = { open, precision, weightsChange, cacheDir };
    const unet = await UNet.open(config, await merged('unet', files.unet.weights), place);
    const acceleratesText =
      accelerator !== undefined && (await touchesNets(accelerator, TEXT_NETS.slice(0, files.text.length)));
    const isSameText = kept !== undefined && !kept.acceleratesText && !acceleratesText;
    if (!isSameText) {
      await releaseAll(kept?.encoders ?? []);
    }
    const encoders: TextEncoder[] = isSameText ? [...kept.encoders] : [];
    for (const [k, net] of files.text.slice(encoders.length).entries()) {
      const weights = await merged(TEXT_NETS[k] ?? 'text_encoder', net.weights);
      encoders.push(await TextEncoder.open({ ...net, weights }, { open, cacheDir }));
    }
    const autoencoder =
      (await keptDecoders(kept, precision)) ?? (await Decoders.open(files, { open, cacheDir, precision }));
    const derived = [unet, autoencoder, ...encoders].flatMap(({ weights }) => derivedFiles(weights, cacheDir));
    const dense = new DenseStyles({
      own: { unet, encoders },
      pristine: { unet: files.unet.weights, text: files.text.map(({ weights }) => weights) },
      cacheDir,
    });
    const [first, second] = encoders;
    const styles = new StyleLibrary({
      base,
      targets: () => ({ unet: unet.targets, text: encoders.map(({ targets }) => targets) }),
      weights: {
        unet: unet.weights,
        ...(first !== undefined && { text_encoder: first.weights }),
        ...(second !== undefined && { text_encoder_2: second.weights }),
      },
    });
    const nets = { unet, encoders, acceleratesText, autoencoder };
    return new Model({ files, key, precision, base, ...nets, dense, styles, derived, cacheDir });
  }

  private constructor(parts: ModelParts) {
    const { files, key, precision, base, unet, encoders, dense, styles, autoencoder, derived, cacheDir } = parts;
    this.key = key;
    this.manifest = files.manifest;
    this.base = base;
    this.scheduler = parseSchedulerConfig(files.scheduler.config, files.scheduler.origin);
    this.#unet = unet;
    this.#encoders = encoders;
    this.#acceleratesText = parts.acceleratesText;
    this.#dense = dense;
    this.decoders = autoencoder;
    this.#derived = derived;
    this.#cacheDir = cacheDir;
    this.#wordsFile = files.manifest?.words && path.join(files.location, files.manifest.words);
    this.styles = styles;
    this.prompts = new PromptEncoder({
      styles: dense,
      kind: unet.config.textTime === undefined ? 'last' : 'penultimate',
      zerosForEmptyNegative: files.zerosForEmptyNegative,
    });
    this.bytes =
      bytesOf(files.vae, ...files.text) + (precision === 'int8' ? bytesInEightBits(unet.weights) : bytesOf(files.unet));
  }

  /** As its graphs take it, the accelerator merged. */
  get unet(): Pick<UNet, 'config' | 'weights' | 'rowMemory'> {
    return this.#unet;
  }

  /** Pixels along one side of a latent. */
  get pixelsPerLatent(): number {
    return this.decoders.config.scale;
  }

  get latentChannels(): number {
    return this.#unet.config.outChannels;
  }

  /** Inpainting checkpoints: the UNet is given a mask and the masked picture's latents too. */
  get seesMask(): boolean {
    return seesMask(this.#unet.config);
  }

  /** Latents of a picture are drawn from a distribution. */
  get samplesPictures(): boolean {
    return this.decoders.config.kind === 'AutoencoderKL';
  }

  /** Full latent consistency models: guidance is an input, and the negative prompt has no place. */
  get takesGuidance(): boolean {
    return this.#unet.config.guidanceFeatures !== undefined;
  }

  /** What it knows and does not; undefined for a model that reads prompts as they are. Throws `UserError('model.words')`. */
  words(): Promise<WordTable> | undefined {
    if (this.#wordsFile !== undefined) {
      this.#words ??= readWordTable(this.#wordsFile);
    }
    return this.#words;
  }

  /** The text encoders, in their order. */
  get text(): readonly Pick<TextEncoder, 'config' | 'weights' | 'targets' | 'features' | 'chunksOf' | 'idsOf'>[] {
    return this.#encoders;
  }

  /** What is `hidden` [height · width] is grey to it. */
  encodePicture(picture: Picture, hidden?: Uint8Array): Promise<LatentSampler> {
    return this.decoders.encode(picture, hidden);
  }

  predict(rows: readonly UNetRow[], size: LatentSize, most?: number): Promise<Float32Array> {
    const { dense } = rows[0]?.styles ?? NO_STYLE;
    const kind = { size, pixelsPerLatent: this.pixelsPerLatent, ...(most !== undefined && { most }) };
    return this.#dense.use({ dense }, ({ unet }) => unet.predict(rows, kind));
  }

  decode(...given: Parameters<Denoiser['decode']>): Promise<readonly Picture[]> {
    return this.decoders.decode(...given);
  }

  alphas(...given: Parameters<Denoiser['alphas']>): Promise<readonly Uint8Array[] | undefined> {
    return this.decoders.alphas(...given);
  }

  preview(latents: Float32Array, size: LatentSize): Promise<Picture> {
    return this.decoders.preview(latents, size);
  }

  /** Every derived file that a session may yet be opened from is there; they are only a cache. */
  async isWhole(): Promise<boolean> {
    const missing = await Promise.allSettled(this.#derived.map(async (file) => access(file)));
    return missing.every(({ status }) => status === 'fulfilled');
  }

  /** Frees its UNet and gives the nets that another accelerator leaves as they are. Nothing may use it afterwards. */
  async handOver(): Promise<KeptNets> {
    await this.#dense.release();
    await this.#unet.release();
    return { encoders: this.#encoders, acceleratesText: this.#acceleratesText, autoencoder: this.decoders };
  }

  /** Frees its sessions, and the disk of what was derived from files that are gone. Nothing may use it afterwards. */
  async release(): Promise<void> {
    await this.#dense.release();
    await this.#unet.release();
    await this.decoders.release();
    await Promise.all(this.#encoders.map((encoder) => encoder.release()));
    await sweepBeside(this.#derived, this.#cacheDir);
  }
}

type ModelParts = Pick<ModelOptions, 'files' | 'key' | 'precision' | 'cacheDir'> &
  KeptNets & {
    readonly base: Base;
    readonly unet: UNet;
    readonly dense: DenseStyles;
    readonly styles: StyleLibrary;
    /** Its files that are derived from others. */
    readonly derived: readonly string[];
  };
