import { describe, expect, it } from 'vitest';

import { truthOf, typed } from '../../commands/typed-value.ts';

const spec = (kind: 'integer' | 'number' | 'text' | 'image') => ({ kind, name: 'n', description: '' }) as never;

describe('a word that was typed', () => {
  it('is a number with point or comma', () => {
    expect(['7', '+7', '-7'].map((word) => typed(spec('integer'), word))).toEqual([7, 7, -7]);
    expect(['1.5', '1,5', '.5', '1e2'].map((word) => typed(spec('number'), word))).toEqual([1.5, 1.5, 0.5, 100]);
  });

  it('is refused by what was wanted', () => {
    expect(() => typed(spec('integer'), '1.5')).toThrow(/whole number/);
    expect(() => typed(spec('number'), '0x10')).toThrow(/a number/);
    expect(() => typed(spec('image'), 'fox.png')).toThrow(/attached file/);
  });

  it('is yes or no in a few spellings, and neither otherwise', () => {
    expect(['Yes', 'on', 'no', 'FALSE', 'maybe'].map(truthOf)).toEqual([true, true, false, false, undefined]);
  });
});
