import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { DeviceShare } from '../../src/train/device-share.ts';

const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'setImmediate'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Calls of `callMs` for `forMs`; what is asked for meanwhile happens. Resolves to how long the device was had. */
async function use(share: DeviceShare, callMs: number, forMs: number, signal = never): Promise<number> {
  const untilMs = performance.now() + forMs;
  const calling = (async () => {
    while (performance.now() < untilMs && !signal.aborted) {
      await share.turn(signal);
      await new Promise((resolve) => setTimeout(resolve, callMs));
    }
    share.release();
  })();
  await vi.advanceTimersByTimeAsync(forMs + 20 * callMs);
  await calling;
  return share.spentMs;
}

describe('the share of training in a device', () => {
  it('is all of it where nobody draws', async () => {
    const share = new DeviceShare(() => performance.now());
    expect(await use(share, 100, 5000)).toBeGreaterThan(4900);
  });

  it('is less than a tenth where somebody always draws, and more than nothing', async () => {
    const share = new DeviceShare(() => performance.now());
    const end = share.drawing();
    const spentMs = await use(share, 100, 20_000);
    end();
    expect(spentMs).toBeLessThan(2000);
    expect(spentMs).toBeGreaterThan(1000);
  });

  it('comes back at once when the last picture is done, and when it is cancelled', async () => {
    const share = new DeviceShare(() => performance.now());
    const first = share.turn(never);
    await vi.advanceTimersByTimeAsync(1);
    await first;
    await vi.advanceTimersByTimeAsync(1000);
    const end = share.drawing();
    const waiting = vi.fn();
    void share.turn(never).then(waiting);
    await vi.advanceTimersByTimeAsync(5000);
    expect(waiting).not.toHaveBeenCalled();
    end();
    end(); // a second end is none
    await vi.advanceTimersByTimeAsync(1);
    expect(waiting).toHaveBeenCalled();
    share.release();
    const cancel = new AbortController();
    const again = share.drawing();
    await vi.advanceTimersByTimeAsync(10);
    const cancelled = share.turn(cancel.signal);
    cancel.abort();
    await vi.advanceTimersByTimeAsync(1);
    await cancelled;
    again();
  });
});
