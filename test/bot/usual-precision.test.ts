import { describe, expect, it } from 'vitest';

import { preferEightBits, type PrecisionFacts, usualPrecision } from '../../src/bot/usual-precision.ts';

const LARGE: PrecisionFacts = {
  operator: 'auto',
  manifest: undefined,
  prefersEightBits: true,
  bytes: 1.7e9,
};

describe('what a model is drawn in where nobody says', () => {
  it.each([
    [{}, 'int8'],
    [{ prefersEightBits: false }, 'fp32'],
    [{ bytes: 27e6 }, 'fp32'],
    [{ operator: undefined }, 'int8'],
    [{ operator: undefined, prefersEightBits: false }, 'fp32'],
    [{ operator: undefined, bytes: 27e6 }, 'fp32'],
    [{ operator: undefined, manifest: 'auto' }, 'int8'],
    [{ operator: undefined, manifest: 'fp32' }, 'fp32'],
    [{ manifest: 'fp32' }, 'fp32'],
    [{ manifest: 'int8', bytes: 27e6 }, 'int8'],
    [{ operator: 'fp32', manifest: 'int8' }, 'fp32'],
    [{ operator: 'int8', prefersEightBits: false }, 'int8'],
  ] as const)('is, with %o, %s', (changes, precision) => {
    expect(usualPrecision({ ...LARGE, ...changes })).toBe(precision);
  });
});

describe('devices that gain by 8 bits', () => {
  it('are processors with instructions for them, all of them', () => {
    expect(preferEightBits(['cpu'], 'avx512_vnni')).toBe(true);
    expect(preferEightBits(['cpu'], undefined)).toBe(false);
    expect(preferEightBits(['cpu', 'cuda:0'], 'avx512_vnni')).toBe(false);
    expect(preferEightBits([], undefined)).toBe(true);
  });
});
