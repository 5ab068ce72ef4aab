/** What a fingerprint is compared by. */
import { expect, it } from 'vitest';
import { drawsTheSame, netsOf } from '../../src/core/fingerprint.ts';

it('tells another table of words from another model', () => {
  expect(drawsTheSame('aa.11', 'aa.11')).toBe(true);
  expect(drawsTheSame('aa.11', 'aa.22')).toBe(false);
  expect(drawsTheSame('aa.11', 'bb.11')).toBe(false);
  expect([netsOf('aa.11'), netsOf('aa')]).toEqual(['aa', 'aa']);
});

it('compares nets alone where one was made before tables counted', () => {
  expect(drawsTheSame('aa', 'aa.22')).toBe(true);
  expect(drawsTheSame('aa', 'bb.22')).toBe(false);
});
