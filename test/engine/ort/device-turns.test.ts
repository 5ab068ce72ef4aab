/** Whose call a device makes next. */
import { expect, it } from 'vitest';

import { DeviceTurns, type Turn } from '../../../src/engine/ort/device-turns.ts';

it('is one call at a time, a step before what waits beside it, and one other between two steps', async () => {
  const turns = new DeviceTurns();
  const order: string[] = [];
  let running = 0;
  const call = (name: string, turn: Turn) =>
    turns.take(turn, async () => {
      running += 1;
      expect(running).toBe(1);
      order.push(name);
      await Promise.resolve();
      running -= 1;
    });
  const steps = (async () => {
    for (const name of ['step 1', 'step 2', 'step 3']) {
      await call(name, 'step');
    }
  })();
  await Promise.all([steps, ...['a', 'b', 'c', 'd', 'e'].map((name) => call(name, 'other'))]);
  expect(order).toEqual(['step 1', 'a', 'step 2', 'b', 'step 3', 'c', 'd', 'e']);
});

it('goes on after a call that failed, and to who asks later', async () => {
  const turns = new DeviceTurns();
  const failing = turns.take('other', () => Promise.reject(new Error('lost')));
  const after = turns.take('step', () => Promise.resolve(2));
  await expect(failing).rejects.toThrow('lost');
  expect(await after).toBe(2);
  expect(await turns.take('other', () => Promise.resolve(3))).toBe(3);
});
