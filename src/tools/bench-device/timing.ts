/** How long the same call takes: the first time, and again and again until the figure is good enough. Knows no device. */
import type { IsOver } from './time-plan.ts';

/** Milliseconds. */
export type Timing = {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly bestMs: number;
  /** After the first two, by which everything is warm. */
  readonly worstMs: number;
  readonly runs: number;
};

/** How long all may take, and what is said meanwhile. */
export type Measuring = {
  /** Of calls, ascending. */
  readonly rows: readonly number[];
  /** Nothing new is begun where it says so. */
  readonly isOver: IsOver;
  readonly say: (line: string) => void;
  /** Of one figure. */
  readonly enoughMs: number;
};

const LEAST_RUNS = 3;
const MOST_RUNS = 20;
/** Of a call that takes longer, one more is enough. */
const LONG_MS = 8000;

/** `enoughMs`: no run is begun after so long, but for the first three. */
export async function timesOf(call: () => Promise<unknown>, enoughMs: number): Promise<Timing> {
  const firstMs = await timed(call);
  const times: number[] = [];
  const enough = performance.now() + enoughMs;
  while (times.length < LEAST_RUNS || (times.length < MOST_RUNS && performance.now() < enough)) {
    times.push(await timed(call));
    if (times.some((ms) => ms > LONG_MS)) {
      break;
    }
  }
  const sorted = times.toSorted((a, b) => a - b);
  return {
    firstMs,
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? firstMs,
    bestMs: sorted[0] ?? firstMs,
    worstMs: Math.max(...(times.length > 1 ? times.slice(1) : times)),
    runs: times.length,
  };
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await call();
  return performance.now() - startedAt;
}
