/** The bench of a device from end to end on a tiny model: every figure is there, and drawing goes by the curve. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseConfig } from '../../../config/load.ts';
import { readCurves } from '../../../src/engine/index.ts';
import { benchDevice } from '../../../src/tools/bench-device/bench-device.ts';
import { printReport } from '../../../src/tools/bench-device/print.ts';
import { hasFailed } from '../../../src/tools/bench-device/report.ts';
import { crowdDevices } from '../../../src/tools/bench-runner/bench-runner.ts';
import { writeTinyModel } from '../../support/tiny-model.ts';

const QUICK = { say: () => {}, enoughMs: 20 };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-bench-'));
  writeTinyModel('sd15', path.join(folder, 'sd15'));
  writeTinyModel('taesd', path.join(folder, 'sd15', 'taesd'));
  const defaults = { width: 64, height: 64, steps: 1, guidance: 1, scheduler: 'lcm' };
  const manifest = { id: 'tiny', name: 'Tiny', base: 'sd15', defaults, sizes: [64], tinyVae: 'taesd/vae' };
  writeFileSync(path.join(folder, 'sd15', 'fourstep.json'), JSON.stringify(manifest));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the bench of a device', () => {
  it('measures calls, text, decoders and pictures, and writes the curve that drawing and the other bench go by', async () => {
    const model = path.join(folder, 'sd15');
    const config = parseConfig({ FOURSTEP_DATA: 'data', MODEL: model, RUNNERS: 'cpu' }, folder);
    const report = await benchDevice(config, { rows: [1, 2], seconds: 600 }, QUICK);
    const all = [...Object.values(report.unet), ...Object.values(report.decode), report.pictures];
    for (const figures of all) {
      expect(figures.map(({ rows }) => rows)).toEqual([1, 2]);
      expect(figures.filter((each) => hasFailed(each))).toEqual([]);
    }
    expect(report).toMatchObject({
      device: 'cpu',
      model,
      width: 64,
      forms: expect.stringContaining('fp32'),
      leftOut: [],
    });
    expect(report.memory.weightBytes).toBeGreaterThan(0);
    expect(printReport(report).join('\n')).toMatch(/UNet, changing +2 .*decoder, tiny +2 .*pictures, 2 at once: /s);

    const cacheDir = path.join(folder, 'data', 'cache');
    const [curve, ...others] = await readCurves(cacheDir, { kind: 'cpu' });
    expect(others).toEqual([]);
    expect(curve).toMatchObject({ model, width: 64, height: 64 });
    expect(Object.keys(curve?.stepMs ?? {})).toEqual(['1', '2']);
    const measured = { model, devices: ['cpu'], cacheDir };
    for (const how of [{ measured }, { curve: path.join(cacheDir, 'batch-curves-cpu.json') }]) {
      expect((await crowdDevices(how)).map(({ device }) => device)).toContainEqual(curve);
    }
  }, 300_000);

  it('begins nothing once its time is over, and says what it left out', async () => {
    const config = parseConfig({ FOURSTEP_DATA: 'data', MODEL: path.join(folder, 'sd15'), RUNNERS: 'cpu' }, folder);
    const report = await benchDevice(config, { rows: [1], seconds: 0 }, QUICK);
    expect(report.unet.plain).toEqual([]);
    expect(report.leftOut).toContain('UNet, plain, 1 rows');
    expect(report.curveFile).toBeUndefined();
  }, 120_000);
});
