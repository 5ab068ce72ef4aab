/**
 * Whole pictures against diffusers' pipelines, pixel by pixel; how they were made is in test/golden/make_pictures.py.
 * The tiny models are random, so pictures look like noise, but every net, style and step has its part in each pixel.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Picture } from '../../src/core/picture.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import type { Runner } from '../../src/core/work.ts';
import { createEngineRunner } from '../../src/engine/index.ts';
import {
  drawAll,
  expectedPictures,
  goldenPictures,
  goldenRequest,
  largestDifference,
  writeGoldenModels,
} from '../support/golden-pictures.ts';

/** Of 255. */
const TOLERANCE = 2;

let folder = '';
let runner: Runner;
/** Fills calls with every row that may share one. */
let batching: Runner;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-pictures-'));
  const options = writeGoldenModels(folder);
  runner = createEngineRunner(options);
  batching = createEngineRunner({ ...options, policy: { maxRows: 16, order: 'round-robin' } });
});

afterAll(async () => {
  await runner.close(1000);
  await batching.close(1000);
  rmSync(folder, { recursive: true, force: true });
});

const draw = (request: GenerationRequest, on = runner): Promise<readonly Picture[]> => drawAll(on, request);

describe('pictures', () => {
  it.each(goldenPictures.cases)('are those of diffusers: $name', async (golden) => {
    const pictures = await draw(goldenRequest(folder, golden));
    expect(pictures.length).toBe(golden.files.length);
    for (const [k, expected] of (await expectedPictures(golden)).entries()) {
      expect(largestDifference(pictures[k], expected)).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});

describe('a picture in company', () => {
  const named = (name: string): GenerationRequest =>
    goldenRequest(
      folder,
      goldenPictures.cases.find((known) => known.name === name)!,
    );

  /** Other styles, step counts, guidance and schedulers; all may share calls with the first. */
  const neighbours = (): readonly GenerationRequest[] => [
    named('sd15-lcm-8'),
    named('sd15-guided'),
    { ...named('sd15-lcm-2'), seed: 99 },
    { ...named('sd15-three'), prompt: 'the red cat' },
    { ...named('sd15-lcm-4'), styles: [{ ...named('sd15-lcm-4').styles[0]!, weight: -0.3 }] },
    { ...named('sd15-lcm-4'), recipe: { scheduler: 'euler' }, guidance: 3 },
  ];

  it('is the picture drawn alone, whoever shares its calls', async () => {
    const request = named('sd15-lcm-4');
    const [alone] = await draw(request);
    const [first] = await Promise.all([request, ...neighbours()].map((one) => draw(one, batching)));
    expect(largestDifference(first![0], alone)).toBeLessThanOrEqual(TOLERANCE);
  });

  it('with convolution styles sees its own kernels through the gate', async () => {
    const request = named('sd15-clay');
    const others = [
      named('sd15-two-styles'),
      { ...named('sd15-clay'), styles: [{ ...request.styles[0]!, weight: 2 }] },
    ];
    const [alone, together] = [
      await draw(request),
      await Promise.all([request, ...others].map((one) => draw(one, batching))),
    ];
    expect(largestDifference(together[0]?.[0], alone[0])).toBeLessThanOrEqual(TOLERANCE);
    expect(largestDifference(together[0]?.[0], together[2]?.[0])).toBeGreaterThan(10);
  });

  it('is equal in every bit when the same company comes again', async () => {
    const request = { ...named('sd15-three'), guidance: 1.5 };
    const [once, again] = [await draw(request, batching), await draw(request, batching)];
    expect(again).toEqual(once);
    expect(new Set(once.map(({ data }) => data.join())).size).toBe(3);
  });

  it('of another size or model is drawn beside, not within', async () => {
    const requests = [named('sd15-lcm-4'), named('sd15-wide'), named('sdxl-lcm-2')];
    const together = await Promise.all(requests.map((one) => draw(one, batching)));
    for (const [k, request] of requests.entries()) {
      const [alone] = await draw(request);
      expect(largestDifference(together[k]?.[0], alone)).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});
