import { describe, expect, it } from 'vitest';

import { CancelledError, StoppedError, UserError } from '../../src/core/errors.ts';
import { PendingWorks, type PendingWork } from '../../src/runner/pending-works.ts';
import { errorOf, imagine } from '../support/work.ts';

/** In the child as one after the other goes there. */
function sent(works: PendingWorks, maxActive = 8): readonly string[] {
  const ids: string[] = [];
  for (let next = works.next(maxActive); next !== undefined; next = works.next(maxActive)) {
    ids.push(next.work.id);
  }
  return ids;
}

function added(works: PendingWorks, ...ids: string[]): readonly PendingWork[] {
  return ids.map((id) => works.add(imagine({}, id)));
}

describe('the works of a device', () => {
  it('go to the child in their order, as many as it takes at once', () => {
    const works = new PendingWorks();
    const [first] = added(works, 'a', 'b', 'c');
    expect(sent(works, 2)).toEqual(['a', 'b']);
    expect(works.active).toBe(2);
    works.release(first!);
    expect(sent(works, 2)).toEqual(['c']);
  });

  it('that were in a child when it died go again first, and each alone', () => {
    const works = new PendingWorks();
    const [first, second] = added(works, 'a', 'b');
    sent(works);
    added(works, 'c');
    works.lose(3);
    expect(sent(works)).toEqual(['a']);
    works.release(first!);
    expect(sent(works)).toEqual(['b']);
    works.release(second!);
    expect(sent(works)).toEqual(['c']);
  });

  it('end with a sentence once they have died so often', async () => {
    const works = new PendingWorks();
    const [work] = added(works, 'a');
    for (let attempt = 1; attempt <= 2; attempt++) {
      sent(works);
      works.lose(2);
    }
    expect(sent(works)).toEqual([]);
    expect(await errorOf(work!.events.drain())).toMatchObject({ code: 'runner.crashed', params: { attempts: 2 } });
  });

  it('end with the fault of the device where it is known to be the device’s', async () => {
    const works = new PendingWorks();
    const [work] = added(works, 'a');
    const reason = new UserError('device.lost', 'it was lost');
    for (let attempt = 1; attempt <= 2; attempt++) {
      sent(works);
      works.lose(2, { reason });
    }
    expect(await errorOf(work!.events.drain())).toBe(reason);
  });

  it('lose no attempt to a neighbour for whom the child was killed', () => {
    const works = new PendingWorks();
    added(works, 'a', 'b');
    sent(works);
    works.forgiveAttempt();
    works.lose(1);
    expect(sent(works)).toEqual(['a', 'b']);
  });

  it('end as stopped where nothing is drawn any more, and as cancelled where somebody gave them up', async () => {
    const works = new PendingWorks();
    const [stopped] = added(works, 'a');
    sent(works);
    works.lose(3, { stopped: new StoppedError() });
    expect(await errorOf(stopped!.events.drain())).toBeInstanceOf(StoppedError);
    const [waiting] = added(works, 'b');
    works.withdraw(waiting!);
    expect(await errorOf(waiting!.events.drain())).toBeInstanceOf(CancelledError);
    expect(sent(works)).toEqual([]);
  });

  it('are waited for until none is in the child, or so long', async () => {
    const works = new PendingWorks();
    const [work] = added(works, 'a');
    await works.idle(60_000);
    sent(works);
    await works.idle(1);
    expect(works.active).toBe(1);
    const idle = works.idle(60_000);
    works.release(work!);
    await idle;
  });
});
