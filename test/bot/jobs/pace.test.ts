import { expect, it } from 'vitest';

import { Pace } from '../../../src/bot/jobs/pace.ts';
import { requestOf } from '../../support/work.ts';

const work = (changes: Parameters<typeof requestOf>[0] = {}) =>
  ({ kind: 'imagine', request: requestOf(changes) }) as const;

it('learns per model what a pixel costs, and expects it of other sizes, steps and counts', () => {
  const pace = new Pace();
  expect(pace.isKnown(work())).toBe(false);
  pace.learn(work({ steps: 4, width: 8, height: 8 }), 256);
  expect(pace.isKnown(work())).toBe(true);
  expect(pace.costMs(work({ steps: 8, width: 8, height: 16, count: 2 }))).toBe(2048);
  expect(pace.costMs(work({ steps: 4, width: 8, height: 8, guidance: 2 }))).toBe(512);
  expect(pace.isKnown(work({ model: 'another' }))).toBe(false);
});

it('follows newer measurements by and by', () => {
  const pace = new Pace();
  const same = work({ steps: 4, width: 8, height: 8 });
  pace.learn(same, 100);
  pace.learn(same, 200);
  expect(pace.costMs(same)).toBeCloseTo(130);
});
