/**
 * A `Runner` that is listened to: steps, pictures and whole works are measured on their way through, and nothing else
 * is changed. A step's time is what passes between two of a picture's steps, as the person sees it.
 */
import type { Runner, RunnerHealth, Work, WorkEvent } from '../core/work.ts';
import type { Metrics } from './metrics.ts';

export class MeasuredRunner implements Runner {
  readonly #runner: Runner;
  readonly #metrics: Metrics;
  readonly #now: () => number;

  /** `now`: milliseconds, monotonic. */
  constructor(runner: Runner, metrics: Metrics, now: () => number = () => performance.now()) {
    this.#runner = runner;
    this.#metrics = metrics;
    this.#now = now;
  }

  async *run(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent> {
    const lastStepMs = new Map<number, number>();
    let begunMs = this.#now();
    for await (const event of this.#runner.run(work, signal)) {
      const nowMs = this.#now();
      if (event.kind === 'started') {
        begunMs = nowMs;
      } else if (event.kind === 'step') {
        const sinceMs = lastStepMs.get(event.index);
        if (sinceMs !== undefined) {
          this.#metrics.stepped((nowMs - sinceMs) / 1000);
        }
        lastStepMs.set(event.index, nowMs);
      } else if (event.kind === 'picture') {
        const { text, decode, total } = event.ms;
        this.#metrics.drew({ text: text / 1000, decode: decode / 1000, total: total / 1000 });
      }
      yield event;
    }
    this.#metrics.worked((this.#now() - begunMs) / 1000);
  }

  health(): readonly RunnerHealth[] {
    return this.#runner.health();
  }

  close(limitMs: number): Promise<void> {
    return this.#runner.close(limitMs);
  }
}
