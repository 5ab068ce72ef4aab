/** What is tried again, how often and with which pauses. */
import { describe, expect, it } from 'vitest';

import { failureKind, isFailure, RequestFailure, unless } from '../../../src/adapters/shared/failure.ts';
import { pause, retry, within } from '../../../src/adapters/shared/retry.ts';

const passing = (options: { afterMs?: number; mayHaveArrived?: boolean } = {}) =>
  new RequestFailure('no answer', { kind: 'passing', ...options });

/** Fails with each of these in turn, then succeeds. */
function failing(...failures: readonly Error[]) {
  const left = [...failures];
  const calls = { count: 0 };
  const attempt = async (): Promise<string> => {
    calls.count += 1;
    const failure = left.shift();
    if (failure !== undefined) {
      throw failure;
    }
    return 'done';
  };
  return { attempt, calls };
}

function recording() {
  const pauses: number[] = [];
  return { pauses, wait: async (ms: number) => void pauses.push(ms) };
}

describe('retry', () => {
  it('doubles its pauses up to the longest, or waits as long as it is asked', async () => {
    const { pauses, wait } = recording();
    const { attempt } = failing(passing(), passing({ afterMs: 5000 }), passing(), passing());
    const options = { patienceMs: 60_000, firstPauseMs: 500, longestPauseMs: 1500, wait };
    expect(await retry(attempt, options)).toBe('done');
    expect(pauses).toEqual([500, 5000, 1500, 1500]);
  });

  it('throws at once what does not pass, and a mistake of ours', async () => {
    for (const failure of [new RequestFailure('no', { kind: 'refused' }), new TypeError('a mistake')]) {
      const { attempt, calls } = failing(failure);
      await expect(retry(attempt, { patienceMs: 60_000 })).rejects.toBe(failure);
      expect(calls.count).toBe(1);
    }
  });

  it('ends with its patience, counted by the pauses and by the clock', async () => {
    const { pauses, wait } = recording();
    const byPauses = failing(...Array.from({ length: 20 }, () => passing()));
    await expect(retry(byPauses.attempt, { patienceMs: 3500, wait })).rejects.toThrow('no answer');
    expect(pauses).toEqual([500, 1000, 2000]);
    let nowMs = 0;
    const byClock = failing(...Array.from({ length: 20 }, () => passing()));
    const monotonicMs = () => (nowMs += 2000);
    await expect(retry(byClock.attempt, { patienceMs: 4000, wait, monotonicMs })).rejects.toThrow('no answer');
    expect(byClock.calls.count).toBe(2);
  });

  it('looks for what may have arrived before it repeats it', async () => {
    const { wait } = recording();
    const lost = failing(passing({ mayHaveArrived: true }));
    expect(await retry(lost.attempt, { patienceMs: 60_000, wait, find: async () => 'found' })).toBe('found');
    expect(lost.calls.count).toBe(1);
    const limited = failing(passing());
    expect(await retry(limited.attempt, { patienceMs: 60_000, wait, find: async () => 'found' })).toBe('done');
  });

  it('stops waiting when it is told to', async () => {
    const stop = new AbortController();
    const { attempt } = failing(passing());
    const ended = retry(attempt, { patienceMs: 3_600_000, firstPauseMs: 1_800_000, signal: stop.signal });
    setTimeout(() => stop.abort(), 5);
    await expect(ended).rejects.toThrow('no answer');
    await pause(3_600_000, stop.signal);
  });
});

describe('a failure', () => {
  it('is asked for by its kind', async () => {
    const gone = new RequestFailure('not there', { kind: 'gone', code: '10008' });
    expect([failureKind(gone), failureKind(new Error('x')), isFailure(gone, 'late'), isFailure(gone)]).toEqual([
      'gone',
      'fault',
      false,
      true,
    ]);
    expect(await unless(['gone'], async () => Promise.reject(gone))).toBeUndefined();
    await expect(unless(['late'], async () => Promise.reject(gone))).rejects.toBe(gone);
  });
});

describe('within', () => {
  it('gives what comes in time, and undefined for what does not', async () => {
    expect(await within(10_000, Promise.resolve(1))).toBe(1);
    expect(await within(5, new Promise(() => undefined))).toBeUndefined();
  });
});
