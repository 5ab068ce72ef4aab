import { expect, it } from 'vitest';

import { PaceMeter } from '../../src/queue/pace-meter.ts';

it('takes work at its word until one is measured, then follows what it really takes', () => {
  const pace = new PaceMeter();
  expect(pace.expect(100)).toBe(100);
  pace.measure(100, 200);
  expect(pace.expect(100)).toBe(200);
  pace.measure(100, 100);
  expect(pace.expect(100)).toBeCloseTo(180);
});

it('learns nothing from work without a cost, or from a clock that went back', () => {
  const pace = new PaceMeter();
  pace.measure(0, 50);
  pace.measure(100, -1);
  pace.measure(Number.NaN, 50);
  expect(pace.expect(100)).toBe(100);
});
