/**
 * Whole pictures in styles that are no low-rank pairs, alone and beside an ordinary style, against LyCORIS and PEFT on
 * diffusers' pipeline; how they were made is in test/golden/make_adapters.py.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { modelsFolder } from '../../config/paths.ts';
import type { Picture } from '../../src/core/picture.ts';
import type { GenerationRequest, StyleUse } from '../../src/core/request.ts';
import { defaultRequest } from '../../src/core/default-request.ts';
import type { Runner } from '../../src/core/work.ts';
import { createEngineRunner } from '../../src/engine/index.ts';
import { decodePicture } from '../../src/image/index.ts';
import { NO_PICTURES } from '../support/no-pictures.ts';
import { writeTinyLora, writeTinyModel } from '../support/tiny-model.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/adapters');
/** Of 255. */
const TOLERANCE = 2;
const ATTENTION = ['to_q', 'to_k', 'to_v', 'to_out.0', 'proj_in', 'proj_out', 'ff.net.0.proj', 'ff.net.2'];
const CONVOLUTIONS = ['conv1', 'conv2', 'conv_shortcut', 'downsamplers.0.conv', 'upsamplers.0.conv', 'time_emb_proj'];

const cases = z
  .array(
    z.object({
      kind: z.string(),
      pictures: z.array(z.object({ file: z.string(), strength: z.number(), style: z.string().nullable() })),
    }),
  )
  .parse(JSON.parse(readFileSync(path.join(GOLDEN, 'cases.json'), 'utf8')));

let folder = '';
let runner: Runner;
let batching: Runner;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-adapters-'));
  writeTinyModel('sd15', path.join(folder, 'sd15'));
  mkdirSync(path.join(folder, 'loras'));
  const lcm = { name: 'lcm', targets: [...ATTENTION, ...CONVOLUTIONS], rank: 8, alpha: 4 };
  writeTinyLora('sd15', lcm, path.join(folder, 'loras/lcm.safetensors'));
  writeTinyLora(
    'sd15',
    { name: 'ink', targets: ATTENTION, rank: 4, alpha: 4 },
    path.join(folder, 'loras/ink.safetensors'),
  );
  const options = {
    locateModel: async (model: string) => ({ source: path.join(folder, model) }),
    ...NO_PICTURES,
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

function requestFor(styles: readonly StyleUse[]): GenerationRequest {
  const defaults = { steps: 4, guidance: 1, width: 64, height: 64, scheduler: 'lcm' } as const;
  return defaultRequest({ id: 'sd15', defaults }, 'a fox on blue', {
    accelerator: { kind: 'file', file: path.join(folder, 'loras/lcm.safetensors') },
    styles,
    seed: 5,
  });
}

const use = (kind: string, weight: number): StyleUse => ({
  id: kind,
  file: path.join(GOLDEN, `${kind}.safetensors`),
  weight,
});
const ink = (): StyleUse => ({ id: 'ink', file: path.join(folder, 'loras/ink.safetensors'), weight: 1 });

async function draw(request: GenerationRequest, on = runner): Promise<Picture> {
  const work = { kind: 'imagine', id: 'x', request, previewAfter: [] } as const;
  let picture: Picture | undefined;
  for await (const event of on.run(work, new AbortController().signal)) {
    expect(event.kind).not.toBe('notice');
    picture = event.kind === 'picture' ? event.picture : picture;
  }
  return picture!;
}

async function differenceFrom(file: string, picture: Picture): Promise<number> {
  const expected = await decodePicture(await readFile(path.join(GOLDEN, file)));
  return picture.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.data[i]!)), 0);
}

describe.each(cases)('a picture in a style of kind $kind', ({ kind, pictures }) => {
  it.each(pictures)('is $file of the original', async ({ file, strength, style }) => {
    const loras = [use(kind, strength), ...(style === null ? [] : [ink()])];
    expect(await differenceFrom(file, await draw(requestFor(loras)))).toBeLessThanOrEqual(TOLERANCE);
  });
});

const mergedOnce = ['norms', 'full', 'lokr', 'dora-out'].flatMap((kind) =>
  cases.flatMap((known) =>
    known.kind === kind
      ? known.pictures.filter(({ strength }) => strength === 1).map((picture) => ({ kind, ...picture }))
      : [],
  ),
);

describe('an accelerator', () => {
  it.each(mergedOnce)('counts with its norms and its text encoder’s parts: $file', async ({ kind, ...known }) => {
    // The other way round: what is a style in the picture is the accelerator, and the picture's accelerator a style.
    const lcm = { id: 'lcm', file: path.join(folder, 'loras/lcm.safetensors'), weight: 1 };
    const { file } = use(kind, 1);
    const picture = await draw({ ...requestFor([lcm]), accelerator: { kind: 'file', file } });
    expect(await differenceFrom(known.file, picture)).toBeLessThanOrEqual(TOLERANCE);
  });
});

describe('styles that are merged', () => {
  it('share no call with others, more of them at once than stay open', async () => {
    const kinds = ['loha', 'lokr', 'dora-in', 'glora', 'ia3', 'full', 'norms'];
    const drawn = await Promise.all([
      ...kinds.map((kind) => draw(requestFor([use(kind, 1)]), batching)),
      draw(requestFor([use('loha', 0.6), ink()]), batching),
    ]);
    for (const [k, file] of [...kinds.map((kind) => `${kind}.png`), 'loha-beside.png'].entries()) {
      expect(await differenceFrom(file, drawn[k]!)).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  it('are merged anew where their file is gone', async () => {
    await draw(requestFor([use('lokr', 1)]));
    for (const beside of ['unet', 'text_encoder']) {
      rmSync(path.join(folder, 'sd15', beside, '.fourstep'), { recursive: true });
    }
    expect(await differenceFrom('lokr.png', await draw(requestFor([use('lokr', 1)])))).toBeLessThanOrEqual(TOLERANCE);
  });
});
