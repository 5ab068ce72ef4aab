/**
 * How long work takes here, learnt from what was drawn: milliseconds per pixel and UNet call, for each model. Used for
 * places in line, fair shares and whether a preview is worth sending; never for results.
 */
import type { JobWork } from '../../core/job.ts';

/** A first guess: a small model on a processor. */
const FIRST_MS_PER_UNIT = 0.0025;
const FIRST_UPSCALE_MS = 500;
/** Weight of the newest measurement. */
const ALPHA = 0.3;

export class Pace {
  readonly #measured = new Map<string, number>();

  /** Expected device time. */
  costMs(work: JobWork): number {
    const { key, units, firstMs } = sizeOf(work);
    return units * (this.#measured.get(key) ?? firstMs);
  }

  isKnown(work: JobWork): boolean {
    return this.#measured.has(sizeOf(work).key);
  }

  learn(work: JobWork, ms: number): void {
    const { key, units } = sizeOf(work);
    const before = this.#measured.get(key);
    const now = ms / units;
    this.#measured.set(key, before === undefined ? now : before + ALPHA * (now - before));
  }
}

function sizeOf(work: JobWork): { readonly key: string; readonly units: number; readonly firstMs: number } {
  switch (work.kind) {
    case 'imagine': {
      const { model, count, steps, guidance, width, height } = work.request;
      const units = count * steps * (guidance > 1 ? 2 : 1) * width * height;
      return { key: `imagine ${model}`, units, firstMs: FIRST_MS_PER_UNIT };
    }
    case 'upscale':
      return { key: `upscale ${work.request.model} ${work.request.scale}`, units: 1, firstMs: FIRST_UPSCALE_MS };
    default:
      return work satisfies never;
  }
}
