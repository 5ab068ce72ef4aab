import { describe, expect, it } from 'vitest';

import { everySoOften, sleep, within } from '../../src/bot/timing.ts';
import { movedClock } from '../support/moved-clock.ts';

describe('waiting by the bot’s clock', () => {
  it('gives what comes in time, and undefined for what does not', async () => {
    const { clock, pass } = movedClock();
    expect(await within(clock, 10, Promise.resolve(1))).toBe(1);
    const late = within(clock, 10, new Promise(() => undefined));
    await pass(10);
    expect(await late).toBeUndefined();
    const slept = sleep(clock, 5);
    await pass(5);
    await expect(slept).resolves.toBeUndefined();
  });

  it('does something first soon, then so long after each end, until it is ended', async () => {
    const { clock, pass } = movedClock();
    const done: number[] = [];
    const end = everySoOften(clock, { firstMs: 10, everyMs: 100 }, async () => void done.push(clock.now()));
    await pass(250);
    end();
    await pass(1000);
    expect(done).toEqual([10, 110, 210]);
  });

  it('goes on no more where it is ended while it acts', async () => {
    const { clock, pass } = movedClock();
    let times = 0;
    const end = everySoOften(clock, { firstMs: 1, everyMs: 1 }, async () => {
      times += 1;
      end();
    });
    await pass(50);
    expect(times).toBe(1);
  });
});
