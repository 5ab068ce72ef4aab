import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Picture } from '../../../src/core/picture.ts';
import { openNet } from '../../../src/engine/model/model-files.ts';
import { pictureToValues, valuesToPicture } from '../../../src/engine/model/picture-values.ts';
import { sessionOpener } from '../../../src/engine/model/session-opener.ts';
import { Upscaler } from '../../../src/engine/model/upscaler.ts';
import { buildSrvgg, loweringFor, parseSrvggConfig } from '../../../src/engine/nets/index.ts';
import { writeTinyUpscaler } from '../../support/tiny-model.ts';

const OPEN = sessionOpener({
  device: { kind: 'cpu' },
  numberType: 'f32',
  attention: 'fused',
  startup: 'fast',
  threads: 1,
});
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-upscaler-'));
  writeTinyUpscaler(folder);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function picture(width: number, height: number): Picture {
  return { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => 60 + ((i * i) % 97)) };
}

describe('Upscaler', () => {
  it('makes of tiles what the net makes of the whole picture', async () => {
    const files = await openNet(folder, '');
    const given = picture(401, 220);
    const upscaler = await Upscaler.open(files, { open: OPEN, cacheDir: folder });
    const seen: string[] = [];
    let tiled: Picture | undefined;
    for await (const { done, tiles, picture: result } of upscaler.upscale(given)) {
      seen.push(`${done}/${tiles}`);
      tiled = result;
    }
    await upscaler.release();
    expect(seen).toEqual(['1/6', '2/6', '3/6', '4/6', '5/6', '6/6']);

    const session = await OPEN(
      buildSrvgg(parseSrvggConfig(files.config, files.origin), files.weights, { lowering: loweringFor(OPEN.target) }),
    );
    const image = { data: pictureToValues(given).map((value) => (value + 1) / 2), shape: [1, 3, 220, 401] };
    const { upscaled } = await session.run({ image });
    await session.release();
    const whole = valuesToPicture(
      upscaled!.data.map((value) => 2 * value - 1),
      802,
      440,
    );
    const largest = whole.data.reduce((most, value, i) => Math.max(most, Math.abs(value - tiled!.data[i]!)), 0);
    expect(largest).toBeLessThanOrEqual(1);
    expect(new Set(whole.data).size).toBeGreaterThan(50);
  });
});
