/**
 * The port behind a picture that follows somebody's hand: no job, no quota, no history. A newer request of the same person
 * at the same canvas replaces one that waits, and leaves one that is drawn; the device lets go of one that is aborted at
 * its next step.
 */
import type { OptionValue } from './command.ts';
import type { Actor, Place, UserKey } from './people.ts';

export type LiveRequest = {
  /** What /imagine would be given: the words with their flags, and what stands in the fields. */
  readonly options: Readonly<Record<string, OptionValue>>;
  /** While something moves: one picture, as fast as the model can. Otherwise the very pictures that /imagine gives. */
  readonly isDraft: boolean;
  /** Where it is shown: one window of the person's. */
  readonly canvas: string;
};

export type LiveEvent =
  /** The model is made ready first, once. */
  | { readonly kind: 'preparing' }
  | { readonly kind: 'step'; readonly step: number; readonly steps: number }
  | {
      readonly kind: 'picture';
      /** PNG with the very pixels; of a draft a JPEG where nothing is clear. */
      readonly data: Uint8Array;
      readonly contentType: 'image/png' | 'image/jpeg' | 'image/webp';
      readonly width: number;
      readonly height: number;
      readonly ms: number;
    }
  /** Picture `index` again, crisp at the size of a window: to be looked at, while the picture itself stays as it is. */
  | { readonly kind: 'enlarged'; readonly index: number; readonly png: Uint8Array }
  /** What the person should know beside the picture: a word that the model does not know. */
  | {
      readonly kind: 'notice';
      readonly code: string;
      readonly sentence: string;
      readonly params: Readonly<Record<string, string | number>>;
    };

export interface LiveDrawing {
  /** Throws `UserError` for what cannot be drawn, `CancelledError` once `signal` fires. */
  draw(actor: Actor, place: Place, request: LiveRequest, signal: AbortSignal): AsyncIterable<LiveEvent>;
}

/** One finished picture of the gallery. */
export type GalleryItem = {
  readonly job: string;
  readonly index: number;
  /** As typed. */
  readonly prompt: string;
  readonly seed: number;
  /** The style's name; '' for none. */
  readonly style: string;
  readonly createdAtMs: number;
  /** The message that carries it, for presses that are made in its name. */
  readonly message: string;
  /** Button ids. */
  readonly actions: { readonly upscale: string; readonly vary: string; readonly delete: string };
};

export interface Gallery {
  /** What this person may see, the newest first, at most `limit`. */
  list(limit: number, user: UserKey): Promise<readonly GalleryItem[]>;
  /** PNG bytes with the parameters inside; undefined once pruned, unknown, or somebody else's alone. */
  read(job: string, index: number, user: UserKey): Promise<Uint8Array | undefined>;
}
