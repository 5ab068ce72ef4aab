/**
 * One request on its way through the engine: its pictures as tasks, what they share, and the stream its events go to.
 *
 * The port `Denoiser` is all that the loop asks of a model; with it the loop runs in tests without one.
 * Knows no files and no sessions.
 */
import type { Picture } from '../core/picture.ts';
import type { WorkEvent } from '../core/work.ts';
import type { EventStream } from './event-stream.ts';
import type { StyleSet } from './model/style-set.ts';
import type { Task } from './task.ts';

/** A prompt as the UNet takes it. */
export type Conditioning = {
  /** [tokens · features] */
  readonly tokens: Float32Array;
  /** SDXL: [pooled features] */
  readonly pooled: Float32Array | undefined;
};

export type LatentSize = { readonly channels: number; readonly height: number; readonly width: number };

/** One row of a UNet call. */
export type UNetRow = {
  readonly timestep: number;
  /** Writes the row's noisy latents, scaled for the UNet, [channels · height · width]. */
  readonly writeInput: (target: Float32Array) => void;
  readonly conditioning: Conditioning;
  /** For models that take guidance as an embedding. */
  readonly guidance: number;
  readonly styles: StyleSet;
};

export interface Denoiser {
  /** [rows · channels · height · width]; valid until the next call. All rows have one size and one `styles.variant`. */
  predict(rows: readonly UNetRow[], size: LatentSize): Promise<Float32Array>;
  /** Finished latents to pixels. */
  decode(latents: Float32Array, size: LatentSize): Promise<Picture>;
  /** A quick, small look at latents. */
  preview(latents: Float32Array, size: LatentSize): Promise<Picture>;
}

export type Drawing = {
  /** Drawings are numbered as they come. */
  readonly number: number;
  readonly events: EventStream<WorkEvent>;
  readonly model: Denoiser;
  /** Pictures of drawings with equal groups may share a UNet call. */
  readonly group: string;
  readonly size: LatentSize;
  readonly guidance: number;
  readonly positive: Conditioning;
  /** Present where it counts: the UNet then runs twice a step. */
  readonly negative: Conditioning | undefined;
  readonly styles: StyleSet;
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
