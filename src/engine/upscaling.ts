/**
 * Upscale requests: the model's own super-resolution net, found by its manifest, tile by tile. Each tile is a device
 * call like any other, so pictures that are being drawn go on in between.
 */
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { UserError } from '../core/errors.ts';
import type { Picture } from '../core/picture.ts';
import type { UpscaleRequest } from '../core/request.ts';
import type { WorkEvent } from '../core/work.ts';
import { LeaseCache, type Lease } from './cache/lease-cache.ts';
import { readManifest } from './model/manifest-file.ts';
import { openNet } from './model/model-files.ts';
import type { NetPlace } from './model/session-opener.ts';
import { Upscaler } from './model/upscaler.ts';

/** Pixels of a result; above, the picture alone would take hundreds of megabytes. */
const MAX_RESULT_PIXELS = 64_000_000;
const OPEN_UPSCALERS = 4;

export type UpscalingOptions = {
  /** From a request's `model` to its folder. */
  readonly locate: (model: string) => Promise<{ readonly source: string }>;
  readonly place: NetPlace;
  readonly readPicture: (file: string) => Promise<Picture>;
  readonly now: () => number;
};

export class Upscaling {
  readonly #options: UpscalingOptions;
  readonly #upscalers = new LeaseCache<Upscaler>({
    maxCost: OPEN_UPSCALERS,
    costOf: () => 1,
    free: (upscaler) => upscaler.release(),
  });

  constructor(options: UpscalingOptions) {
    this.#options = options;
  }

  /**
   * Calls `throwIfStopped` between tiles. Throws `UserError` (`upscale.none`, `upscale.size`, `model.…`).
   */
  async *run({ model, file, scale }: UpscaleRequest, throwIfStopped: () => void): AsyncGenerator<WorkEvent, void> {
    const { now, readPicture } = this.#options;
    const picture = await readPicture(file);
    if (picture.width * picture.height * scale ** 2 > MAX_RESULT_PIXELS) {
      throw new UserError(
        'upscale.size',
        `Expected a picture that stays below ${MAX_RESULT_PIXELS / 1e6} megapixels when it is ${scale} times as wide and high, but it is ${picture.width} × ${picture.height}; take a smaller one.`,
        { params: { width: picture.width, height: picture.height, scale } },
      );
    }
    const { value: upscaler, release } = await this.#lease(model, scale);
    try {
      let denoise = 0;
      let startedAt = now();
      for await (const { done, tiles, picture: result } of upscaler.upscale(picture)) {
        denoise += now() - startedAt;
        yield { kind: 'step', index: 0, step: done, steps: tiles };
        if (result !== undefined) {
          const ms = { text: 0, denoise, decode: 0, total: denoise };
          yield { kind: 'picture', index: 0, seed: 0, picture: result, ms };
        }
        await nextTurn();
        throwIfStopped();
        startedAt = now();
      }
    } finally {
      release();
    }
  }

  close(): Promise<void> {
    return this.#upscalers.close();
  }

  async #lease(model: string, scale: 2 | 4): Promise<Lease<Upscaler>> {
    const { source } = await this.#options.locate(model);
    const folder = (await readManifest(source))?.upscalers[scale];
    if (folder === undefined) {
      throw new UserError(
        'upscale.none',
        `Expected a model with a net that enlarges ${scale} times, but ${path.basename(source)} has none; take another model or another scale.`,
        {
          params: { model: path.basename(source), scale },
        },
      );
    }
    const location = path.join(source, folder);
    return this.#upscalers.lease(location, async () => Upscaler.open(await openNet(location, ''), this.#options.place));
  }
}
