/**
 * A `Runner` that learns styles besides what the one inside it does, on the same device and below it: one style at a
 * time, call by call, as `DeviceShare` lets it. How a style is learnt is given.
 */
import { readFile } from 'node:fs/promises';

import { deferred } from '../core/deferred.ts';
import { CancelledError, StoppedError, throwIfOver } from '../core/errors.ts';
import type { TrainRequest } from '../core/training.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../core/work.ts';
import { DeviceShare } from './device-share.ts';
import type { TrainingEvent } from './training-run.ts';

/** What one style's learning is given of this runner. */
export type TrainingTurn = {
  /** Names the work: what is kept of it under that name is taken up again. */
  readonly id: string;
  readonly signal: AbortSignal;
  /** Awaited before every call of the device. */
  readonly between: () => Promise<void>;
};

export type TrainStyle = (request: TrainRequest, turn: TrainingTurn) => AsyncIterable<TrainingEvent>;

export type TrainingRunnerOptions = {
  readonly drawing: Runner;
  readonly train: TrainStyle;
  /** Of a monotonic clock. */
  readonly nowMs: () => number;
};

export class TrainingRunner implements Runner {
  readonly #options: TrainingRunnerOptions;
  readonly #stop = new AbortController();
  /** Ends with the style that is being learnt. */
  #before: Promise<void> = Promise.resolve();
  #share: DeviceShare;
  #training = 0;

  constructor(options: TrainingRunnerOptions) {
    this.#options = options;
    this.#share = new DeviceShare(options.nowMs);
  }

  async *run(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent, void> {
    if (work.kind === 'train') {
      yield* this.#train(work, signal);
      return;
    }
    const end = this.#share.drawing();
    try {
      yield* this.#options.drawing.run(work, signal);
    } finally {
      end();
    }
  }

  health(): readonly RunnerHealth[] {
    return this.#options.drawing.health().map((health) => ({ ...health, active: health.active + this.#training }));
  }

  /** A style that is being learnt is left where it stands: its checkpoint takes it up. */
  async close(limitMs: number): Promise<void> {
    this.#stop.abort();
    await this.#before;
    await this.#options.drawing.close(limitMs);
  }

  async *#train(
    { id, request }: Extract<Work, { kind: 'train' }>,
    signal: AbortSignal,
  ): AsyncGenerator<WorkEvent, void> {
    const before = this.#before;
    const over = deferred();
    this.#before = Promise.all([before, over.promise]).then(() => undefined);
    this.#training++;
    try {
      await before;
      throwIfOver(signal, this.#stop.signal);
      yield { kind: 'started' };
      yield* this.#learn(request, id, signal);
    } catch (error) {
      throw error instanceof CancelledError && !signal.aborted ? new StoppedError() : error;
    } finally {
      this.#share.release();
      this.#training--;
      over.resolve();
    }
  }

  async *#learn(request: TrainRequest, id: string, signal: AbortSignal): AsyncGenerator<WorkEvent, void> {
    const share = this.#share;
    const beganMs = share.spentMs;
    const either = AbortSignal.any([signal, this.#stop.signal]);
    const turn = { id, signal: either, between: () => share.turn(either) };
    for await (const event of this.#options.train(request, turn)) {
      share.release();
      const deviceMs = share.spentMs - beganMs;
      switch (event.kind) {
        case 'encoded':
          break;
        case 'step': {
          const { step, steps, secondsLeft } = event;
          yield { kind: 'learning', step, steps, secondsLeft, deviceMs };
          break;
        }
        case 'saved': {
          const { step, steps, rank, file } = event;
          yield { kind: 'learnt', step, steps, rank, deviceMs, lora: new Uint8Array(await readFile(file)) };
          break;
        }
        default:
          event satisfies never;
      }
    }
  }
}
