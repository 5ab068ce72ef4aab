import { expect, it } from 'vitest';

import { closest, editDistance } from '../../commands/closest.ts';

it('counts letters put in, left out, changed, and neighbours swapped as one', () => {
  expect([editDistance('seed', 'seed'), editDistance('sede', 'seed'), editDistance('', 'abc')]).toEqual([0, 1, 3]);
  expect(editDistance('kitten', 'sitting')).toBe(3);
});

it('offers the nearest name, its beginning before others, and none where none was meant', () => {
  expect(closest('sede', ['seed', 'style'])).toBe('seed');
  expect(closest('ST', ['seed', 'style'])).toBe('style');
  expect(closest('wibble', ['seed', 'style'])).toBeUndefined();
});
