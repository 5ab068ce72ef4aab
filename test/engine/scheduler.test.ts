import { describe, expect, it } from 'vitest';
import { CPU_POLICY, GPU_POLICY, nextBatch, type Row, type SchedulerPolicy } from '../../src/engine/scheduler.ts';

function row(id: number, changes: Partial<Row> = {}): Row {
  return {
    id,
    request: id,
    group: 'moji plain 16x16',
    passes: 1,
    stepsLeft: 4,
    isLive: false,
    lastCall: -1,
    ...changes,
  };
}

function ids(rows: readonly Row[]): readonly number[] {
  return rows.map(({ id }) => id);
}

/** Runs calls until no row has steps left; returns who took part in each. */
function simulate(start: readonly Row[], policy: SchedulerPolicy): readonly (readonly number[])[] {
  let rows = start;
  const calls: (readonly number[])[] = [];
  for (;;) {
    const batch = nextBatch(rows, policy);
    if (batch.length === 0) {
      return calls;
    }
    const served = new Set(batch.map(({ request }) => request));
    rows = rows.map((r) => ({
      ...r,
      stepsLeft: batch.includes(r) ? r.stepsLeft - 1 : r.stepsLeft,
      lastCall: served.has(r.request) ? calls.length : r.lastCall,
    }));
    calls.push(ids(batch));
  }
}

describe('nextBatch', () => {
  it('has no call for nobody, nor for pictures that are done', () => {
    expect(nextBatch([], GPU_POLICY)).toEqual([]);
    expect(nextBatch([row(1, { stepsLeft: 0 })], GPU_POLICY)).toEqual([]);
  });

  it('fills a graphics card with every row of one group, whatever their step counts', () => {
    const rows = [row(1), row(2, { stepsLeft: 1 }), row(3, { group: 'moji linear 16x16' }), row(4, { passes: 2 })];
    expect(ids(nextBatch(rows, GPU_POLICY))).toEqual([1, 2, 4]);
  });

  it('counts a guided picture as two rows', () => {
    const rows = [row(1, { passes: 2 }), row(2, { passes: 2 }), row(3)];
    expect(ids(nextBatch(rows, { maxRows: 3, order: 'round-robin' }))).toEqual([1, 3]);
  });

  it('holds as many rows as its leader has room for, where that is known', () => {
    const rows = [1, 2, 3, 4].map((id) => row(id, { mostRows: 3 }));
    expect(ids(nextBatch(rows, GPU_POLICY))).toEqual([1, 2, 3]);
    expect(ids(nextBatch(rows, CPU_POLICY))).toEqual([1, 2, 3]);
    expect(ids(nextBatch([row(1, { mostRows: 1, passes: 2 }), row(2)], GPU_POLICY))).toEqual([1]);
  });

  it('runs a picture that needs more rows than allowed alone rather than never', () => {
    expect(ids(nextBatch([row(1, { passes: 2 }), row(2)], CPU_POLICY))).toEqual([1]);
  });

  it('leaves live pictures out beside others until those have earned them a turn', () => {
    const rows = [row(1, { isLive: true }), row(2)];
    expect(ids(nextBatch(rows, GPU_POLICY, false))).toEqual([2]);
    expect(ids(nextBatch(rows, GPU_POLICY, true))).toEqual([1, 2]);
    expect(ids(nextBatch([row(1, { isLive: true }), row(2, { stepsLeft: 0 })], GPU_POLICY, false))).toEqual([1]);
  });

  it('lets requests take turns on a processor, step by step', () => {
    expect(
      simulate([row(1, { stepsLeft: 3 }), row(2, { stepsLeft: 2 }), row(3, { stepsLeft: 1 })], CPU_POLICY),
    ).toEqual([[1], [2], [3], [1], [2], [1]]);
  });

  it('gives a request for four pictures no more turns than a request for one', () => {
    const four = [1, 2, 3, 4].map((id) => row(id, { request: 1, stepsLeft: 2 }));
    const calls = simulate([...four, row(9, { request: 2, stepsLeft: 2 })], CPU_POLICY);
    expect(calls.slice(0, 4)).toEqual([[1], [9], [1], [9]]);
    expect(calls.slice(4)).toEqual([[2], [2], [3], [3], [4], [4]]);
  });

  it('finishes the oldest request first where the policy says so', () => {
    expect(simulate([row(1, { stepsLeft: 2 }), row(2, { stepsLeft: 1 })], { maxRows: 1, order: 'first-come' })).toEqual(
      [[1], [1], [2]],
    );
  });

  it('starves no group: a lone row of another size is led to its call in turn', () => {
    const rows = [row(1), row(2), row(3, { group: 'moji plain 32x32', stepsLeft: 2 })];
    const calls = simulate(rows, { maxRows: 2, order: 'round-robin' });
    expect(calls.slice(0, 3)).toEqual([[1, 2], [3], [1, 2]]);
  });

  it('makes as many calls as the work needs and no more', () => {
    const rows = Array.from({ length: 40 }, (_, id) => row(id, { stepsLeft: 1 + (id % 8), passes: 1 + (id % 2) }));
    const passes = rows.reduce((total, r) => total + r.stepsLeft * r.passes, 0);
    const calls = simulate(rows, GPU_POLICY);
    expect(calls.flat().length).toBe(rows.reduce((total, r) => total + r.stepsLeft, 0));
    expect(calls.length).toBeLessThanOrEqual(Math.ceil(passes / GPU_POLICY.maxRows) + 8);
  });
});
