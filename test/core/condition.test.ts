import { describe, expect, it } from 'vitest';

import { Condition } from '../../src/core/condition.ts';

describe('a condition', () => {
  it('ends for all who wait when it is notified, and begins anew for those who come later', async () => {
    const condition = new Condition();
    const both = Promise.all([condition.wait(), condition.wait({ limitMs: 60_000 })]);
    condition.notify();
    await both;
    const order: string[] = [];
    const later = condition.wait().then(() => order.push('woken'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push('waited');
    condition.notify();
    await later;
    expect(order).toEqual(['waited', 'woken']);
  });

  it('ends after its limit where nobody notifies it', async () => {
    await expect(new Condition().wait({ limitMs: 1 })).resolves.toBeUndefined();
  });

  it('ends when its signal fires', async () => {
    const left = new AbortController();
    const waiting = new Condition().wait({ signal: left.signal });
    left.abort();
    await expect(waiting).resolves.toBeUndefined();
  });
});
