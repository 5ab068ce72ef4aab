/**
 * A model's net for transparent pictures: from finished latents to what is to be added to how solid a pixel is by its colour,
 * which alone cannot tell a thing from a ground like it. It is built as the decoder of an AutoencoderTiny with one plane instead
 * of three, and takes the latents twice: as they are, and less those of their ground.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { UserError } from '../../core/errors.ts';
import type { Picture } from '../../core/picture.ts';
import { borderOf, distanceTo, middleColour } from '../../core/plain-ground.ts';
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

/** Distances of colour from the ground's: up to NEAR it says clear; FAR beyond that it cannot be more solid. As it was trained. */
const [NEAR, FAR] = [8, 40];
/** What it then says, of 1: the net can still take it back. */
const SOLID = 1.3;

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
   * The alpha of pictures, by their colours and by the latents that each was decoded from, [channels · height · width] as the
   * UNet knows them: a byte a pixel, 0 clear to 255 solid; in one call. `isPassing`: for a hand that still moves. Throws
   * `UserError` `model.nan`.
   */
  async alphas(
    pictures: readonly Picture[],
    latents: readonly Float32Array[],
    size: LatentSize,
    isPassing: boolean,
  ): Promise<readonly Uint8Array[]> {
    const given = latents.map((each) => besideGround(each, size));
    const doubled = { ...size, channels: 2 * size.channels };
    const planes = await this.#decoder.decode(given, doubled, { isPassing });
    return pictures.map((picture, k) =>
      Uint8Array.from(solidByColour(picture), (solid, p) =>
        Math.round(Math.min(Math.max(solid + (planes[k]?.[p] ?? 0), 0), 1) * 255),
      ),
    );
  }

  release(): Promise<void> {
    return this.#decoder.release();
  }
}

/** How solid each pixel is by its colour alone: 0 where it is like the middle one of the border, to `SOLID`. */
function solidByColour(picture: Picture): Float32Array {
  const ground = middleColour(picture, borderOf(picture));
  return Float32Array.from({ length: picture.width * picture.height }, (_, p) => {
    const share = (distanceTo(picture.data, p, ground) - NEAR) / FAR;
    return SOLID * Math.min(Math.max(share, 0), 1);
  });
}

/**
 * [channels · height · width] → [2 · channels · height · width]: the latents, and how far each is from their ground's, which is
 * the middle one of their border, channel by channel.
 */
export function besideGround(latents: Float32Array, { channels, height, width }: LatentSize): Float32Array {
  const area = height * width;
  const both = new Float32Array(2 * latents.length);
  both.set(latents);
  for (let channel = 0; channel < channels; channel++) {
    const own = latents.subarray(channel * area, (channel + 1) * area);
    const border = own
      .filter((_, at) => at < width || at >= area - width || at % width === 0 || at % width === width - 1)
      .sort();
    const ground = border[border.length >> 1]!;
    both.set(
      own.map((value) => value - ground),
      latents.length + channel * area,
    );
  }
  return both;
}

function requireFits(
  { latentChannels, scale, outChannels }: AutoencoderTinyConfig,
  model: { readonly latentChannels: number; readonly scale: number },
  origin: string,
): void {
  if (latentChannels !== 2 * model.latentChannels || scale !== model.scale || outChannels !== 1) {
    throw new UserError(
      'model.alpha-head',
      `Expected in ${origin} a net for alpha of twice ${model.latentChannels} latent channels, ${model.scale} pixels a latent and one output channel, but it has ${latentChannels}, ${scale} and ${outChannels}; take the one of the same model, or take alphaHead out of its fourstep.json.`,
      { params: { location: origin } },
    );
  }
}
