/**
 * A super-resolution net on a picture of any size: tile by tile, so that memory stays bounded, with so much overlap
 * that every pixel sees all that it would see in the whole picture. Knows no requests.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Picture } from '../../core/picture.ts';
import { areNumbers, notNumbers } from './numbers.ts';
import { buildSrvgg, loweringFor, parseSrvggConfig, type NetWeights, type SrvggConfig } from '../nets/index.ts';
import type { Session } from '../ort/index.ts';
import type { Graph } from '../onnx/index.ts';
import type { NetFiles } from './model-files.ts';
import type { NetPlace } from './session-opener.ts';

/** Pixels along one side of a tile, overlap left out. */
const TILE_PX = 192;

/** After each tile: how many of how many are done; the last one brings the picture. */
type UpscaleProgress = { readonly done: number; readonly tiles: number; readonly picture: Picture | undefined };

export class Upscaler {
  readonly scale: number;
  readonly #config: SrvggConfig;
  readonly #session: Session;

  /** Throws `UserError` (`model.config`, `model.weights`). */
  static async open({ config: json, origin, weights }: NetFiles, { open, cacheDir }: NetPlace): Promise<Upscaler> {
    const config = parseSrvggConfig(json, origin);
    const lowering = loweringFor(open.target);
    const build = (given: NetWeights): Graph => buildSrvgg(config, given, { lowering });
    return new Upscaler(config, await open(build(await lowering.prepareWeights(weights, build, cacheDir))));
  }

  private constructor(config: SrvggConfig, session: Session) {
    this.scale = config.upscale;
    this.#config = config;
    this.#session = session;
  }

  release(): Promise<void> {
    return this.#session.release();
  }

  /** Throws `UserError` `model.nan`. */
  async *upscale(picture: Picture): AsyncGenerator<UpscaleProgress, void> {
    const { scale } = this;
    const result = {
      width: picture.width * scale,
      height: picture.height * scale,
      data: new Uint8Array(picture.data.length * scale ** 2),
    };
    // Each 3 × 3 convolution reaches one pixel further.
    const margin = this.#config.convolutions + 2;
    const tiles = tilesOf(picture, margin);
    for (const [k, tile] of tiles.entries()) {
      const { upscaled } = await this.#session.run({
        image: { data: cut(picture, tile), shape: [1, 3, tile.height, tile.width] },
      });
      if (upscaled === undefined) {
        throw new Error('the upscaler gave no picture');
      }
      if (!areNumbers(upscaled.data)) {
        throw notNumbers();
      }
      paste(upscaled.data, tile, scale, result);
      const done = k + 1;
      yield { done, tiles: tiles.length, picture: done === tiles.length ? result : undefined };
    }
  }
}

/** A part of the picture that goes through the net, and the part of that which is kept. */
type Tile = {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly keep: Area;
};
type Area = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

function tilesOf({ width, height }: Picture, margin: number): readonly Tile[] {
  const tiles: Tile[] = [];
  for (let top = 0; top < height; top += TILE_PX) {
    for (let left = 0; left < width; left += TILE_PX) {
      const keep = { left, top, right: Math.min(left + TILE_PX, width), bottom: Math.min(top + TILE_PX, height) };
      const x = Math.max(0, left - margin);
      const y = Math.max(0, top - margin);
      tiles.push({
        x,
        y,
        width: Math.min(width, keep.right + margin) - x,
        height: Math.min(height, keep.bottom + margin) - y,
        keep,
      });
    }
  }
  return tiles;
}

/** → [3 · height · width], 0 … 1 */
function cut(picture: Picture, { x, y, width, height }: Tile): Float32Array<ArrayBuffer> {
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = 3 * ((y + row) * picture.width + x + column);
      for (let channel = 0; channel < 3; channel++) {
        values[channel * plane + row * width + column] = picture.data[from + channel]! / 255;
      }
    }
  }
  return values;
}

/** The kept part of an enlarged tile into the result. */
function paste(values: Float32Array, { x, y, width, height, keep }: Tile, scale: number, result: Picture): void {
  const plane = width * height * scale ** 2;
  for (let row = keep.top * scale; row < keep.bottom * scale; row++) {
    for (let column = keep.left * scale; column < keep.right * scale; column++) {
      const from = (row - y * scale) * width * scale + column - x * scale;
      const to = 3 * (row * result.width + column);
      for (let channel = 0; channel < 3; channel++) {
        const value = values[channel * plane + from]!;
        result.data[to + channel] = Math.round(Math.min(Math.max(value, 0), 1) * 255);
      }
    }
  }
}
