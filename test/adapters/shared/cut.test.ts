import { expect, it } from 'vitest';

import { cut } from '../../../src/adapters/shared/cut.ts';

it('cuts without halving a character', () => {
  expect(cut('abcdef', 6)).toBe('abcdef');
  expect(cut('abcdefg', 6)).toBe('abcde…');
  expect(cut('abcd🦊fg', 6)).toBe('abcd…');
});
