/**
 * The port between those who want pictures and the device that draws them: work goes in, events come out.
 *
 * `Runner` is implemented by the engine in this process, by a child process per device, and by a remote queue; all
 * three pass the same conformance suite. It refuses to know chats, servers and users: fairness is the queue's.
 */
import type { Picture } from './picture.ts';
import type { GenerationRequest, UpscaleRequest } from './request.ts';
import type { TrainRequest } from './training.ts';

export type Work =
  | {
      readonly kind: 'imagine';
      readonly id: string;
      readonly request: GenerationRequest;
      /** After which steps (1-based) a small preview is wanted; empty for none. */
      readonly previewAfter: readonly number[];
      /**
       * Follows somebody's hand, and gives way to others: while something moves a `draft`, whose mix of styles is nothing
       * to keep, then the `final` picture. Absent: ordinary work.
       */
      readonly live?: 'draft' | 'final' | undefined;
    }
  | { readonly kind: 'upscale'; readonly id: string; readonly request: UpscaleRequest }
  /** Below all pictures: it gets the device when nobody draws, and a small share where somebody always does. */
  | { readonly kind: 'train'; readonly id: string; readonly request: TrainRequest };

/** Milliseconds of engine time of one picture. */
export type PictureMs = {
  readonly text: number;
  readonly denoise: number;
  readonly decode: number;
  readonly total: number;
};

export type WorkEvent =
  /** The device has begun; everything before was waiting. */
  | { readonly kind: 'started' }
  | { readonly kind: 'step'; readonly index: number; readonly step: number; readonly steps: number }
  | {
      readonly kind: 'preview';
      readonly index: number;
      readonly step: number;
      readonly steps: number;
      readonly picture: Picture;
    }
  | {
      readonly kind: 'picture';
      readonly index: number;
      readonly seed: number;
      readonly picture: Picture;
      readonly ms: PictureMs;
    }
  /** How far a style is learnt; step 0 while the pictures are made ready. */
  | {
      readonly kind: 'learning';
      readonly step: number;
      readonly steps: number;
      /** Of the whole work, at the present pace. */
      readonly secondsLeft: number;
      /** How long this process has had the device for it. */
      readonly deviceMs: number;
    }
  /** The style as it is after so many steps: the bytes of a LoRA file. */
  | {
      readonly kind: 'learnt';
      readonly step: number;
      readonly steps: number;
      readonly rank: number;
      readonly deviceMs: number;
      readonly lora: Uint8Array;
    }
  /** Something the person should know: a prompt that was cut, LoRA keys that matched nothing. */
  | {
      readonly kind: 'notice';
      readonly code: string;
      readonly sentence: string;
      readonly params: Readonly<Record<string, string | number>>;
    };

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
