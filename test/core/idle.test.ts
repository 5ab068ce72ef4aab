import { describe, expect, it } from 'vitest';

import { IdleWait } from '../../src/core/idle.ts';

describe('a wait for the last of something', () => {
  it('ends for all who wait when they are woken, and begins anew for those who come later', async () => {
    const idle = new IdleWait();
    const both = Promise.all([idle.wait(), idle.wait(60_000)]);
    idle.wake();
    await both;
    const order: string[] = [];
    const later = idle.wait().then(() => order.push('woken'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push('waited');
    idle.wake();
    await later;
    expect(order).toEqual(['waited', 'woken']);
  });

  it('ends after its limit where nobody wakes it', async () => {
    await expect(new IdleWait().wait(1)).resolves.toBeUndefined();
  });
});
