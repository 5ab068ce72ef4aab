/** A style with matrices of the text encoder and a word of its own, on the tiny SD 1.5: how prompts come, and the file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openEmbeddings, openLora, openSafetensors } from '../../src/engine/weights/index.ts';
import { openBaseModel, type BaseModel } from '../../src/train/base-model.ts';
import { styleRecipe } from '../../src/train/style-recipe.ts';
import { trainStyle } from '../../src/train/style-training.ts';
import { textParts, textRow, wordBeginnings } from '../../src/train/text-learning.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { quietRun } from '../support/training-run.ts';

const LEARNING = { matrices: true, word: { word: 'zorble', vectors: 2, like: 'fox' } } as const;
const SIZE = { width: 64, height: 64 };
let folder = '';
let base: BaseModel;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fourstep-text-'));
  const location = path.join(folder, 'model');
  writeTinyModel('sd15', location);
  const clipTokenizer = path.join(location, 'tokenizer');
  base = await openBaseModel({ location, cacheDir: path.join(folder, 'cache'), clipTokenizer, threads: 1 });
});
afterAll(async () => {
  await base.release();
  await rm(folder, { recursive: true, force: true });
});

describe('text encoders that learn', () => {
  it('get the tokens of a caption, and places for each vector of the new word', async () => {
    const [encoder] = base.text;
    const row = textRow(base, LEARNING, 'a zorble fox', SIZE);
    const ids = [...(row['text_encoder.input_ids'] as BigInt64Array)].map(Number);
    const [article] = encoder!.idsOf('a');
    const [fox, ...rest] = encoder!.idsOf('fox');
    expect(ids).toHaveLength(encoder!.config.positions);
    expect(ids.slice(1, 5 + rest.length)).toEqual([article, 0, 0, fox, ...rest]);
    const places = row['text_encoder.new_places'] as Float32Array;
    expect([...places.keys()].filter((k) => places[k] === 1)).toEqual([2 * 2, 3 * 2 + 1]);
    // Without learning text, nothing of it is part of a step.
    expect(textParts(base, { matrices: false })).toEqual([]);
    const plain = textRow(base, { matrices: true }, 'a fox', SIZE);
    expect(Object.keys(plain)).toEqual(['text_encoder.input_ids']);
  });

  it('begin a new word as known ones', async () => {
    const values = (await wordBeginnings(base, LEARNING)).get('text_encoder.new_tokens');
    const [encoder] = base.text;
    const { features } = encoder!.config;
    const table = await encoder!.weights.readFloats('text_model.embeddings.token_embedding.weight');
    const known = encoder!.idsOf('fox');
    const second = known[1 % known.length]!;
    expect([...values!.subarray(features)]).toEqual([...table.subarray(second * features, (second + 1) * features)]);
  });

  it('are in the file under the names that other programs read, and the word beside', async () => {
    const out = path.join(folder, 'zorble.safetensors');
    const picture = (size: { width: number; height: number }) =>
      Promise.resolve({ ...size, data: Uint8Array.from({ length: 3 * size.width * size.height }, (_, i) => i % 251) });
    const events = trainStyle({
      base,
      pictures: [{ caption: 'a zorble fox', read: picture }],
      recipe: { ...styleRecipe(base.unet.config), steps: 2, batch: 1, rowsPerCall: 1, rank: 2, variantsPerPicture: 1 },
      text: LEARNING,
      size: SIZE,
      seed: 7,
      out,
      notes: { title: 'zorble', trigger: 'zorble', license: '', baseHash: 'abc', date: '2026-01-02' },
      ...quietRun(path.join(folder, 'checkpoint')),
    });
    for await (const event of events) {
      void event;
    }
    expect((await openLora(out)).strays).toEqual([]);
    const { tensors } = await openSafetensors(out);
    const up = await tensors.readFloats('lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_up.weight');
    expect(up.some((value) => value !== 0)).toBe(true);
    const [word] = await openEmbeddings(out, 'bundled');
    expect(word).toMatchObject({ word: 'zorble' });
    const [vectors] = word!.encoders;
    expect(vectors!.map(({ length }) => length)).toEqual([32, 32]);
    const begun = (await wordBeginnings(base, LEARNING)).get('text_encoder.new_tokens');
    expect([...vectors![0]!]).not.toEqual([...begun!.subarray(0, 32)]);
    expect(vectors![0]!.every(Number.isFinite)).toBe(true);
  });
});
