/**
 * The port behind a picture that follows somebody's typing: no job, no queue place, no history. A newer request
 * replaces an older one by aborting it; the device lets go at the next step.
 */
import type { Actor, Place } from './people.ts';

export type LiveRequest = {
  readonly prompt: string;
  readonly negative: string;
  readonly seed: number;
  /** 1 to 4 pictures. */
  readonly count: number;
  /** Presets by name with their weights: the style mixer's slider is two of them. */
  readonly styles: readonly { readonly name: string; readonly weight: number }[];
};

export type LiveEvent =
  | { readonly kind: 'step'; readonly step: number; readonly steps: number }
  | {
      readonly kind: 'picture';
      readonly png: Uint8Array;
      readonly width: number;
      readonly height: number;
      readonly ms: number;
    };

export interface LiveDrawing {
  /** Throws `UserError` for what cannot be drawn, `CancelledError` once `signal` fires. */
  draw(actor: Actor, place: Place, request: LiveRequest, signal: AbortSignal): AsyncIterable<LiveEvent>;
}

/** One finished picture of the gallery. */
export type GalleryItem = {
  readonly job: string;
  readonly index: number;
  readonly prompt: string;
  readonly seed: number;
  readonly createdAtMs: number;
};

export interface Gallery {
  /** The newest first, at most `limit`. */
  list(limit: number): Promise<readonly GalleryItem[]>;
  /** PNG bytes with the parameters inside; undefined once pruned or unknown. */
  read(job: string, index: number): Promise<Uint8Array | undefined>;
}
