/**
 * A model's net for transparent pictures: from finished latents to how solid every pixel is, where colour alone cannot tell a
 * thing from a ground like it. It is built as the decoder of an AutoencoderTiny with one plane instead of three.
 */
import { UserError } from '../../core/errors.ts';
import {
  buildTinyDecoder,
  loweringFor,
  type NetWeights,
  parseAutoencoderTinyConfig,
  type AutoencoderTinyConfig,
} from '../nets/index.ts';
import type { Graph } from '../onnx/index.ts';
import type { LatentSize } from './denoiser.ts';
import { LatentDecoder } from './latent-decoder.ts';
import type { NetFiles } from './model-files.ts';
import type { NetPlace } from './session-opener.ts';

export class AlphaHead {
  readonly #decoder: LatentDecoder;

  /**
   * For latents of so many channels, each of so many pixels along one side.
   * Throws `UserError` (`model.alpha-head` for one of other latents or planes, `model.config`, `weights.…`).
   */
  static async open(
    { config: json, origin, weights }: NetFiles,
    latents: { readonly latentChannels: number; readonly scale: number },
    { open, cacheDir }: NetPlace,
  ): Promise<AlphaHead> {
    const config = parseAutoencoderTinyConfig(json, origin);
    requireFits(config, latents, origin);
    const build = { lowering: loweringFor(open.target) };
    const graph = (given: NetWeights): Graph => buildTinyDecoder(config, given, build);
    const prepared = await build.lowering.prepareWeights(weights, graph, cacheDir);
    return new AlphaHead(new LatentDecoder(() => graph(prepared), open));
  }

  private constructor(decoder: LatentDecoder) {
    this.#decoder = decoder;
  }

  /**
   * Each of `latents`, [channels · height · width] as the UNet knows them, to a byte a pixel, 0 clear to 255 solid, in one
   * call. `isPassing`: for a hand that still moves. Throws `UserError` `model.nan`.
   */
  async alphas(latents: readonly Float32Array[], size: LatentSize, isPassing: boolean): Promise<readonly Uint8Array[]> {
    const planes = await this.#decoder.decode(latents, size, isPassing);
    return planes.map((plane) =>
      Uint8Array.from(plane, (value) => Math.round(Math.min(Math.max(value / 2 + 0.5, 0), 1) * 255)),
    );
  }

  release(): Promise<void> {
    return this.#decoder.release();
  }
}

function requireFits(
  { latentChannels, scale, outChannels }: AutoencoderTinyConfig,
  model: { readonly latentChannels: number; readonly scale: number },
  origin: string,
): void {
  if (latentChannels !== model.latentChannels || scale !== model.scale || outChannels !== 1) {
    throw new UserError(
      'model.alpha-head',
      `Expected in ${origin} a net for alpha of ${model.latentChannels} latent channels, ${model.scale} pixels a latent and one output channel, but it has ${latentChannels}, ${scale} and ${outChannels}; take the one of the same model, or take alphaHead out of its fourstep.json.`,
      { params: { location: origin } },
    );
  }
}
