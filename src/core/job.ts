/**
 * A job: a request and its life. Plain data, saved before anything of it is shown; after a crash what is saved says all
 * that is needed to run it again and to answer where the person waits.
 */
import type { Platform, ServerKey, UserKey } from './people.ts';
import type { GenerationRequest, UpscaleRequest } from './request.ts';

export type JobId = string;

/** Where an answer belongs: only the platform's own adapter reads `data` (plain JSON). */
export type ReplyAddress = {
  readonly platform: Platform;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
};

export type JobWork =
  | { readonly kind: 'imagine'; readonly request: GenerationRequest }
  | { readonly kind: 'upscale'; readonly request: UpscaleRequest };

/** How it came about; `of` is the job whose button was pressed, `index` the picture in it (0-based). */
export type JobOrigin =
  | { readonly kind: 'command' }
  | { readonly kind: 'reroll' | 'remix' | 'retry'; readonly of: JobId }
  | { readonly kind: 'vary' | 'upscale'; readonly of: JobId; readonly index: number };

/** A finished picture; `file` may be gone (caches are pruned): the request and seed draw it again. */
export type JobPicture = {
  readonly index: number;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly file: string;
};

export type JobState =
  | { readonly kind: 'queued' }
  | { readonly kind: 'running'; readonly startedAtMs: number }
  /** `isAnswered` turns true once the platform has the answer: nothing is posted twice, nothing is missing. */
  | {
      readonly kind: 'done';
      readonly endedAtMs: number;
      readonly isAnswered: boolean;
      readonly drawMs: number;
      readonly pictures: readonly JobPicture[];
    }
  | {
      readonly kind: 'failed';
      readonly endedAtMs: number;
      readonly isAnswered: boolean;
      readonly code: string;
      readonly sentence: string;
    }
  | {
      readonly kind: 'cancelled';
      readonly endedAtMs: number;
      readonly isAnswered: boolean;
      readonly by: UserKey | undefined;
    };

export type Job = {
  readonly id: JobId;
  readonly server: ServerKey;
  readonly user: UserKey;
  readonly userName: string;
  readonly channel: string;
  readonly isNsfwChannel: boolean;
  /** Seen by who asked alone, until shared; absent: by everybody in the channel. */
  readonly isPrivate?: boolean;
  readonly locale: string;
  readonly maxUploadBytes: number;
  readonly work: JobWork;
  /** The words as typed, where the style has put some of its own into the request's. */
  readonly typed?: { readonly prompt: string; readonly negative: string };
  readonly origin: JobOrigin;
  /** The preset's name for the answer's small line; '' for none. */
  readonly styleName: string;
  readonly createdAtMs: number;
  /** The platform's id of the event that asked for it: the same one, told again, finds its job here. Old jobs have none. */
  readonly event?: string;
  /** Against whose quota it was counted; absent: as the settings say. */
  readonly charged?: { readonly user: boolean; readonly server: boolean };
  /** Times a device began it; after three it fails with a clear answer. */
  readonly attempts: number;
  readonly state: JobState;
  readonly address: ReplyAddress;
};
