/**
 * Pictures of which a part is drawn anew, against diffusers' inpainting pipelines, by ordinary models and by those that see
 * the mask; how they were made is in test/golden/make_inpainting.py.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import type { GenerationRequest } from '../../src/core/request.ts';
import type { Runner } from '../../src/core/work.ts';
import { createEngineRunner } from '../../src/engine/index.ts';
import { decodePicture, maskValues } from '../../src/image/index.ts';
import {
  drawAll,
  goldenCase,
  goldenRequest,
  largestDifference,
  writeGoldenModels,
} from '../support/golden-pictures.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/inpainting');
/** Of 255. */
const TOLERANCE = 2;

const cases = z
  .array(
    goldenCase
      .omit({ files: true, decoder: true })
      .extend({ channels: z.number(), mask: z.enum(['disc', 'all']), strength: z.number() }),
  )
  .parse(JSON.parse(readFileSync(path.join(GOLDEN, 'cases.json'), 'utf8')));
type Case = (typeof cases)[number];

let folder = '';
let runner: Runner;
let batching: Runner;

/** The mask that make_inpainting.py draws: a disc of white on dark grey. */
function disc(width: number, height: number): Uint8Array {
  return Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return (x - 37) ** 2 + (y - 27) ** 2 < 21 ** 2 ? 255 : 100;
  });
}

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-inpainting-'));
  const options = {
    ...writeGoldenModels(folder),
    readMask: async (_: string, __: string, size: { readonly width: number; readonly height: number }) =>
      maskValues({ ...size, data: disc(size.width, size.height) }, size, size),
  };
  for (const model of ['sd15', 'sdxl']) {
    writeTinyModel(model, path.join(folder, `${model}-nine`), { unet: { in_channels: 9 } });
  }
  runner = createEngineRunner(options);
  batching = createEngineRunner({ ...options, policy: { maxRows: 16, order: 'round-robin' } });
});

afterAll(async () => {
  await runner.close(1000);
  await batching.close(1000);
  rmSync(folder, { recursive: true, force: true });
});

function requestOf(known: Case): GenerationRequest {
  const request = goldenRequest(folder, { ...known, decoder: 'full', files: [] });
  const model = known.channels === 9 ? `${known.model}-nine` : known.model;
  return known.mask === 'all'
    ? { ...request, model, init: undefined }
    : { ...request, model, mask: { file: 'made up' } };
}

const named = (name: string): GenerationRequest => requestOf(cases.find((known) => known.name === name)!);
const draw = async (request: GenerationRequest, on = runner) => (await drawAll(on, request))[0];

describe('a picture of which a part is drawn anew', () => {
  it.each(cases)('is that of diffusers: $name', async (known) => {
    const expected = await decodePicture(await readFile(path.join(GOLDEN, `${known.name}.png`)));
    expect(largestDifference(await draw(requestOf(known)), expected)).toBeLessThanOrEqual(TOLERANCE);
  });

  it.each(['nine-lcm', 'mask-lcm'])(
    'is itself beside others of its model, with and without a mask: %s',
    async (name) => {
      const request = named(name);
      const others = [
        { ...request, seed: 99 },
        { ...request, mask: undefined },
        { ...request, mask: undefined, init: undefined, prompt: 'the red cat' },
      ];
      const alone = await draw(request);
      const [together, ...rest] = await Promise.all([request, ...others].map((one) => draw(one, batching)));
      expect(largestDifference(together, alone)).toBeLessThanOrEqual(TOLERANCE);
      for (const [k, other] of others.entries()) {
        expect(largestDifference(rest[k], await draw(other))).toBeLessThanOrEqual(TOLERANCE);
        expect(largestDifference(rest[k], alone)).toBeGreaterThan(10);
      }
    },
  );

  it('without a picture is refused, and so is a mask that covers nothing', async () => {
    const request = named('mask-lcm');
    await expect(draw({ ...request, init: undefined })).rejects.toMatchObject({ code: 'request.mask-alone' });
    const black = createEngineRunner({
      ...writeGoldenModels(folder),
      readMask: async (_, __, { width, height }) => new Uint8Array(width * height),
    });
    await expect(draw(request, black)).rejects.toMatchObject({ code: 'request.mask' });
    await black.close(0);
  });
});
