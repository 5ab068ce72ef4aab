/**
 * Weighted prompts, long ones, mixed concepts and learned words against the web UI's way of reading them on diffusers' nets;
 * how the pictures were made is in test/golden/make_prompts.py.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { modelsFolder } from '../../config/paths.ts';
import { defaultRequest } from '../../src/core/default-request.ts';
import type { Picture } from '../../src/core/picture.ts';
import type { GenerationRequest, StyleUse } from '../../src/core/request.ts';
import type { Runner, WorkEvent } from '../../src/core/work.ts';
import { createEngineRunner } from '../../src/engine/index.ts';
import { decodePicture } from '../../src/image/index.ts';
import { openSafetensors } from '../../src/engine/weights/index.ts';
import { writeTensors } from '../support/safetensors-file.ts';
import { NO_PICTURES } from '../support/no-pictures.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/prompts');
/** Of 255. */
const TOLERANCE = 2;

const cases = z
  .array(
    z.object({
      name: z.string(),
      model: z.string(),
      prompt: z.string(),
      negative: z.string(),
      guidance: z.number(),
      steps: z.number(),
      seed: z.number(),
      embeddings: z.array(z.string()),
    }),
  )
  .parse(JSON.parse(readFileSync(path.join(GOLDEN, 'cases.json'), 'utf8')));
type Case = (typeof cases)[number];

let folder = '';
let runner: Runner;
let batching: Runner;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-prompts-'));
  for (const model of new Set(cases.map((known) => known.model))) {
    writeTinyModel(model, path.join(folder, model));
  }
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

function requestOf(known: Case, changes: Partial<GenerationRequest> = {}): GenerationRequest {
  const { model, prompt, negative, guidance, steps, seed, embeddings } = known;
  const defaults = { steps, guidance, width: 64, height: 64, scheduler: 'ddim' } as const;
  return defaultRequest({ id: model, defaults }, prompt, {
    negative,
    promptGrammar: 'weighted',
    accelerator: { kind: 'none' },
    embeddings: embeddings.map((word) => ({ word, file: path.join(GOLDEN, `${word}.safetensors`) })),
    seed,
    ...changes,
  });
}

async function draw(request: GenerationRequest, on = runner): Promise<{ picture: Picture; notices: WorkEvent[] }> {
  const work = { kind: 'imagine', id: 'x', request, previewAfter: [] } as const;
  let picture: Picture | undefined;
  const notices: WorkEvent[] = [];
  for await (const event of on.run(work, new AbortController().signal)) {
    picture = event.kind === 'picture' ? event.picture : picture;
    notices.push(...(event.kind === 'notice' ? [event] : []));
  }
  return { picture: picture!, notices };
}

function largestDifference(a: Picture, b: Picture): number {
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0);
}

const golden = async (name: string): Promise<Picture> =>
  decodePicture(await readFile(path.join(GOLDEN, `${name}.png`)));
const named = (name: string): Case => cases.find((known) => known.name === name)!;

describe('a weighted prompt', () => {
  it.each(cases)('is drawn as the web UI reads it: $name', async (known) => {
    const { picture, notices } = await draw(requestOf(known));
    expect(notices).toEqual([]);
    expect(largestDifference(picture, await golden(known.name))).toBeLessThanOrEqual(TOLERANCE);
  });

  it('shares no call with prompts of another length, and draws the same beside them', async () => {
    const names = ['weights', 'long', 'long-weighted-guided', 'break', 'word'];
    const drawn = await Promise.all(names.map((name) => draw(requestOf(named(name)), batching)));
    for (const [k, name] of names.entries()) {
      expect(largestDifference(drawn[k]!.picture, await golden(name))).toBeLessThanOrEqual(TOLERANCE);
    }
  });

  it('without marks is the plain prompt to the last bit, and a plain one keeps its brackets', async () => {
    const plain = requestOf(named('weights'), { prompt: 'a blue fox', promptGrammar: 'plain' });
    const weighted = await draw({ ...plain, promptGrammar: 'weighted' });
    expect(weighted.picture).toEqual((await draw(plain)).picture);
    const bracketed = await draw({ ...plain, prompt: 'a (blue:1.4) fox' });
    expect(largestDifference(bracketed.picture, weighted.picture)).toBeGreaterThan(10);
  });

  it('names what it does not find, and draws the rest', async () => {
    const request = requestOf(named('weights'), {
      prompt: 'a blue fox<lora:ink:0.8>',
      negative: 'embedding:easynegative',
    });
    const { picture, notices } = await draw(request);
    expect(notices).toMatchObject([
      { code: 'prompt.lora', params: { name: 'ink' } },
      { code: 'prompt.embedding', params: { name: 'easynegative' } },
    ]);
    expect(picture).toEqual((await draw({ ...request, prompt: 'a blue fox', negative: '' })).picture);
  });

  /** A LoRA without effect, and a word of two vectors of `features` numbers that comes with it. */
  function bundledStyle(name: string, features: number, data: Float32Array<ArrayBuffer>): StyleUse {
    const stem = 'lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q';
    const file = path.join(folder, `${name}.safetensors`);
    writeTensors(file, [
      { name: `${stem}.lora_down.weight`, shape: [4, 32], data: new Float32Array(128) },
      { name: `${stem}.lora_up.weight`, shape: [32, 4], data: new Float32Array(128) },
      { name: 'bundle_emb.inkling.emb_params', shape: [2, features], data },
    ]);
    return { id: name, file, weight: 1 };
  }

  it('reads a word that comes with a LoRA, by its name', async () => {
    const { tensors } = await openSafetensors(path.join(GOLDEN, 'inkling.safetensors'));
    const style = bundledStyle('bundled', 32, await tensors.readFloats('emb_params'));
    const { picture, notices } = await draw(requestOf(named('word'), { embeddings: [], styles: [style] }));
    expect(notices).toEqual([]);
    expect(largestDifference(picture, await golden('word'))).toBeLessThanOrEqual(TOLERANCE);
  });

  it('uses a LoRA whose word is of another base without that word, and says so', async () => {
    const style = bundledStyle('elsewhere', 48, new Float32Array(96));
    const request = requestOf(named('weights'), { styles: [style] });
    const { picture, notices } = await draw(request);
    expect(notices).toMatchObject([
      { code: 'embedding.bundled', params: { file: 'elsewhere.safetensors', words: 'inkling' } },
    ]);
    expect(largestDifference(picture, await golden('weights'))).toBeLessThanOrEqual(TOLERANCE);
  });

  it('reads the vectors of the one word that there is by their numbers, as pivotal tuning’s authors write them', async () => {
    const known = named('word');
    expect(known.prompt).toContain('inkling');
    const byNumber = known.prompt.replace('inkling', '<s0><s1>');
    const { picture, notices } = await draw(requestOf(known, { prompt: byNumber }));
    expect(notices).toEqual([]);
    expect(largestDifference(picture, await golden('word'))).toBeLessThanOrEqual(TOLERANCE);
  });

  it('names numbered vectors that there are none of', async () => {
    const request = requestOf(named('word'), { prompt: 'a <s0><s7> fox' });
    const { picture, notices } = await draw(request);
    expect(notices).toMatchObject([{ code: 'prompt.embedding', params: { name: '<s7>' } }]);
    expect(picture).toEqual((await draw({ ...request, prompt: 'a <s0> fox' })).picture);
  });

  it('is refused with a word of unequal vectors for its two encoders', async () => {
    const file = path.join(folder, 'unequal.safetensors');
    writeTensors(file, [
      { name: 'clip_l', shape: [1, 32], data: new Float32Array(32) },
      { name: 'clip_g', shape: [2, 32], data: new Float32Array(64) },
    ]);
    const request = requestOf(named('sdxl-weights'), { embeddings: [{ word: 'inkling', file }] });
    await expect(draw(request)).rejects.toMatchObject({ code: 'embedding.lengths' });
  });

  it('is refused where the weights of its concepts add up to nothing', async () => {
    const request = requestOf(named('weights'), { prompt: 'a fox::1 a cat::-1' });
    await expect(draw(request)).rejects.toMatchObject({ code: 'prompt.weights', params: { sum: 0 } });
  });

  it('is refused with a word of another base', async () => {
    const file = path.join(GOLDEN, 'inkling.safetensors');
    const request = requestOf(named('sdxl-weights'), { embeddings: [{ word: 'inkling', file }] });
    await expect(draw(request)).rejects.toMatchObject({ code: 'embedding.base' });
  });
});
