/** Halves against the meaning of their bits (IEEE 754 binary16). */
import { describe, expect, it } from 'vitest';

import { narrowToHalves } from '../../../src/engine/weights/halves.ts';

function valueOf(half: number): number {
  const [sign, exponent, fraction] = [half & 0x8000 ? -1 : 1, (half >> 10) & 31, half & 1023];
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function narrowed(...values: readonly number[]): readonly number[] {
  const out = new Uint16Array(values.length);
  narrowToHalves(Float32Array.from(values), out);
  return [...out];
}

/** Every finite half of one sign, in order. */
const ALL = Array.from({ length: 0x7c00 }, (_, half) => half);

describe('narrowing to halves', () => {
  it('keeps every half as it is', () => {
    expect(narrowed(...ALL.map(valueOf))).toEqual(ALL);
    expect(narrowed(...ALL.map((half) => valueOf(half | 0x8000)))).toEqual(ALL.map((half) => half | 0x8000));
  });

  it('takes the nearest, and of two as near the even one', () => {
    const middles = ALL.slice(0, -1).map((half) => (valueOf(half) + valueOf(half + 1)) / 2);
    expect(narrowed(...middles)).toEqual(ALL.slice(0, -1).map((half) => half + (half & 1)));
    const above = middles.map((middle) => middle * (1 + 2 ** -22));
    expect(narrowed(...above)).toEqual(ALL.slice(1));
  });

  it('gives infinity for what is larger than all', () => {
    expect(narrowed(65_519, 65_520, -1e6, Infinity)).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7c00]);
  });
});
