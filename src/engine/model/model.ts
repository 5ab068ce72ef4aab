/**
 * A model, ready to draw: its nets on a device and what its files say about using them. What the loop calls (`predict`,
 * `decode`, `preview`) and what a request is prepared with (`styles`, `prompts`, `encodePicture`) meet here.
 *
 * Sessions are opened when first needed. Knows no requests.
 */
import { access } from 'node:fs/promises';
import type { Base, ModelManifest } from '../../core/manifest.ts';
import { UserError } from '../../core/errors.ts';
import type { Picture } from '../../core/picture.ts';
import type { Denoiser, LatentSize, UNetRow } from './denoiser.ts';
import { parseUNetConfig } from '../nets/index.ts';
import { parseSchedulerConfig, type SchedulerConfig } from '../sampling/index.ts';
import { derivedFiles, sweepBeside } from '../weights/index.ts';
import { Autoencoder, type LatentSampler } from './autoencoder.ts';
import { baseOf } from './base-of.ts';
import { mergedUNet } from './lcm-merge.ts';
import type { ModelFiles, NetFiles } from './model-files.ts';
import { PromptEncoder } from './prompt-encoder.ts';
import type { SessionOpener } from './session-opener.ts';
import { StyleLibrary } from './style-set.ts';
import { TextEncoder } from './text-encoder.ts';
import { UNet } from './unet.ts';

export type ModelOptions = {
  readonly files: ModelFiles;
  /** Its own among all that are open. */
  readonly key: string;
  /** The acceleration LoRA to merge; undefined for none. */
  readonly lcmLora: string | undefined;
  readonly open: SessionOpener;
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
  /** In bytes, as far as the weights' files tell. */
  readonly bytes: number;
  /** Requests that use it now; a model in use is not let go. */
  users = 0;
  isReleased = false;
  readonly #unet: UNet;
  readonly #autoencoder: Autoencoder;
  readonly #derived: readonly string[];
  readonly #cacheDir: string;

  /** Throws `UserError` (`model.…`, `weights.…`, `lora.…`, `tokenizer.files`). */
  static async open({ files, key, lcmLora, open, cacheDir }: ModelOptions): Promise<Model> {
    const config = parseUNetConfig(files.unet.config, files.unet.origin);
    if (config.inChannels !== config.outChannels) {
      throw new UserError(
        'model.inpainting',
        `Expected a model that draws from noise alone, but the UNet in ${files.location} takes ${config.inChannels} channels, as inpainting models do; take the ordinary version of the model.`,
        { params: { location: files.location, channels: config.inChannels } },
      );
    }
    const base =
      files.manifest?.base ??
      baseOf({
        contextFeatures: config.contextFeatures,
        takesTextTime: config.textTime !== undefined,
        attendsInMiddle: config.mid.kind === 'attention',
      });
    const merged =
      lcmLora === undefined
        ? files.unet.weights
        : await mergedUNet({ base, weights: files.unet.weights, lcmLora, cacheDir });
    const unet = await UNet.open(config, merged, { open, cacheDir });
    const encoders: TextEncoder[] = [];
    for (const net of files.text) {
      encoders.push(await TextEncoder.open(net, { open, cacheDir }));
    }
    const autoencoder = await Autoencoder.open(files.vae, { open, cacheDir });
    const nets = [unet, autoencoder, ...encoders];
    const derived = nets.flatMap(({ weights }) => derivedFiles(weights, cacheDir));
    return new Model({ files, key, base, unet, encoders, autoencoder, derived, cacheDir });
  }

  private constructor({ files, key, base, unet, encoders, autoencoder, derived, cacheDir }: ModelParts) {
    this.key = key;
    this.manifest = files.manifest;
    this.base = base;
    this.scheduler = parseSchedulerConfig(files.scheduler.config, files.scheduler.origin);
    this.#unet = unet;
    this.#autoencoder = autoencoder;
    this.#derived = derived;
    this.#cacheDir = cacheDir;
    this.styles = new StyleLibrary({
      base,
      targets: () => ({ unet: unet.targets, text: encoders.map(({ targets }) => targets) }),
    });
    this.prompts = new PromptEncoder({
      encoders,
      kind: unet.config.textTime === undefined ? 'last' : 'penultimate',
      zerosForEmptyNegative: files.zerosForEmptyNegative,
    });
    this.bytes = [files.unet, files.vae, ...files.text].reduce((total, net) => total + bytesOf(net), 0);
  }

  /** Pixels along one side of a latent. */
  get pixelsPerLatent(): number {
    return this.#autoencoder.config.scale;
  }

  get latentChannels(): number {
    return this.#unet.config.inChannels;
  }

  /** Full latent consistency models: guidance is an input, and the negative prompt has no place. */
  get takesGuidance(): boolean {
    return this.#unet.config.guidanceFeatures !== undefined;
  }

  encodePicture(picture: Picture): Promise<LatentSampler> {
    return this.#autoencoder.encode(picture);
  }

  predict(rows: readonly UNetRow[], size: LatentSize): Promise<Float32Array> {
    return this.#unet.predict(rows, rows[0]?.styles.variant ?? 'plain', size, this.pixelsPerLatent);
  }

  decode(latents: Float32Array, size: LatentSize): Promise<Picture> {
    return this.#autoencoder.decode(latents, size);
  }

  preview(latents: Float32Array, size: LatentSize): Promise<Picture> {
    return this.#autoencoder.preview(latents, size);
  }

  /** Every derived file that a session may yet be opened from is there; they are only a cache. */
  async isWhole(): Promise<boolean> {
    const missing = await Promise.allSettled(this.#derived.map(async (file) => access(file)));
    return missing.every(({ status }) => status === 'fulfilled');
  }

  /** Frees its sessions, and the disk of what was derived from files that are gone. Nothing may use it afterwards. */
  async release(): Promise<void> {
    this.isReleased = true;
    await this.#unet.release();
    await this.#autoencoder.release();
    await this.prompts.release();
    await sweepBeside(this.#derived, this.#cacheDir);
  }
}

type ModelParts = {
  readonly files: ModelFiles;
  readonly key: string;
  readonly base: Base;
  readonly unet: UNet;
  readonly encoders: readonly TextEncoder[];
  readonly autoencoder: Autoencoder;
  /** Its files that are derived from others. */
  readonly derived: readonly string[];
  readonly cacheDir: string;
};

function bytesOf({ weights }: NetFiles): number {
  return weights.names.reduce((total, name) => total + (weights.get(name)?.length ?? 0), 0);
}
