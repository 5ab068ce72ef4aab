/** Calls of few counts of rows, on devices that search for kernels when they meet a new one. */
import { describe, expect, it } from 'vitest';

import type { UNetRow } from '../../../src/engine/model/denoiser.ts';
import { RowCounts } from '../../../src/engine/model/row-counts.ts';
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
    const [square, wide] = [64, 32].map((height) => ({ channels: 4, height, width: 64 }));
    await counts.meet([row(0), row(1)], 'plain', square!, call);
    await counts.meet([row(2)], 'plain', square!, call);
    expect(met).toEqual([1, 2, 4, 8, 16]);
    await counts.meet([row(0)], 'plain', wide!, call);
    expect(met).toHaveLength(10);
  });
});
