/**
 * One request on its way through the engine: its pictures as tasks, what they share, and the stream its events go to.
 * Knows no files and no sessions.
 */
import type { EventStream } from '../core/event-stream.ts';
import type { WorkEvent } from '../core/work.ts';
import type { Conditioning, Decoder, Denoiser, LatentSize } from './model/denoiser.ts';
import type { StyleSet } from './model/style-set.ts';
import type { Task } from './task.ts';

export type Generation = {
  /** Generations are numbered as they come. */
  readonly number: number;
  readonly events: EventStream<WorkEvent>;
  readonly model: Denoiser;
  /** Pictures of generations with equal groups may share a UNet call. */
  readonly group: string;
  readonly size: LatentSize;
  readonly decoder: Decoder;
  /** Its pictures come with alpha, where the model has a net for that. */
  readonly isTransparent: boolean;
  readonly guidance: number;
  readonly positive: Conditioning;
  /** Present where it counts: the UNet then runs twice a step. */
  readonly negative: Conditioning | undefined;
  readonly styles: StyleSet;
  /** Follows somebody's hand. */
  readonly isLive: boolean;
  /** UNet rows of a call that it leads, and pictures of a decoder call; absent: as the policy says. */
  readonly mostRows?: number;
  readonly mostDecodes?: number;
  /** 1-based steps after which a preview is wanted. */
  readonly previewAfter: ReadonlySet<number>;
  readonly pictures: readonly PictureInProgress[];
  /** Number of the last UNet call that it took part in. */
  lastCall: number;
};

export type PictureInProgress = {
  /** k of `count`. */
  readonly index: number;
  readonly seed: number;
  readonly task: Task;
  readonly textMs: number;
  denoiseMs: number;
  /** The step after which a preview is wanted that was not made yet; a later one takes its place. */
  previewDue: number | undefined;
  isDelivered: boolean;
};

/** A picture that takes part in a call. */
export type Member = { readonly generation: Generation; readonly picture: PictureInProgress };
