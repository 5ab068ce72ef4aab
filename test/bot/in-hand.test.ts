/** What strangers bring at once is as much as may be, in all and of each: the next is refused with a time to wait, and a place comes back however it ends. */
import { describe, expect, it } from 'vitest';

import { InHand } from '../../src/bot/in-hand.ts';

const busy = { code: 'image.busy', retryAfterMs: 5000 };

describe('what is in hand', () => {
  it('is refused beyond its number before it is read, and let in again once one is done or has failed', async () => {
    const inHand = new InHand({ all: 2, each: 2, busy: 'image.busy' });
    const open: ((error?: Error) => void)[] = [];
    const hold = (who: string): Promise<void> =>
      inHand.during(
        who,
        async () => new Promise<void>((resolve, reject) => open.push((e) => (e ? reject(e) : resolve()))),
      );
    const [first, second] = [hold('ada'), hold('bob')];
    let isRead = false;
    await expect(inHand.during('cid', async () => (isRead = true))).rejects.toMatchObject(busy);
    expect([isRead, inHand.count]).toEqual([false, 2]);
    open[0]?.(new Error('torn'));
    await expect(first).rejects.toThrow('torn');
    await expect(inHand.during('cid', async () => 'a')).resolves.toBe('a');
    open[1]?.();
    await second;
    expect(inHand.count).toBe(0);
  });

  it('leaves places for others, however much one brings', async () => {
    const inHand = new InHand({ all: 3, each: 2, busy: 'style.busy' });
    let end = (): void => undefined;
    const held = new Promise<void>((resolve) => (end = resolve));
    const both = [inHand.during('ada', () => held), inHand.during('ada', () => held)];
    await expect(inHand.during('ada', () => held)).rejects.toMatchObject({ ...busy, code: 'style.busy' });
    await expect(inHand.during('bob', async () => 'b')).resolves.toBe('b');
    end();
    await Promise.all(both);
    await expect(inHand.during('ada', async () => 'a')).resolves.toBe('a');
  });
});
