/**
 * A simulated device: as many rows at a time as it holds, each step as long as its batch curve says, pictures of grey.
 * With a curve of zeros it is no device at all, and what a job then takes is everybody else's time. Runs in a child
 * process like a real one (`createRunner`).
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { CancelledError, StoppedError } from '../core/errors.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../core/work.ts';

const curvePoints = z.record(z.string().regex(/^\d+$/), z.number().nonnegative());

/** `stepMs`: rows in a call → milliseconds of the call; between the rows given it is linear. */
export const curveSchema = z.object({ name: z.string(), isMeasured: z.boolean(), stepMs: curvePoints });
export type BatchCurve = z.infer<typeof curveSchema>;

const optionsSchema = z.object({ curve: curveSchema, maxRows: z.int().positive() });

export const NO_DEVICE: BatchCurve = { name: 'no device', isMeasured: true, stepMs: { '1': 0 } };

/** The small UNet of the reference measurements on two CPU cores, batches of 1, 2, 4, 8. */
export const CPU_CURVE: BatchCurve = {
  name: 'small UNet on two CPU cores',
  isMeasured: true,
  stepMs: { '1': 21.4, '2': 41, '4': 81.9, '8': 172 },
};

/** Nobody has measured it: a card that is filled at eight rows and then grows with them. */
export const ASSUMED_GPU_CURVE: BatchCurve = {
  name: 'assumed graphics card',
  isMeasured: false,
  stepMs: { '1': 20, '2': 21, '4': 24, '8': 32, '16': 56 },
};

/** Milliseconds of a call with so many rows; beyond the last point it goes on as between the last two. */
export function callMs({ stepMs }: BatchCurve, rows: number): number {
  const points = Object.entries(stepMs)
    .map(([count, ms]) => ({ rows: Number(count), ms }))
    .toSorted((a, b) => a.rows - b.rows);
  const at = points.findIndex((point) => point.rows >= rows);
  const right = points[at < 0 ? points.length - 1 : at];
  const left = points[at < 0 ? points.length - 2 : at - 1];
  if (right === undefined) {
    return 0;
  }
  if (left === undefined || right.rows === rows) {
    return right.ms;
  }
  return left.ms + ((right.ms - left.ms) * (rows - left.rows)) / (right.rows - left.rows);
}

export async function createRunner(options: unknown): Promise<Runner> {
  return new SimulatedDevice(optionsSchema.parse(options));
}

type Row = { readonly advance: () => void };

class SimulatedDevice implements Runner {
  readonly #curve: BatchCurve;
  readonly #maxRows: number;
  readonly #rows: Row[] = [];
  #isRunning = false;
  #active = 0;
  #calls = 0;
  #rowsInAll = 0;
  #isClosed = false;

  constructor({ curve, maxRows }: z.infer<typeof optionsSchema>) {
    this.#curve = curve;
    this.#maxRows = maxRows;
  }

  async *run(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent> {
    const { count, steps, seed, width, height } =
      work.kind === 'imagine' ? work.request : { count: 1, steps: 1, seed: 0, width: 256, height: 256 };
    this.#active++;
    try {
      yield { kind: 'started' };
      for (let index = 0; index < count; index++) {
        const begunMs = performance.now();
        for (let step = 1; step <= steps; step++) {
          await this.#step();
          if (signal.aborted) {
            throw new CancelledError();
          }
          if (this.#isClosed) {
            throw new StoppedError();
          }
          yield { kind: 'step', index, step, steps };
        }
        const total = performance.now() - begunMs;
        const picture = { width, height, data: new Uint8Array(width * height * 3).fill(128) };
        yield {
          kind: 'picture',
          index,
          seed: seed + index,
          picture,
          ms: { text: 0, denoise: total, decode: 0, total },
        };
      }
    } finally {
      this.#active--;
    }
  }

  health(): readonly RunnerHealth[] {
    const batches = { calls: this.#calls, rows: this.#rowsInAll, maxRows: this.#maxRows };
    const state = this.#isClosed ? 'stopped' : 'ready';
    return [{ device: this.#curve.name, state, active: this.#active, lastHeartbeatAtMs: undefined, batches }];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
  }

  #step(): Promise<void> {
    return new Promise((resolve) => {
      this.#rows.push({ advance: resolve });
      if (!this.#isRunning) {
        this.#isRunning = true;
        void this.#loop();
      }
    });
  }

  /** Rows join and leave between calls. */
  async #loop(): Promise<void> {
    while (this.#rows.length > 0) {
      await nextTurn();
      const batch = this.#rows.splice(0, this.#maxRows);
      const ms = callMs(this.#curve, batch.length);
      if (ms > 0) {
        await sleep(ms);
      }
      this.#calls++;
      this.#rowsInAll += batch.length;
      batch.forEach((row) => row.advance());
    }
    this.#isRunning = false;
  }
}
