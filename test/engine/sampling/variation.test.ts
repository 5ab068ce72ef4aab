/** Noise between two noises: its ends, its length, and the streams that it takes along. */
import { describe, expect, it } from 'vitest';

import { TorchGenerator } from '../../../src/engine/sampling/index.ts';
import { mixedNoise, slerp } from '../../../src/engine/sampling/variation.ts';

const length = (values: Float32Array): number => Math.hypot(...values);

describe('slerp', () => {
  const a = new TorchGenerator(1).randn(4096);
  const b = new TorchGenerator(2).randn(4096);

  it('has the two as its ends', () => {
    expect(slerp(a, b, 0)).toEqual(a);
    expect(slerp(a, b, 1)).toEqual(b);
  });

  it('keeps the length of noise between them, and the angle in proportion', () => {
    const cosine = (x: Float32Array, y: Float32Array): number =>
      x.reduce((sum, value, i) => sum + value * y[i]!, 0) / (length(x) * length(y));
    const whole = Math.acos(cosine(a, b));
    for (const t of [0.25, 0.5, 0.8]) {
      const mixed = slerp(a, b, t);
      // The two lengths themselves differ by some per cent.
      expect(length(mixed) / length(a)).toBeCloseTo(1, 1);
      expect(Math.acos(cosine(a, mixed)) / whole).toBeCloseTo(t, 1);
    }
  });

  it('of what is parallel is a straight mix', () => {
    expect([...slerp(Float32Array.of(1, 2), Float32Array.of(2, 4), 0.5)]).toEqual([1.5, 3]);
    expect([...slerp(new Float32Array(2), new Float32Array(2), 0.5)]).toEqual([0, 0]);
  });
});

describe('mixed noise', () => {
  it('takes both streams along, so that every step has its own', () => {
    const mixed = mixedNoise(new TorchGenerator(1), new TorchGenerator(2), 0.35);
    const [own, other] = [new TorchGenerator(1), new TorchGenerator(2)];
    for (let step = 0; step < 3; step += 1) {
      expect(mixed.randn(64)).toEqual(slerp(own.randn(64), other.randn(64), 0.35));
    }
  });
});
