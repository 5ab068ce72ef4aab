/**
 * Whole pictures against diffusers' pipelines, pixel by pixel; how they were made is in test/golden/make_pictures.py.
 * The tiny models are random, so pictures look like noise, but every net, style and step has its part in each pixel.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Picture } from '../../src/core/picture.ts';
import { defaultRequest } from '../../src/core/default-request.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import { SCHEDULER_NAMES } from '../../src/core/sampling.ts';
import type { Runner } from '../../src/core/work.ts';
import { modelsFolder } from '../../config/paths.ts';
import { createEngineRunner } from '../../src/engine/index.ts';
import { decodePicture } from '../../src/image/index.ts';
import { writeTinyLora, writeTinyModel } from '../support/tiny-model.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/pictures');
/** Of 255. */
const TOLERANCE = 2;

const golden = z
  .object({
    loras: z.record(z.string(), z.object({ targets: z.array(z.string()), rank: z.number(), alpha: z.number() })),
    cases: z.array(
      z.object({
        name: z.string(),
        model: z.string(),
        prompt: z.string(),
        negative: z.string(),
        seed: z.number(),
        count: z.number(),
        steps: z.number(),
        guidance: z.number(),
        width: z.number(),
        height: z.number(),
        scheduler: z.enum(SCHEDULER_NAMES),
        lcm: z.boolean(),
        loras: z.record(z.string(), z.number()),
        strength: z.number().nullable(),
        files: z.array(z.string()),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(path.join(GOLDEN, 'cases.json'), 'utf8')));
type GoldenCase = (typeof golden.cases)[number];

let folder = '';
let runner: Runner;
/** Fills calls with every row that may share one. */
let batching: Runner;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-pictures-'));
  for (const model of new Set(golden.cases.map((known) => known.model))) {
    writeTinyModel(model, path.join(folder, model));
    mkdirSync(path.join(folder, 'loras', model), { recursive: true });
    for (const [name, lora] of Object.entries(golden.loras)) {
      writeTinyLora(model, { name, ...lora }, path.join(folder, 'loras', model, `${name}.safetensors`));
    }
  }
  const options = {
    locateModel: async (model: string) => ({ source: path.join(folder, model) }),
    readPicture: async (_: string, size?: { readonly width: number; readonly height: number }) =>
      initPicture(size?.width ?? 64, size?.height ?? 64),
    cacheDir: path.join(folder, 'cache'),
    clipTokenizer: path.join(modelsFolder, 'clip'),
    threads: 1,
  };
  runner = createEngineRunner(options);
  batching = createEngineRunner({ ...options, policy: { maxRows: 16, order: 'round-robin' } });
});

afterAll(async () => {
  await runner.close(1000);
  await batching.close(1000);
  rmSync(folder, { recursive: true, force: true });
});

function requestOf(golden: GoldenCase): GenerationRequest {
  const { model, prompt, negative, seed, count, steps, guidance, width, height, scheduler, lcm, loras, strength } =
    golden;
  const loraFile = (name: string): string => path.join(folder, 'loras', model, `${name}.safetensors`);
  return defaultRequest({ id: model, defaults: { steps, guidance, width, height, scheduler } }, prompt, {
    negative,
    accelerator: lcm ? { kind: 'file', file: loraFile('lcm') } : { kind: 'none' },
    styles: Object.entries(loras).map(([id, weight]) => ({ id, file: loraFile(id), weight })),
    seed,
    count,
    init: strength === null ? undefined : { file: 'made up', strength },
  });
}

/** The picture that make_pictures.py starts from. */
function initPicture(width: number, height: number): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    data.set([Math.floor((x * 255) / (width - 1)), Math.floor((y * 255) / (height - 1)), (x * y) % 256], 3 * i);
  }
  return { width, height, data };
}

async function draw(request: GenerationRequest, on = runner): Promise<readonly Picture[]> {
  const pictures: Picture[] = [];
  const work = { kind: 'imagine', id: request.prompt, request, previewAfter: [] } as const;
  for await (const event of on.run(work, new AbortController().signal)) {
    if (event.kind === 'picture') {
      pictures[event.index] = event.picture;
    }
  }
  return pictures;
}

function largestDifference(a: Picture, b: Picture): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return a.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b.data[i]!)), 0);
}

describe('pictures', () => {
  it.each(golden.cases)('are those of diffusers: $name', async (golden) => {
    const pictures = await draw(requestOf(golden));
    expect(pictures.length).toBe(golden.files.length);
    for (const [k, file] of golden.files.entries()) {
      const expected = await decodePicture(await readFile(path.join(GOLDEN, file)));
      expect(largestDifference(pictures[k]!, expected)).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});

describe('a picture in company', () => {
  const named = (name: string): GenerationRequest => requestOf(golden.cases.find((known) => known.name === name)!);

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
    expect(largestDifference(first![0]!, alone!)).toBeLessThanOrEqual(TOLERANCE);
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
    expect(largestDifference(together[0]![0]!, alone[0]!)).toBeLessThanOrEqual(TOLERANCE);
    expect(largestDifference(together[0]![0]!, together[2]![0]!)).toBeGreaterThan(10);
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
      expect(largestDifference(together[k]![0]!, alone!)).toBeLessThanOrEqual(TOLERANCE);
    }
  });
});
