import { describe, expect, it } from 'vitest';

import { duringSlot } from '../../src/bot/held-slot.ts';
import type { Ticket } from '../../src/core/admission.ts';
import { CancelledError } from '../../src/core/errors.ts';
import { FairAdmission } from '../../src/queue/index.ts';

const LIMITS = { perUser: 10, perServer: 10 };
const ticket = (id: string): Ticket => ({ id, server: 'web:local', user: 'web:ann', costMs: 1, priority: 'job' });

function held(admission: FairAdmission, id: string, signal = new AbortController().signal) {
  return duringSlot({ admission, ticket: ticket(id), limits: LIMITS, signal }, async function* (mine) {
    yield `${id} begins`;
    yield mine.aborted ? `${id} is stopped` : `${id} ends`;
  });
}

describe('a turn that is held while somebody reads', () => {
  it('lasts until the last is read; the next begins then', async () => {
    const admission = new FairAdmission({ slots: 1 });
    const first = held(admission, 'a');
    expect((await first.next()).value).toBe('a begins');
    const second = held(admission, 'b').next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(admission.counts()).toMatchObject({ waiting: 1, running: 1 });
    expect((await first.next()).value).toBe('a ends');
    expect((await first.next()).done).toBe(true);
    expect((await second).value).toBe('b begins');
  });

  it('ends with a reader that leaves', async () => {
    const admission = new FairAdmission({ slots: 1 });
    const reading = held(admission, 'a');
    await reading.next();
    await reading.return();
    expect(admission.counts()).toMatchObject({ waiting: 0, running: 0 });
  });

  it('never comes where it is cancelled before, and tells the work where it is cancelled after', async () => {
    const admission = new FairAdmission({ slots: 1 });
    const [left, leaving] = [new AbortController(), new AbortController()];
    const running = held(admission, 'a', leaving.signal);
    await running.next();
    const waiting = held(admission, 'b', left.signal).next();
    left.abort();
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    leaving.abort();
    expect((await running.next()).value).toBe('a is stopped');
    await expect(held(admission, 'c', AbortSignal.abort()).next()).rejects.toBeInstanceOf(CancelledError);
  });
});
