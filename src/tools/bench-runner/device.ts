/**
 * A simulated device: as many rows at a time as it holds, each step as long as its batch curve says, pictures of grey.
 * With a curve of zeros it is no device at all, and what a job then takes is everybody else's time. Runs in a child
 * process like a real one (`createRunner`).
 */
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

import { CancelledError, StoppedError } from '../../core/errors.ts';
import { batchCurve, callMs, type BatchCurve } from '../../engine/batch-curve.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../../core/work.ts';

const optionsSchema = z.object({ curve: batchCurve, maxRows: z.int().positive() });

export const NO_DEVICE: BatchCurve = { name: 'no device', source: 'none needed', stepMs: { '1': 0 } };

/** A UNet of a few million parameters on two CPU cores. */
export const CPU_CURVE: BatchCurve = {
  name: 'small UNet on two CPU cores',
  source: 'measured with onnxruntime 1.30',
  stepMs: { '1': 21.4, '2': 41, '4': 81.9, '8': 172 },
};

/**
 * A full LCM of SD 1.5's size at 768², one UNet row a picture. Measured by the ML.ENERGY leaderboard
 * (github.com/ml-energy/leaderboard at 920e7d5, data/diffusion/text-to-image/A100-SXM4-40GB/{30,50}/SimianLuo/
 * LCM_Dreamshaper_v7/bs{1,2,4,8}.json): the batch latency of 50 steps less that of 30, by 20, so text and decoding cancel.
 */
export const GPU_CURVE: BatchCurve = {
  name: 'A100 40 GB, LCM Dreamshaper v7 at 768²',
  source: 'measured by the ML.ENERGY leaderboard with diffusers',
  stepMs: { '1': 33.2, '2': 52.3, '4': 96.1, '8': 173.7 },
};

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
