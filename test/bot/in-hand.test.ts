/** Pictures in memory are as many as may be: the next is refused with a time to wait, and a place comes back however it ends. */
import { describe, expect, it } from 'vitest';

import { InHand } from '../../src/bot/in-hand.ts';

describe('what is in hand', () => {
  it('is refused beyond its number before it is read, and let in again once one is done or has failed', async () => {
    const inHand = new InHand(2);
    const open: ((error?: Error) => void)[] = [];
    const hold = (): Promise<void> =>
      inHand.during(async () => new Promise<void>((resolve, reject) => open.push((e) => (e ? reject(e) : resolve()))));
    const [first, second] = [hold(), hold()];
    let isRead = false;
    await expect(inHand.during(async () => (isRead = true))).rejects.toMatchObject({
      code: 'image.busy',
      retryAfterMs: 5000,
    });
    expect(isRead).toBe(false);
    open[0]?.(new Error('torn'));
    await expect(first).rejects.toThrow('torn');
    await expect(inHand.during(async () => 'a')).resolves.toBe('a');
    open[1]?.();
    await second;
  });
});
