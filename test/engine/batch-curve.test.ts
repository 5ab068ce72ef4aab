/** Batch curves: what lies between the points, and how many rows are worth their wait. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { callMs, rowsMeasured, rowsWorthTheirWait, type MeasuredCurve } from '../../src/engine/batch-curve.ts';
import { keepCurve, readCurves } from '../../src/engine/curve-file.ts';

const curve = { name: 'card', source: 'a test', stepMs: { '1': 20, '4': 26, '8': 46 } };
const of = (stepMs: Readonly<Record<string, number>>, model = 'moji', side = 128): MeasuredCurve => ({
  name: 'x',
  source: 'a test',
  stepMs,
  model,
  width: side,
  height: side,
});

describe('a batch curve', () => {
  it('is what was measured, a line between, and the last line beyond', () => {
    expect([1, 2, 4, 6, 8, 12].map((rows) => callMs(curve, rows))).toEqual([20, 22, 26, 36, 46, 66]);
    expect(callMs({ ...curve, stepMs: { '1': 0 } }, 5)).toBe(0);
  });

  it.each([
    ['one where rows gain nothing, as on a processor', { '1': 21.4, '2': 41, '4': 81.9, '8': 172 }, 1],
    ['as many as gain', { '1': 30, '2': 32, '4': 40, '8': 60, '16': 118 }, 8],
    ['all where each gains', { '1': 30, '16': 40, '2': 31 }, 16],
  ])('says how many rows are worth their wait: %s', (_, stepMs, rows) => {
    expect(rowsWorthTheirWait({ ...curve, stepMs })).toBe(rows);
  });

  it('speaks for its model at other sizes too, with fewer rows of larger pictures', () => {
    const curves = [of({ '1': 30, '8': 40 }), of({ '1': 30, '2': 31 }, 'moji', 1024), of({ '1': 1 }, 'other')];
    const rows = (side: number, model = 'moji') => rowsMeasured(curves, { model, width: side, height: side });
    expect([rows(128), rows(256), rows(64), rows(1024), rows(2048)]).toEqual([8, 2, 32, 2, 1]);
    expect(rows(128, 'nobody')).toBeUndefined();
  });
});

describe('the file of curves', () => {
  it('keeps one a model and size, and holds for the driver that it was measured with', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'fourstep-curves-'));
    try {
      const device = { kind: 'cpu' } as const;
      expect(await readCurves(folder, device)).toEqual([]);
      await keepCurve(folder, device, of({ '1': 30 }));
      await keepCurve(folder, device, of({ '1': 50 }, 'moji', 256));
      const file = await keepCurve(folder, device, of({ '1': 20, '2': 22 }));
      expect(readdirSync(folder)).toEqual(['batch-curves-cpu.json']);
      expect(await readCurves(folder, device)).toEqual([of({ '1': 50 }, 'moji', 256), of({ '1': 20, '2': 22 })]);
      expect(await readCurves(folder, { kind: 'cuda', deviceId: 0 })).toEqual([]);
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), key: 'another driver' }));
      expect(await readCurves(folder, device)).toEqual([]);
      writeFileSync(file, 'torn');
      expect(await readCurves(folder, device)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
