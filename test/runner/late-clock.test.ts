import { expect, it } from 'vitest';

import { LateClock } from '../../src/runner/late-clock.ts';

it('counts silence from the last word, and starts anew after a look that came late itself', () => {
  let nowMs = 0;
  const clock = new LateClock(100, () => nowMs);
  const lookAt = (ms: number): number => {
    nowMs = ms;
    return clock.silenceMs();
  };
  expect([lookAt(100), lookAt(200)]).toEqual([100, 200]);
  clock.heard();
  expect(lookAt(300)).toBe(100);
  expect(lookAt(601)).toBe(0);
  expect(lookAt(700)).toBe(99);
});
