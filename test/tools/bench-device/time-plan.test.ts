/** How the time of a bench is shared out, by a clock that the test sets. */
import { expect, it } from 'vitest';

import { TimePlan } from '../../../src/tools/bench-device/time-plan.ts';

let ms = 0;
const planned = () => {
  ms = 5000;
  return new TimePlan({ seconds: 10, shares: { calls: 3, pictures: 1, torch: 1 }, now: () => ms });
};

it('lets a part begin until its share is over, and notes down what came too late', () => {
  const plan = planned();
  const isOver = plan.of('calls');
  expect(isOver('one row')).toBe(false);
  ms += 6001;
  expect(isOver('two rows')).toBe(true);
  expect(plan.leftOut).toEqual(['two rows']);
});

it('gives what a part leaves to those after it, and each its share where one before was slow', () => {
  const plan = planned();
  ms += 7000; // the first has taken a second of the next one's
  expect(plan.of('pictures')('one')).toBe(false);
  expect(plan.of('torch')('all')).toBe(false);
  ms += 1001;
  expect(plan.of('pictures')('two')).toBe(true);
  expect(plan.of('torch')('all')).toBe(false);
  expect(plan.leftMs).toBe(1999);
});

it('begins nothing that most likely outlasts the share', () => {
  const isOver = planned().of('calls');
  expect(isOver('short', 6000)).toBe(false);
  expect(isOver('long', 6001)).toBe(true);
});

it('has time for nothing where there is none', () => {
  const plan = new TimePlan({ seconds: 0, shares: { calls: 1 }, now: () => ms++ });
  expect(plan.of('calls')('one row')).toBe(true);
});
