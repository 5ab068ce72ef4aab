/**
 * The embedded model through the real engine: it is small enough, it draws what is asked in the colours that are asked,
 * its styles change the picture, and its upscalers enlarge it.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { parseConfig } from '../../config/load.ts';
import { modelsFolder } from '../../config/paths.ts';
import type { Picture } from '../../src/core/picture.ts';
import type { Runner, Work } from '../../src/core/work.ts';
import { encodePng } from '../../src/image/index.ts';
import { requestFrom } from '../../src/start/command-line.ts';
import { openCatalog, openEngine } from '../../src/start/open-engine.ts';
import { writeWhole } from '../../src/adapters/cli/output-files.ts';

const MOJI = join(modelsFolder, 'moji');

let folder: string;
let runner: Runner;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-moji-'));
  runner = await openEngine({ device: 'cpu', dataFolder: folder, startup: 'fast' });
});
afterAll(async () => {
  await runner.close(0);
  rmSync(folder, { recursive: true, force: true });
});

async function draw(prompt: string, style?: string): Promise<Picture> {
  const config = parseConfig({ FOURSTEP_DATA: folder }, '/');
  const options = { negative: '', count: 1, seed: 7, ...(style === undefined ? {} : { style }) };
  const request = await requestFrom(config, openCatalog(folder), prompt, options);
  return pictureOf({ kind: 'imagine', id: prompt, request, previewAfter: [] });
}

async function pictureOf(work: Work): Promise<Picture> {
  for await (const event of runner.run(work, new AbortController().signal)) {
    if (event.kind === 'picture') {
      return event.picture;
    }
  }
  throw new Error('the runner drew nothing');
}

/** Mean red, green and blue of a square. */
function mean({ width, data }: Picture, left: number, top: number, side: number): readonly [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  for (let y = top; y < top + side; y += 1) {
    for (let x = left; x < left + side; x += 1) {
      const at = (y * width + x) * 3;
      sums[0] += data[at] ?? 0;
      sums[1] += data[at + 1] ?? 0;
      sums[2] += data[at + 2] ?? 0;
    }
  }
  return [sums[0] / side ** 2, sums[1] / side ** 2, sums[2] / side ** 2];
}

describe('moji', () => {
  it('weighs at most 48 MB with its accelerators and upscalers, and a style at most 0.6', () => {
    const files = readdirSync(MOJI, { recursive: true, withFileTypes: true })
      .filter(
        (entry) => entry.isFile() && entry.name.endsWith('.safetensors') && !entry.parentPath.includes('.fourstep'),
      )
      .map(({ parentPath, name }) => ({
        isStyle: basename(parentPath) === 'styles',
        bytes: statSync(join(parentPath, name)).size,
      }));
    const bytes = files.filter(({ isStyle }) => !isStyle).reduce((total, file) => total + file.bytes, 0);
    expect(bytes).toBeGreaterThan(10_000_000);
    expect(bytes).toBeLessThan(48_000_000);
    expect(Math.max(...files.filter(({ isStyle }) => isStyle).map((file) => file.bytes))).toBeLessThan(600_000);
  });

  it('draws an orange fox on blue, and a red apple on white', async () => {
    const fox = await draw('a fox face on blue');
    expect([fox.width, fox.height]).toEqual([128, 128]);
    const [cornerRed, , cornerBlue] = mean(fox, 2, 2, 12);
    expect(cornerBlue).toBeGreaterThan(cornerRed + 40);
    const [faceRed, , faceBlue] = mean(fox, 54, 40, 20);
    expect(faceRed).toBeGreaterThan(faceBlue + 40);

    const apple = await draw('a red apple on a white background');
    expect(Math.min(...mean(apple, 2, 2, 12))).toBeGreaterThan(225);
    const [red, green, blue] = mean(apple, 54, 60, 20);
    expect(red).toBeGreaterThan(Math.max(green, blue) + 60);
  });

  it('changes its look with each of its styles', async () => {
    const model = await openCatalog(folder).find('moji');
    const styles = await openCatalog(folder).styles(model);
    expect(styles.length).toBeGreaterThanOrEqual(4);
    const plain = await draw('a fox face on blue');
    const differences: number[] = [];
    for (const { id } of styles) {
      const styled = await draw('a fox face on blue', id);
      const sum = styled.data.reduce((total, value, at) => total + Math.abs(value - (plain.data[at] ?? 0)), 0);
      differences.push(sum / styled.data.length);
    }
    expect(Math.min(...differences)).toBeGreaterThan(8);
  });

  it.each([2, 4] as const)('enlarges a picture %i times', async (scale) => {
    const fox = await draw('a fox face on blue');
    const file = join(folder, 'fox.png');
    await writeWhole(file, (await encodePng(fox)).data);
    const large = await pictureOf({ kind: 'upscale', id: 'up', request: { model: 'moji', file, scale } });
    expect([large.width, large.height]).toEqual([128 * scale, 128 * scale]);
    const [red, , blue] = mean(large, 2 * scale, 2 * scale, 12 * scale);
    expect(blue).toBeGreaterThan(red + 40);
  });
});
