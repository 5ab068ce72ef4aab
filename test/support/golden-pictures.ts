/**
 * Whole pictures of the tiny random models as diffusers draws them: the cases of test/golden/make_pictures.py, their
 * requests, and an engine over the same models.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { z } from 'zod';

import { modelsFolder } from '../../config/paths.ts';
import { defaultRequest } from '../../src/core/default-request.ts';
import type { Picture } from '../../src/core/picture.ts';
import { DECODERS, type GenerationRequest } from '../../src/core/request.ts';
import { SCHEDULER_NAMES } from '../../src/core/sampling.ts';
import type { Runner } from '../../src/core/work.ts';
import type { createEngineRunner } from '../../src/engine/index.ts';
import { flattened, openOwnPicture } from '../../src/image/index.ts';
import { NO_PICTURES } from './no-pictures.ts';
import { writeTinyLora, writeTinyModel } from './tiny-model.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/pictures');

export const goldenCase = z.object({
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
  decoder: z.enum(DECODERS),
  files: z.array(z.string()),
});

export const goldenPictures = z
  .object({
    loras: z.record(z.string(), z.object({ targets: z.array(z.string()), rank: z.number(), alpha: z.number() })),
    cases: z.array(goldenCase),
  })
  .parse(JSON.parse(readFileSync(path.join(GOLDEN, 'cases.json'), 'utf8')));
type GoldenCase = z.infer<typeof goldenCase>;

/** Writes the models of the cases and their LoRAs into `folder`; gives the options of an engine over them. */
export function writeGoldenModels(folder: string): Parameters<typeof createEngineRunner>[0] {
  for (const model of new Set(goldenPictures.cases.map((known) => known.model))) {
    writeTinyModel(model, path.join(folder, model));
    mkdirSync(path.join(folder, 'loras', model), { recursive: true });
    for (const [name, lora] of Object.entries(goldenPictures.loras)) {
      writeTinyLora(model, { name, ...lora }, path.join(folder, 'loras', model, `${name}.safetensors`));
    }
  }
  writeTinyModel('taesd', path.join(folder, 'taesd'));
  return {
    locateModel: async (model) => ({ source: path.join(folder, model), tinyVae: path.join(folder, 'taesd', 'vae') }),
    ...NO_PICTURES,
    readPicture: async (_, size) => initPicture(size?.width ?? 64, size?.height ?? 64),
    cacheDir: path.join(folder, 'cache'),
    clipTokenizer: path.join(modelsFolder, 'clip'),
    threads: 1,
  };
}

export function goldenRequest(folder: string, golden: GoldenCase): GenerationRequest {
  const {
    model,
    prompt,
    negative,
    seed,
    count,
    steps,
    guidance,
    width,
    height,
    scheduler,
    lcm,
    loras,
    strength,
    decoder,
  } = golden;
  const loraFile = (name: string): string => path.join(folder, 'loras', model, `${name}.safetensors`);
  return defaultRequest({ id: model, defaults: { steps, guidance, width, height, scheduler } }, prompt, {
    negative,
    accelerator: lcm ? { kind: 'file', file: loraFile('lcm') } : { kind: 'none' },
    styles: Object.entries(loras).map(([id, weight]) => ({ id, file: loraFile(id), weight })),
    seed,
    count,
    decoder,
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

/** In the order of their index. */
export async function drawAll(runner: Runner, request: GenerationRequest): Promise<readonly Picture[]> {
  const pictures: Picture[] = [];
  const work = { kind: 'imagine', id: request.prompt, request, previewAfter: [] } as const;
  for await (const event of runner.run(work, new AbortController().signal)) {
    if (event.kind === 'picture') {
      pictures[event.index] = event.picture;
    }
  }
  return pictures;
}

/** As diffusers drew them. */
export function expectedPictures({ files }: GoldenCase): Promise<readonly Picture[]> {
  return Promise.all(
    files.map(async (file) => flattened(await openOwnPicture(await readFile(path.join(GOLDEN, file))))),
  );
}

/** Of 255; infinite where sizes differ. */
export function largestDifference(a: Picture | undefined, b: Picture | undefined): number {
  if (a === undefined || b === undefined || a.width !== b.width || a.height !== b.height) {
    return Number.POSITIVE_INFINITY;
  }
  return a.data.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b.data[i] ?? 0))), 0);
}
