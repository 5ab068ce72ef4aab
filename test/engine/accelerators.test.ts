/**
 * Whole pictures with every accelerator's recipe against diffusers, at every step count, with a style beside; how they
 * were made is in test/golden/make_accelerators.py.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { modelsFolder } from '../../config/paths.ts';
import { defaultRequest } from '../../src/core/default-request.ts';
import type { Picture } from '../../src/core/picture.ts';
import { RECIPE_NAMES, recipeOf, samplingOf } from '../../src/core/recipes.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import type { Runner } from '../../src/core/work.ts';
import { createEngineRunner } from '../../src/engine/index.ts';
import { GPU_POLICY } from '../../src/engine/scheduler.ts';
import { openOwnPicture } from '../../src/image/index.ts';
import { NO_PICTURES } from '../support/no-pictures.ts';
import { writeTinyLora, writeTinyModel } from '../support/tiny-model.ts';

// Several pictures of up to 50 steps at once: slow on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const GOLDEN = path.join(import.meta.dirname, '../golden/accelerators');
/** Of 255: what the nets' tolerances leave. */
const TOLERANCE = 2;

const golden = z
  .object({
    prompt: z.string(),
    negative: z.string(),
    seed: z.number(),
    side: z.number(),
    weights: z.record(z.string(), z.number()),
    loras: z.record(z.string(), z.object({ targets: z.array(z.string()), rank: z.number(), alpha: z.number() })),
    cases: z.array(
      z.object({
        model: z.string(),
        recipe: z.enum(RECIPE_NAMES),
        steps: z.number(),
        guidance: z.number(),
        strength: z.number().optional(),
        eta: z.number().optional(),
        timesteps: z.array(z.number()).optional(),
        file: z.string(),
        row: z.number(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(path.join(GOLDEN, 'cases.json'), 'utf8')));
type GoldenCase = (typeof golden.cases)[number];

let folder = '';
let runner: Runner;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-accelerators-'));
  for (const model of new Set(golden.cases.map((known) => known.model))) {
    writeTinyModel(model, path.join(folder, model));
    for (const [name, lora] of Object.entries(golden.loras)) {
      writeTinyLora(model, { name, ...lora }, loraFile(model, name));
    }
  }
  runner = createEngineRunner({
    locateModel: async (model: string) => ({ source: path.join(folder, model) }),
    ...NO_PICTURES,
    readPicture: async (_: string, size) => initPicture(size?.width ?? golden.side, size?.height ?? golden.side),
    cacheDir: path.join(folder, 'cache'),
    clipTokenizer: path.join(modelsFolder, 'clip'),
    policy: GPU_POLICY,
    threads: 1,
  });
});

afterAll(async () => {
  await runner.close(1000);
  rmSync(folder, { recursive: true, force: true });
});

function loraFile(model: string, name: string): string {
  return path.join(folder, `${model}-${name}.safetensors`);
}

function requestOf({ model, recipe, steps, guidance, strength, eta, timesteps }: GoldenCase): GenerationRequest {
  const sampling = samplingOf(recipe);
  const { side: width, side: height } = golden;
  return defaultRequest(
    { id: model, defaults: { steps, guidance, width, height, scheduler: sampling.scheduler } },
    golden.prompt,
    {
      negative: golden.negative,
      accelerator: { kind: 'file', file: loraFile(model, 'lcm'), weight: golden.weights['lcm'] },
      styles: [{ id: 'ink', file: loraFile(model, 'ink'), weight: golden.weights['ink'] ?? 0 }],
      recipe: { ...sampling, eta: eta ?? sampling.eta, grid: timesteps ?? sampling.grid },
      seed: golden.seed,
      init: strength === undefined ? undefined : { file: 'made up', strength },
    },
  );
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

async function draw(request: GenerationRequest): Promise<Uint8Array> {
  const work = { kind: 'imagine', id: 'golden', request, previewAfter: [] } as const;
  for await (const event of runner.run(work, new AbortController().signal)) {
    if (event.kind === 'picture') {
      return event.picture.data;
    }
  }
  throw new Error('no picture came');
}

describe('accelerated pictures', () => {
  // At once, so that pictures share calls: one by one they would take five times as long.
  it.concurrent.each(golden.cases)(
    'are those of diffusers: $model $recipe in $steps steps (strength $strength, eta $eta, timesteps $timesteps)',
    async (known) => {
      const pixels = await draw(requestOf(known));
      const sheet = await openOwnPicture(await readFile(path.join(GOLDEN, known.file)));
      const expected = sheet.data.subarray(known.row * pixels.length, (known.row + 1) * pixels.length);
      expect(pixels.length).toBe(golden.side ** 2 * 3);
      expect(Math.max(...pixels.map((value, i) => Math.abs(value - (expected[i] ?? Number.NaN))))).toBeLessThanOrEqual(
        TOLERANCE,
      );
    },
  );

  it.each(['sd15', 'sdxl'])('are compared at every step count of every recipe: %s', (model) => {
    const compared = new Set(
      golden.cases.filter((known) => known.model === model).map(({ recipe, steps }) => `${recipe} ${steps}`),
    );
    for (const name of RECIPE_NAMES) {
      const { only, least, most } = recipeOf(name).steps;
      for (const steps of only ?? Array.from({ length: most - least + 1 }, (_, k) => least + k)) {
        expect(compared).toContain(`${name} ${steps}`);
      }
    }
  });
});
