/** Calls of few counts of rows, on devices that search for kernels when they meet a new one. */
import { describe, expect, it } from 'vitest';

import { UserError } from '../../../src/core/errors.ts';
import type { UNetRow } from '../../../src/engine/model/denoiser.ts';
import { countWithin, RowCounts } from '../../../src/engine/model/row-counts.ts';
import { GPU_POLICY } from '../../../src/engine/scheduler.ts';
import { NO_STYLE } from '../../../src/engine/model/style-set.ts';

const row = (timestep: number): UNetRow => ({
  timestep,
  writeInput: () => {},
  conditioning: { tokens: new Float32Array(), pooled: undefined },
  guidance: 1,
  styles: NO_STYLE,
});

describe('the rows of a call', () => {
  it.each([
    [1, 1],
    [3, 4],
    [5, 8],
    [16, 16],
    [17, 17],
  ])('on CUDA, %i are %i with the last said again', (given, called) => {
    const rows = Array.from({ length: given }, (_, k) => row(k));
    const padded = new RowCounts('cuda').padded(rows);
    expect(padded).toHaveLength(called);
    expect(padded.slice(0, given)).toEqual(rows);
    expect(new Set(padded.slice(given - 1)).size).toBe(1);
  });

  it.each(['cpu', 'webgpu', 'dml', 'coreml'] as const)('on %s are as they are', (provider) => {
    expect(new RowCounts(provider).padded([row(0), row(1), row(2)])).toHaveLength(3);
  });

  it('are met in every count once for each kind of call', async () => {
    const counts = new RowCounts('cuda');
    const met: number[] = [];
    const call = (rows: readonly UNetRow[]) => Promise.resolve(met.push(rows.length));
    await counts.meet([row(0), row(1)], 'plain 64×64', call);
    await counts.meet([row(2)], 'plain 64×64', call);
    expect(met).toEqual([1, 2, 4, 8, 16]);
    await counts.meet([row(0)], 'plain 32×64', call, 4);
    expect(met.slice(5)).toEqual([1, 2, 4]);
  });

  it('are met as far as there is room, and again where the device failed', async () => {
    const counts = new RowCounts('cuda');
    const met: number[] = [];
    const failing = (at: number, code: string) => async (rows: readonly UNetRow[]) => {
      met.push(rows.length);
      if (rows.length >= at) {
        throw new UserError(code, 'no');
      }
    };
    await counts.meet([row(0)], 'large', failing(4, 'device.memory'));
    await counts.meet([row(0)], 'large', failing(4, 'device.memory'));
    expect(met.splice(0)).toEqual([1, 2, 4]);
    await expect(counts.meet([row(0)], 'lost', failing(2, 'device.lost'))).rejects.toThrow('no');
    await expect(counts.meet([row(0)], 'huge', failing(1, 'device.memory'))).rejects.toThrow('no');
    await expect(counts.meet([row(0)], 'huge', failing(1, 'device.memory'))).rejects.toThrow('no');
    expect(met).toEqual([1, 2, 1, 1]);
  });

  it('fit within what there is room for', () => {
    expect([1, 3, 16, 40].map((most) => countWithin('cuda', most))).toEqual([1, 2, 16, 16]);
    expect([1, 3, 16, 40].map((most) => countWithin('webgpu', most))).toEqual([1, 3, 16, 40]);
    // What is met of the decoder is what a busy bot decodes at once.
    expect(GPU_POLICY.maxDecodes).toBe(4);
  });
});
