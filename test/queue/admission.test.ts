/** The admission with work whose end the test decides; its clock is the test's. */
import { getEventListeners } from 'node:events';

import { describe, expect, it, vi } from 'vitest';

import type { QueueLimits } from '../../src/core/admission.ts';
import { CancelledError } from '../../src/core/errors.ts';
import { FairAdmission, type FairAdmissionOptions } from '../../src/queue/index.ts';
import { ticketOf, type TicketShape } from './ticket.ts';

const ROOMY: QueueLimits = { perUser: 1000, perServer: 1000 };

/** Jobs that last until `end` is called, and the order in which they began. */
function scene(options: Partial<FairAdmissionOptions> = {}) {
  let nowMs = 0;
  const admission = new FairAdmission({ slots: 1, now: () => nowMs, changeMs: 1, ...options });
  const begun: string[] = [];
  const signals = new Map<string, AbortSignal>();
  const ends = new Map<string, (error?: Error) => void>();
  const outcomes = new Map<string, unknown>();
  const add = (shape: TicketShape, limits: QueueLimits | 'none' = ROOMY) => {
    const ended = admission.add(ticketOf(shape), limits === 'none' ? undefined : limits, (signal) => {
      begun.push(shape.id);
      signals.set(shape.id, signal);
      return new Promise((resolve, reject) => {
        ends.set(shape.id, (error) => (error === undefined ? resolve() : reject(error)));
      });
    });
    return ended.then(
      () => outcomes.set(shape.id, 'done'),
      (error: unknown) => outcomes.set(shape.id, error),
    );
  };
  const end = async (id: string, error?: Error) => {
    ends.get(id)?.(error);
    await vi.waitFor(() => expect(outcomes.has(id)).toBe(true), { interval: 1 });
  };
  return { admission, begun, signals, outcomes, add, end, pass: (ms: number) => (nowMs += ms) };
}

describe('a job in the queue', () => {
  it('begins at once where a slot is free, and otherwise when its turn comes', async () => {
    const { admission, begun, add, end } = scene({ slots: 2 });
    void add({ id: 'a' });
    void add({ id: 'b' });
    void add({ id: 'c' });
    expect(begun).toEqual(['a', 'b']);
    expect(admission.counts()).toEqual({ waiting: 1, running: 2, servers: 1 });
    expect(admission.countsOf('discord:a')).toEqual({ waiting: 1, running: 2 });
    await end('a');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('b');
    await end('c');
    expect(admission.counts()).toEqual({ waiting: 0, running: 0, servers: 0 });
    expect(admission.countsOf('discord:a')).toEqual({ waiting: 0, running: 0 });
  });

  it('ends as its work ends, and a failure frees the slot', async () => {
    const { begun, outcomes, add, end } = scene();
    void add({ id: 'a' });
    void add({ id: 'b' });
    const fault = new Error('the device said no');
    await end('a', fault);
    expect(outcomes.get('a')).toBe(fault);
    expect(begun).toEqual(['a', 'b']);
  });

  it('takes turns with other servers and users by the fair order', async () => {
    const { begun, add, end } = scene();
    for (const id of ['a0', 'a1', 'a2', 'a3']) {
      void add({ id, server: 'a', user: 'ann' });
    }
    void add({ id: 'x', server: 'a', user: 'bob' });
    void add({ id: 'b0', server: 'b' });
    for (let k = 0; k < 6; k++) {
      await end(begun.at(-1)!);
    }
    // a0 began before there was anybody else; bob has had nothing yet and goes before the rest of ann's.
    expect(begun).toEqual(['a0', 'x', 'b0', 'a1', 'a2', 'a3']);
  });

  it('is refused when it is in the queue already', async () => {
    const { admission, add } = scene();
    void add({ id: 'a' });
    await expect(admission.add(ticketOf({ id: 'a' }), ROOMY, async () => {})).rejects.toThrow(/a again/);
  });
});

describe('bounds', () => {
  it("refuse a user's next job with a sentence and with when to try again", async () => {
    const { outcomes, add } = scene();
    const limits = { perUser: 2, perServer: 10 };
    void add({ id: 'a' }, limits);
    void add({ id: 'b' }, limits);
    await add({ id: 'c' }, limits);
    expect(outcomes.get('c')).toMatchObject({
      code: 'queue.user-full',
      params: { limit: 2, count: 2 },
      retryAfterMs: 100,
    });
    void add({ id: 'd', user: 'somebody else' }, limits);
    void add({ id: 'e', server: 'elsewhere' }, limits);
    expect(outcomes.size).toBe(1);
  });

  it("refuse a server's next job, and let it in again when one has ended", async () => {
    const { outcomes, add, end } = scene();
    const limits = { perUser: 10, perServer: 2 };
    void add({ id: 'a', user: 'u' }, limits);
    void add({ id: 'b', user: 'v' }, limits);
    await add({ id: 'c', user: 'w' }, limits);
    expect(outcomes.get('c')).toMatchObject({ code: 'queue.server-full', params: { limit: 2, count: 2 } });
    await end('a');
    void add({ id: 'd', user: 'w' }, limits);
    await Promise.resolve();
    expect(outcomes.has('d')).toBe(false);
  });

  it('never refuse a job from before a restart', async () => {
    const { admission, outcomes, add } = scene();
    for (const id of ['a', 'b', 'c']) {
      void add({ id }, 'none');
    }
    await Promise.resolve();
    expect(outcomes.size).toBe(0);
    expect(admission.counts()).toMatchObject({ waiting: 2, running: 1 });
  });
});

describe('cancelling', () => {
  it('takes a waiting job out: it never begins', async () => {
    const { admission, begun, outcomes, add, end } = scene();
    void add({ id: 'a' });
    const waiting = add({ id: 'b' });
    void add({ id: 'c' });
    expect(admission.cancel('b')).toBe(true);
    await waiting;
    expect(outcomes.get('b')).toBeInstanceOf(CancelledError);
    expect(admission.cancel('b')).toBe(false);
    await end('a');
    expect(begun).toEqual(['a', 'c']);
  });

  it('fires the signal of a running job and keeps its slot until it has really stopped', async () => {
    const { admission, begun, signals, outcomes, add, end } = scene();
    void add({ id: 'a' });
    void add({ id: 'b' });
    expect(admission.cancel('a')).toBe(true);
    expect(signals.get('a')?.aborted).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(begun).toEqual(['a']);
    await end('a', new CancelledError());
    expect(outcomes.get('a')).toBeInstanceOf(CancelledError);
    expect(begun).toEqual(['a', 'b']);
    expect(getEventListeners(signals.get('a')!, 'abort')).toHaveLength(0);
  });

  it('replaces a live picture of the same user that waits by the newer one, and nobody else’s', async () => {
    const { begun, signals, outcomes, add, end } = scene();
    const limits = { perUser: 2, perServer: 10 };
    void add({ id: 'old', priority: 'live' }, limits);
    const middle = add({ id: 'middle', priority: 'live' }, limits);
    void add({ id: 'other', priority: 'live', user: 'other' }, limits);
    void add({ id: 'new', priority: 'live' }, limits);
    await middle;
    expect(outcomes.get('middle')).toBeInstanceOf(CancelledError);
    expect(signals.get('old')?.aborted).toBe(false);
    await end('old');
    await end('other');
    expect(begun).toEqual(['old', 'other', 'new']);
  });

  it('draws one of a canvas to its end beside the newest, and lets go of what began before it', async () => {
    const { begun, signals, add } = scene({ slots: 3 });
    for (const id of ['first', 'second', 'third']) {
      void add({ id, priority: 'live' });
    }
    expect(begun).toEqual(['first', 'second', 'third']);
    expect(begun.map((id) => signals.get(id)?.aborted)).toEqual([true, false, false]);
  });

  it('leaves what the same user draws live on another canvas, and counts live and other work apart', async () => {
    const { begun, signals, outcomes, add, end } = scene();
    const limits = { perUser: 2, perServer: 10 };
    void add({ id: 'here', priority: 'live', canvas: 'here' }, limits);
    void add({ id: 'there', priority: 'live', canvas: 'there' }, limits);
    void add({ id: 'sent' }, limits);
    void add({ id: 'sent too' }, limits);
    await add({ id: 'a third window', priority: 'live', canvas: 'third' }, limits);
    expect(outcomes.get('a third window')).toMatchObject({ code: 'queue.user-full' });
    expect(signals.get('here')?.aborted).toBe(false);
    await end('here');
    await end('there');
    await end('sent');
    expect(begun).toEqual(['here', 'there', 'sent', 'sent too']);
  });
});

describe('the place shown', () => {
  it('is what really begins before, and is gone once the job has begun', async () => {
    const { admission, begun, add, end } = scene();
    const ids = ['a0', 'a1', 'a2', 'b0', 'b1', 'c0'];
    ids.forEach((id) => void add({ id, server: id[0]! }));
    const ahead = Object.fromEntries(ids.map((id) => [id, admission.place(id)?.ahead]));
    for (let k = 0; k < ids.length; k++) {
      await end(begun.at(-1)!);
    }
    expect(begun[0]).toBe('a0');
    expect(Object.fromEntries(begun.slice(1).map((id, at) => [id, at]))).toEqual({ ...ahead, a0: undefined });
    expect(admission.place('c0')).toBeUndefined();
    expect(admission.place('never seen')).toBeUndefined();
  });

  it('never grows, also when somebody with a better claim comes later', async () => {
    const { admission, add } = scene();
    ['a0', 'a1', 'a2', 'a3'].forEach((id) => void add({ id, server: 'a' }));
    expect(admission.place('a3')?.ahead).toBe(2);
    ['b0', 'b1'].forEach((id) => void add({ id, server: 'b' }));
    expect(admission.place('a3')?.ahead).toBe(2);
    expect(admission.place('b0')?.ahead).toBeLessThanOrEqual(1);
  });

  it('comes with an estimate that learns from measured durations', async () => {
    const { admission, begun, add, end, pass } = scene();
    ['a', 'b', 'c', 'd'].forEach((id) => void add({ id, costMs: 1000 }));
    expect(admission.place('b')?.estimateMs).toBe(1000);
    expect(admission.place('d')?.estimateMs).toBe(3000);
    pass(2000); // twice as long as expected
    await end('a');
    expect(begun).toEqual(['a', 'b']);
    expect(admission.place('c')?.estimateMs).toBe(2000);
    expect(admission.place('d')?.estimateMs).toBe(4000);
    pass(500);
    void add({ id: 'e', costMs: 1000 });
    expect(admission.place('c')?.estimateMs).toBe(1500);
  });

  it('is announced to listeners once for many changes, until they unsubscribe', async () => {
    const { admission, add, end } = scene({ changeMs: 10 });
    const listener = vi.fn<() => void>();
    const unsubscribe = admission.onChange(listener);
    ['a', 'b', 'c', 'd'].forEach((id) => void add({ id }));
    await vi.waitFor(() => expect(listener).toHaveBeenCalled());
    expect(listener).toHaveBeenCalledTimes(1);
    unsubscribe();
    await end('a');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(listener).toHaveBeenCalledTimes(1);
  });
});

describe('draining', () => {
  it('begins nothing new and resolves when what runs has ended', async () => {
    const { admission, begun, outcomes, add, end } = scene();
    void add({ id: 'a' });
    void add({ id: 'b' });
    let isDrained = false;
    const drained = admission.drain(60_000).then(() => (isDrained = true));
    void add({ id: 'c' });
    expect(isDrained).toBe(false);
    await end('a');
    await drained;
    expect(begun).toEqual(['a']);
    expect([...outcomes.keys()]).toEqual(['a']);
    expect(admission.counts()).toMatchObject({ waiting: 2, running: 0 });
  });

  it('resolves at its limit when the work does not end', async () => {
    const { admission, outcomes, add } = scene();
    void add({ id: 'a' });
    await admission.drain(5);
    expect(outcomes.size).toBe(0);
  });
});
