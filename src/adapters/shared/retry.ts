/**
 * The one loop that tries again: pauses double, or are as long as the service asks, until it succeeds, is refused for good
 * or has taken too long. What is worth repeating is the failure's own word (`passing`).
 */
import { isFailure } from './failure.ts';

/** Resolves after that time, or at once when the signal fires. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>;

export type RetryOptions<Result> = {
  /** How long it is tried in all, from the first attempt on; 0: once. */
  readonly patienceMs: number;
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  readonly wait?: Wait;
  readonly monotonicMs?: () => number;
  /** Stops the waiting: the last failure is thrown. */
  readonly signal?: AbortSignal;
  /** Asked before something is repeated that may have arrived: what it made, if it did. */
  readonly find?: (() => Promise<Result | undefined>) | undefined;
};

export async function retry<Result>(
  attempt: () => Promise<Result>,
  {
    patienceMs,
    firstPauseMs = 500,
    longestPauseMs = 30_000,
    wait = pause,
    monotonicMs = () => performance.now(),
    signal,
    find,
  }: RetryOptions<Result>,
): Promise<Result> {
  const beganMs = monotonicMs();
  let waitedMs = 0;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isFailure(error, 'passing')) {
        throw error;
      }
      const nextMs = Math.max(pauseMs, error.afterMs);
      const spentMs = Math.max(waitedMs, monotonicMs() - beganMs);
      if (spentMs + nextMs > patienceMs || isAborted(signal)) {
        throw error;
      }
      await wait(nextMs, signal);
      if (isAborted(signal)) {
        throw error;
      }
      waitedMs += nextMs;
      const found = error.mayHaveArrived ? await find?.() : undefined;
      if (found !== undefined) {
        return found;
      }
    }
  }
}

/** Asked anew each time: it changes while others work. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

export const pause: Wait = async (ms, signal) => {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    if (isAborted(signal)) {
      done();
    }
  });
};

/** What the work gives, or undefined when it takes longer; the work itself goes on. */
export async function within<Result>(ms: number, work: Promise<Result>): Promise<Result | undefined> {
  const given = new AbortController();
  try {
    return await Promise.race([work, pause(ms, given.signal).then(() => undefined)]);
  } finally {
    given.abort();
  }
}
