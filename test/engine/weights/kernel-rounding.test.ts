/** Rounding with error feedback against rounding to the nearest: what is left of a flat picture, and of one without likeness. */
import { describe, expect, it } from 'vitest';

import { kernelRounding } from '../../../src/engine/weights/kernel-rounding.ts';
import { randomWeight } from '../../support/random-weights.ts';

const KERNELS = 400;
/** In units of the scale: up to the greatest magnitude there is. */
const WEIGHTS = randomWeight('rounding', 'weight', [KERNELS, 9]);
const PEAK = Math.max(...WEIGHTS.map(Math.abs));
const kernels = Array.from({ length: KERNELS }, (_, k) =>
  Float64Array.from(WEIGHTS.subarray(9 * k, 9 * k + 9), (w) => (127 * w) / PEAK),
);

function rounded(kernel: Float64Array): Float64Array {
  const places = kernel.slice();
  kernelRounding([3, 3])(places);
  return places;
}

/** Over all kernels, the mean square of what `error` makes of their differences. */
function meanSquare(
  round: (kernel: Float64Array) => Float64Array,
  error: (difference: Float64Array) => number,
): number {
  const squares = kernels.map((kernel) => error(round(kernel).map((value, k) => value - (kernel[k] ?? 0))) ** 2);
  return squares.reduce((total, square) => total + square, 0) / KERNELS;
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);

describe('rounding of a kernel', () => {
  it('leaves a fraction of what rounding to the nearest loses where the picture is flat', () => {
    const nearest = meanSquare((kernel) => kernel.map(Math.round), sum);
    expect(nearest).toBeGreaterThan(0.6); // nine errors of 1/12 each
    expect(meanSquare(rounded, sum)).toBeLessThan(nearest / 3);
  });

  it('loses at most twice as much where neighbours have nothing in common', () => {
    const ofPlace = (place: number) => (difference: Float64Array) => difference[place] ?? 0;
    for (let place = 0; place < 9; place++) {
      expect(meanSquare(rounded, ofPlace(place))).toBeLessThan(2 / 12);
    }
  });

  it('gives whole numbers that 8 bits hold, the greatest weight among them', () => {
    const values = [...kernels.map(rounded), rounded(new Float64Array(9).fill(126.6))].flatMap((kernel) => [...kernel]);
    expect(values.every((value) => Number.isInteger(value) && Math.abs(value) <= 127)).toBe(true);
    expect(Math.max(...values.map(Math.abs))).toBe(127);
  });

  it('is to the nearest for a matrix', () => {
    const place = Float64Array.of(-3.4);
    kernelRounding([])(place);
    expect(place).toEqual(Float64Array.of(-3));
  });
});
