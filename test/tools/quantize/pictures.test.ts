/** Pairs of pictures from a runner whose 8 bits are off by what is known. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Runner } from '../../../src/core/work.ts';
import { compareInBoth, readPrompts } from '../../../src/tools/quantize/pictures.ts';
import { requestOf } from '../../support/work.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-pairs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Grey, and in 8 bits lighter by the request's seed. */
const runner: Runner = {
  async *run(work) {
    if (work.kind !== 'imagine') {
      throw new Error('expected a picture to draw');
    }
    const { precision, seed } = work.request;
    const data = new Uint8Array(4 * 4 * 3).fill(precision === 'int8' ? 100 + seed : 100);
    const ms = { text: 1, denoise: precision === 'int8' ? 10 : 30, decode: 1, total: 32 };
    yield { kind: 'picture', index: 0, seed, picture: { width: 4, height: 4, data }, ms };
  },
  health: () => [],
  close: async () => {},
};

describe('pictures in both precisions', () => {
  it('are compared by PSNR, the worst named, and kept as pairs', async () => {
    const requests = [1, 2, 10].map((seed) => requestOf({ seed, prompt: `off by ${seed}` }));
    const found = await compareInBoth(runner, requests, { say: () => {}, folder });
    expect(found.pictures).toBe(3);
    expect(found.psnr.median).toBeCloseTo(20 * Math.log10(255 / 2), 6);
    expect(found.psnr.lowest.map(({ prompt }) => prompt)).toEqual(['off by 10', 'off by 2', 'off by 1']);
    expect(found.psnr.lowest[0]?.psnr).toBeCloseTo(20 * Math.log10(255 / 10), 6);
    expect(found.psnr.tenthLowest).toBeCloseTo(20 * Math.log10(255), 6);
    expect(found.psnr.turned).toBe(1);
    expect(found.denoiseMs).toEqual({ fp32: 30, int8: 10 });
    expect(readdirSync(folder).toSorted()).toEqual(
      ['000', '001', '002'].flatMap((k) => [`${k}-fp32.png`, `${k}-int8.png`]),
    );
  });
});

describe('prompts of a report', () => {
  it('are read one a line, or from a JSON list of words or of objects', async () => {
    const lines = path.join(folder, 'prompts.txt');
    writeFileSync(lines, 'a fox\n\n  two cats \n');
    expect(await readPrompts(lines)).toEqual(['a fox', 'two cats']);
    const list = path.join(folder, 'prompts.json');
    writeFileSync(list, JSON.stringify(['a fox', { prompt: 'two cats', things: ['cat'] }]));
    expect(await readPrompts(list)).toEqual(['a fox', 'two cats']);
    await expect(readPrompts(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'quantize.prompts' });
  });
});
