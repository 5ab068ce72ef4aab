/** What the policy does to crowds, in simulated time: exact for a seed, so no tolerance hides a change. */
import { describe, expect, it } from 'vitest';

import {
  jainIndex,
  maxMinShares,
  percentilesOf,
  simulate,
  type SimulationOptions,
} from '../../../src/tools/bench-runner/simulation.ts';

const CPU: Omit<SimulationOptions, 'servers' | 'load'> = {
  usersPerServer: 3,
  jobs: 2000,
  pressure: 1.5,
  steps: 4,
  stepMs: (together) => 20 * together,
  slots: 4,
  seed: 1,
};

describe('measures of fairness', () => {
  it('are 1 for equal shares of what is due, and one over the number when one has it all', () => {
    expect(jainIndex([5, 5, 5, 5], [1, 1, 1, 1])).toBeCloseTo(1, 12);
    expect(jainIndex([1, 2, 4], [10, 20, 40])).toBeCloseTo(1, 12);
    expect(jainIndex([9, 0, 0], [3, 3, 3])).toBeCloseTo(1 / 3, 12);
  });

  it('give each what it asked for, and what is left to those who asked for more, alike', () => {
    expect(maxMinShares([1, 10, 10], 9)).toEqual([1, 4, 4]);
    expect(maxMinShares([1, 2, 3], 60)).toEqual([1, 2, 3]);
    expect(maxMinShares([4, 4], 4)).toEqual([2, 2]);
  });

  it('count percentiles from the sorted values', () => {
    expect(percentilesOf(Array.from({ length: 100 }, (_, k) => 99 - k))).toEqual({
      p50: 50,
      p95: 95,
      p99: 99,
      max: 99,
    });
  });
});

describe('the fair order under pressure', () => {
  for (const servers of [1, 10, 1000]) {
    for (const load of ['equal', 'skewed'] as const) {
      it(`serves ${servers} servers with ${load} load to a Jain index of at least 0.95`, () => {
        // Jobs are whole: with a thousand servers each needs enough of them for shares to be comparable.
        const jobs = Math.max(CPU.jobs, 12 * servers);
        const { jain } = simulate({ ...CPU, servers, load, jobs });
        expect(jain).toBeGreaterThanOrEqual(0.95);
      });
    }
  }

  it('keeps the wait of light servers short where first come, first served does not', () => {
    const crowd = { ...CPU, servers: 50, load: 'skewed' } as const;
    const fair = simulate(crowd);
    const firstCome = simulate({ ...crowd, order: 'first-come' });
    expect(fair.lightLatencyMs.p95).toBeLessThan(firstCome.lightLatencyMs.p95 / 3);
    expect(fair.jain).toBeGreaterThan(firstCome.jain);
    // Fairness costs no throughput: the device is as busy.
    expect(fair.jobsPerSecond).toBeCloseTo(firstCome.jobsPerSecond, 1);
  });

  it('gives the same figures for the same seed, and others for another', () => {
    const options = { ...CPU, servers: 10, load: 'equal' } as const;
    expect(simulate(options)).toEqual(simulate(options));
    expect(simulate({ ...options, seed: 2 })).not.toEqual(simulate(options));
  });
});

describe('a device that batches', () => {
  it('draws more a second the more it may hold, where a call hardly grows with its rows', () => {
    const gpu = { ...CPU, servers: 100, load: 'equal', stepMs: (together: number) => 20 + together } as const;
    const one = simulate({ ...gpu, slots: 1 });
    const sixteen = simulate({ ...gpu, slots: 16 });
    expect(sixteen.jobsPerSecond).toBeGreaterThan(8 * one.jobsPerSecond);
    expect(sixteen.fill).toBeGreaterThan(0.9);
  });
});
