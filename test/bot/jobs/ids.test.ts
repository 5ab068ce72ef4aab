import { expect, it } from 'vitest';

import { jobIdOf, randomId, retryIdOf, upscaleIdOf } from '../../../src/bot/jobs/ids.ts';

it('are the same for the same event, press and try, and for no other', () => {
  const ids = [
    jobIdOf('discord', '1'),
    jobIdOf('slack', '1'),
    jobIdOf('discord', '2'),
    upscaleIdOf('job', 0),
    upscaleIdOf('job', 1),
    retryIdOf('job'),
  ];
  expect(new Set(ids).size).toBe(ids.length);
  expect(jobIdOf('discord', '1')).toBe(ids[0]);
  expect(ids.every((id) => /^[0-9a-z]{16}$/.test(id))).toBe(true);
});

it('are those of stores that exist', () => {
  // Of test/core/fixtures/jobs-version-1.json.
  expect(jobIdOf('discord', 'i1')).toBe('15gojs1szsaz40ff');
});

it('at random are as long, whatever comes out of the source', () => {
  expect([0, 2 ** 32 - 1].map((value) => randomId({ uint32: () => value }).length)).toEqual([16, 16]);
});
