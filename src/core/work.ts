/**
 * The port between those who want pictures and the device that draws them: work goes in, events come out.
 *
 * `Runner` is implemented by the engine in this process, by a child process per device, and by a remote queue; all
 * three pass the same conformance suite. It refuses to know chats, servers and users: fairness is the queue's.
 */
import { z } from 'zod';

import type { Parsed } from './parsed.ts';
import type { Picture } from './picture.ts';
import { generationRequest, upscaleRequest } from './request.ts';
import { trainRequest } from './training.ts';

const id = z.string();

export const work = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('imagine'),
    id,
    request: generationRequest,
    /** After which steps (1-based) a small preview is wanted; empty for none. */
    previewAfter: z.array(z.int().positive()),
    /**
     * Follows somebody's hand, and gives way to others: while something moves a `draft`, whose mix of styles is nothing
     * to keep, then the `final` picture. Absent: ordinary work.
     */
    live: z.enum(['draft', 'final']).optional(),
  }),
  z.object({ kind: z.literal('upscale'), id, request: upscaleRequest }),
  /** Below all pictures: it gets the device when nobody draws, and a small share where somebody always does. */
  z.object({ kind: z.literal('train'), id, request: trainRequest }),
]);
export type Work = Parsed<typeof work>;

const bytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array);

/** Alpha where a model's own net was asked for it; the ground is still there, and taken away later. */
const picture: z.ZodType<Picture> = z
  .object({ width: z.int().positive(), height: z.int().positive(), data: bytes, alpha: bytes.optional() })
  .refine(({ width, height, data }) => data.length === width * height * 3, 'expected width × height × 3 bytes')
  .refine(
    ({ width, height, alpha }) => alpha === undefined || alpha.length === width * height,
    'expected width × height bytes of alpha',
  );

/** Milliseconds of engine time of one picture. */
const pictureMs = z.object({ text: z.number(), denoise: z.number(), decode: z.number(), total: z.number() });
export type PictureMs = Parsed<typeof pictureMs>;

const index = z.int().nonnegative();
const positive = z.int().positive();

export const workEvent = z.discriminatedUnion('kind', [
  /** The device has begun; everything before was waiting. */
  z.object({ kind: z.literal('started') }),
  /** Making the model ready takes long: what is made of its weights now is kept, so the next work will not wait for it. */
  z.object({ kind: z.literal('preparing') }),
  z.object({ kind: z.literal('step'), index, step: positive, steps: positive }),
  z.object({ kind: z.literal('preview'), index, step: positive, steps: positive, picture }),
  z.object({ kind: z.literal('picture'), index, seed: z.int().nonnegative(), picture, ms: pictureMs }),
  /**
   * How far a style is learnt; step 0 while the pictures are made ready. `secondsLeft` is of the whole work at the present
   * pace, `deviceMs` how long this process has had the device for it.
   */
  z.object({
    kind: z.literal('learning'),
    step: z.int().nonnegative(),
    steps: positive,
    secondsLeft: z.number(),
    deviceMs: z.number(),
  }),
  /** The style as it is after so many steps: the bytes of a LoRA file. */
  z.object({
    kind: z.literal('learnt'),
    step: positive,
    steps: positive,
    rank: positive,
    deviceMs: z.number(),
    lora: bytes,
  }),
  /** Something the person should know: a prompt that was cut, LoRA keys that matched nothing. */
  z.object({
    kind: z.literal('notice'),
    code: z.string(),
    sentence: z.string(),
    params: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
]);
export type WorkEvent = Parsed<typeof workEvent>;

export type RunnerHealth = {
  readonly device: string;
  readonly state: 'starting' | 'ready' | 'restarting' | 'stopped';
  /** Work begun and not ended. */
  readonly active: number;
  readonly lastHeartbeatAtMs: number | undefined;
  /** UNet calls since the start and the rows they held, where the device counts them: `rows / calls` of `maxRows` is the batch fill. */
  /** How the device computes, in words for the operator, where it is known. */
  readonly forms?: string;
  readonly batches?: {
    readonly calls: number;
    readonly rows: number;
    readonly maxRows: number;
    /** What was sent to the device in all calls; 0 on a processor. */
    readonly uploadedBytes?: number | undefined;
  };
};

export interface Runner {
  /**
   * Runs one piece of work; events arrive in order and the iteration ends after the last picture.
   * Throws `UserError` for a request that cannot be drawn, `CancelledError` when `signal` fired (at the next step),
   * anything else for a fault of ours.
   */
  run(work: Work, signal: AbortSignal): AsyncIterable<WorkEvent>;
  health(): readonly RunnerHealth[];
  /** Ends what is active (within `limitMs`) and frees the device. */
  close(limitMs: number): Promise<void>;
}
