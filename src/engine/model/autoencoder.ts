/**
 * Between pixels and latents: the VAE of a model, either kind, its graphs opened when first needed.
 *
 * Latents outside are scaled as the UNet knows them; scaling, shift and per-channel statistics of the config are
 * applied here. Knows no prompts.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Picture } from '../../core/picture.ts';
import type { Decoding, LatentSize } from './denoiser.ts';
import {
  buildKLEncoder,
  buildTinyEncoder,
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
  type AutoencoderKLConfig,
  type AutoencoderTinyConfig,
  type BuildOptions,
  loweringFor,
  type NetWeights,
} from '../nets/index.ts';
import type { Graph } from '../onnx/index.ts';
import type { NoiseSource } from '../sampling/index.ts';
import type { TensorSource } from '../weights/index.ts';
import { LatentDecoder } from './latent-decoder.ts';
import { LazySessions } from './lazy-sessions.ts';
import type { NetFiles } from './model-files.ts';
import { autoencoderNumberType } from './number-type.ts';
import { pictureToValues, valuesToPicture } from './picture-values.ts';
import { preparedDecoder } from './prepared-decoder.ts';
import { rowMemory, type RowMemory } from './row-memory.ts';
import type { PrecisePlace, SessionOpener } from './session-opener.ts';

export type AutoencoderConfig = AutoencoderKLConfig | AutoencoderTinyConfig;

/** A picture's latents, sampled with noise from the stream where the VAE gives a distribution. */
export type LatentSampler = (generator: NoiseSource) => Float32Array;

/** Reads a VAE's config.json. Throws `UserError('model.config')`. */
export function parseAutoencoderConfig(json: unknown, origin: string): AutoencoderConfig {
  const isTiny =
    typeof json === 'object' && json !== null && '_class_name' in json && json._class_name === 'AutoencoderTiny';
  return isTiny ? parseAutoencoderTinyConfig(json, origin) : parseAutoencoderKLConfig(json, origin);
}

export class Autoencoder {
  readonly config: AutoencoderConfig;
  /** As its graphs take them. */
  readonly weights: TensorSource;
  readonly #encoder: LazySessions;
  readonly #encoderGraph: () => Promise<Graph>;
  readonly #decoder: LatentDecoder;
  readonly #decoderGraph: () => Graph;
  readonly #pictureMemory = new Map<string, RowMemory>();

  /** Throws `UserError('model.config')`. */
  static async open({ config: json, origin, weights }: NetFiles, place: PrecisePlace): Promise<Autoencoder> {
    const config = parseAutoencoderConfig(json, origin);
    const { open, cacheDir } = place;
    const target = { ...open.target, dtype: autoencoderNumberType(config, open.target.dtype) };
    const decoder = await preparedDecoder(config, weights, target, place);
    const build = { lowering: loweringFor(target) };
    // Pictures to start from are rare: the encoder takes what was widened for the decoder, and what it lacks is made when it is asked for.
    const encoder = async (): Promise<Graph> => {
      const asked = (given: NetWeights): Graph => encoderGraph(config, given, build);
      const source = decoder.isWidened ? decoder.weights : weights;
      const isPrepared = decoder.isWidened && !build.lowering.replacesWeights;
      return asked(isPrepared ? source : await build.lowering.prepareWeights(source, asked, cacheDir));
    };
    return new Autoencoder({ config, weights: decoder.weights, decoder: decoder.graph, encoder, open });
  }

  private constructor({ config, weights, decoder, encoder, open }: AutoencoderParts) {
    this.config = config;
    this.weights = weights;
    this.#encoder = new LazySessions(open);
    this.#encoderGraph = encoder;
    this.#decoder = new LatentDecoder(decoder, open);
    this.#decoderGraph = decoder;
  }

  /**
   * Each of `latents`: [channels · height · width]; all in one call. For a hand that moves, a small one leaves room to the window.
   * Throws `UserError` `model.nan`.
   */
  async decode(
    latents: readonly Float32Array[],
    size: LatentSize,
    how: Partial<Decoding> = {},
  ): Promise<readonly Picture[]> {
    const unscaled = latents.map((each) => this.#unscale(each, size.height * size.width));
    return this.#pictures(await this.#decoder.decode(unscaled, size, how), size);
  }

  #pictures(planes: readonly Float32Array[], { height, width }: LatentSize): readonly Picture[] {
    const sides = [width * this.config.scale, height * this.config.scale] as const;
    return planes.map((values) => valuesToPicture(values, ...sides));
  }

  /** Of a picture of a call of the decoder. */
  pictureMemory({ height, width }: LatentSize): RowMemory {
    const key = `${height}x${width}`;
    const found = this.#pictureMemory.get(key) ?? rowMemory(this.#decoderGraph(), { height, width });
    this.#pictureMemory.set(key, found);
    return found;
  }

  /** A look at latents, small: those of more than `area` are averaged down first. */
  async preview(latents: Float32Array, size: LatentSize, area: number): Promise<Picture> {
    const factor = Math.ceil(Math.sqrt((size.height * size.width) / area));
    const [small, smallSize] = factor === 1 ? [latents, size] : shrink(latents, size, factor);
    const unscaled = this.#unscale(small, smallSize.height * smallSize.width);
    const [picture] = this.#pictures(await this.#decoder.decodeOnce([unscaled], smallSize), smallSize);
    if (picture === undefined) {
      throw new Error('the decoder gave no picture');
    }
    return picture;
  }

  /** Sides must be multiples of the VAE's factor. What is `hidden` [height · width] is grey to it. */
  async encode(picture: Picture, hidden?: Uint8Array): Promise<LatentSampler> {
    const session = await this.#encoder.get('encoder', this.#encoderGraph);
    const { width, height } = picture;
    const image = { data: pictureToValues(picture, hidden), shape: [1, 3, height, width] };
    const outputs = await session.run({ image });
    const area = (height / this.config.scale) * (width / this.config.scale);
    const { latents, moments } = outputs;
    if (latents !== undefined) {
      const scaled = this.#scale(latents.data, area);
      return () => scaled;
    }
    if (moments === undefined) {
      throw new Error('the encoder gave neither moments nor latents');
    }
    const half = moments.data.length / 2;
    const means = moments.data.subarray(0, half);
    const deviations = moments.data
      .subarray(half)
      .map((logarithm) => Math.exp(0.5 * Math.min(Math.max(logarithm, -30), 20)));
    return (generator) => {
      const noise = generator.randn(half);
      return this.#scale(
        means.map((mean, i) => mean + deviations[i]! * noise[i]!),
        area,
      );
    };
  }

  async release(): Promise<void> {
    await this.#encoder.release();
    await this.#decoder.release();
  }

  #scale(encoded: Float32Array, area: number): Float32Array {
    const { means, deviations } = this.#statistics();
    const { scalingFactor } = this.config;
    return encoded.map((value, i) => {
      const channel = Math.floor(i / area);
      return ((value - means[channel]!) * scalingFactor) / deviations[channel]!;
    });
  }

  #unscale(latents: Float32Array, area: number): Float32Array<ArrayBuffer> {
    const { means, deviations } = this.#statistics();
    const { scalingFactor } = this.config;
    const scaled = new Float32Array(latents.length);
    for (let i = 0; i < latents.length; i++) {
      const channel = Math.floor(i / area);
      scaled[i] = (latents[i]! * deviations[channel]!) / scalingFactor + means[channel]!;
    }
    return scaled;
  }

  /** Most models have one shift for all channels, and no deviations. */
  #statistics(): { readonly means: readonly number[]; readonly deviations: readonly number[] } {
    const { config } = this;
    const count = config.latentChannels;
    if (config.kind === 'AutoencoderKL' && config.latentsMean !== undefined && config.latentsStd !== undefined) {
      return { means: config.latentsMean, deviations: config.latentsStd };
    }
    return {
      means: Array.from({ length: count }, () => config.shiftFactor),
      deviations: Array.from({ length: count }, () => 1),
    };
  }
}

type AutoencoderParts = {
  readonly config: AutoencoderConfig;
  readonly weights: TensorSource;
  readonly decoder: () => Graph;
  readonly encoder: () => Promise<Graph>;
  readonly open: SessionOpener;
};

function encoderGraph(config: AutoencoderConfig, weights: NetWeights, build: BuildOptions): Graph {
  return config.kind === 'AutoencoderTiny'
    ? buildTinyEncoder(config, weights, build)
    : buildKLEncoder(config, weights, build);
}

/** Averages blocks of factor × factor; a rest at the edges is left out. */
function shrink(
  latents: Float32Array,
  { channels, height, width }: LatentSize,
  factor: number,
): [Float32Array, LatentSize] {
  const size = {
    channels,
    height: Math.max(1, Math.floor(height / factor)),
    width: Math.max(1, Math.floor(width / factor)),
  };
  const small = new Float32Array(channels * size.height * size.width);
  let at = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        let sum = 0;
        for (let k = 0; k < factor * factor; k++) {
          sum += latents[(channel * height + y * factor + Math.floor(k / factor)) * width + x * factor + (k % factor)]!;
        }
        small[at++] = sum / factor ** 2;
      }
    }
  }
  return [small, size];
}
