/**
 * A `Runner` that is listened to: steps, pictures and whole works are measured on their way through, and nothing else
 * is changed. A step's time is what passes between two of a picture's steps, as the person sees it.
 */
import type { Runner } from '../core/work.ts';
import type { Metrics } from './metrics.ts';

/** `now`: milliseconds, monotonic. */
export function measured(runner: Runner, metrics: Metrics, now: () => number = () => performance.now()): Runner {
  return {
    async *run(work, signal) {
      const lastStepMs = new Map<number, number>();
      let begunMs = now();
      for await (const event of runner.run(work, signal)) {
        const nowMs = now();
        if (event.kind === 'started') {
          begunMs = nowMs;
        } else if (event.kind === 'step') {
          const sinceMs = lastStepMs.get(event.index);
          if (sinceMs !== undefined) {
            metrics.stepped((nowMs - sinceMs) / 1000);
          }
          lastStepMs.set(event.index, nowMs);
        } else if (event.kind === 'picture') {
          const { text, decode, total } = event.ms;
          metrics.drew({ text: text / 1000, decode: decode / 1000, total: total / 1000 });
        }
        yield event;
      }
      metrics.worked((now() - begunMs) / 1000);
    },
    health: () => runner.health(),
    close: (limitMs) => runner.close(limitMs),
  };
}
