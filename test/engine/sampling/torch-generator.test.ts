/** The numbers are torch 2.x `torch.randn(n, generator=torch.Generator("cpu").manual_seed(seed))`, printed to six places. */
import { describe, expect, it } from 'vitest';
import { TorchGenerator } from '../../../src/engine/sampling/torch-generator.ts';

const DRAWS = [
  { seed: 0, normals: [1.540996, -0.293429, -2.178789, 0.568431, -1.084522] },
  { seed: 42, normals: [0.33669, 0.128809, 0.234462] },
  {
    seed: 0,
    normals: [
      -1.12584, -1.15236, -0.250579, -0.433879, 0.84871, 0.692009, -0.316013, -2.115219, 0.322275, -1.263335, 0.349983,
      0.308134, 0.119842, 1.237658, 1.116777, -0.247278,
    ],
  },
  {
    seed: 42,
    normals: [
      1.926915, 1.487284, 0.900717, -2.105521, -0.758131, 1.078318, 0.800801, 1.680621, 0.35586, -0.686623, -0.493356,
      0.241488, -0.231624, 0.041759, -0.251575, 0.859859, -0.309727, -0.39571, 0.803409, -0.621595,
    ],
  },
  {
    seed: 2 ** 53 - 1,
    normals: [
      -2.664298, -1.091049, 0.451447, 0.228361, 0.306219, 0.424003, 0.265636, -3.149295, -2.843764, 0.94632, -1.044257,
      0.551072, -0.029645, 0.383217, -0.160953, 1.967891, 1.624383, -1.113765, 0.655748, -1.20969,
    ],
  },
] as const;

function largestDifference(actual: Float32Array, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
}

describe('TorchGenerator', () => {
  it.each(DRAWS)('draws what torch draws from seed $seed', ({ seed, normals }) => {
    expect(largestDifference(new TorchGenerator(seed).randn(normals.length), normals)).toBeLessThan(2e-6);
  });

  it('draws the latents of a 512 pixel picture and the noise of its first step as torch does', () => {
    const generator = new TorchGenerator(42);
    const latents = generator.randn(4 * 64 * 64);
    expect(largestDifference(latents.slice(-4), [-0.8111436, -0.6357504, 0.9728097, -0.2934065])).toBeLessThan(2e-6);
    const sum = latents.reduce((total, value) => total + value, 0);
    expect(Math.abs(sum - 149.76451766)).toBeLessThan(1e-2);
    const next = generator.randn(4 * 64 * 64);
    expect(largestDifference(next.slice(0, 4), [-1.3046587, 1.4507035, 0.24428, -0.2798896])).toBeLessThan(2e-6);
  });

  it('keeps the second normal of a pair across short draws', () => {
    const whole = new TorchGenerator(7).randn(6);
    const parts = new TorchGenerator(7);
    expect([...parts.randn(1), ...parts.randn(3), ...parts.randn(2)]).toEqual([...whole]);
  });

  it('counts only the low 32 bits of a seed', () => {
    expect([...new TorchGenerator(5).randn(20)]).toEqual([...new TorchGenerator(2 ** 32 + 5).randn(20)]);
  });
});
