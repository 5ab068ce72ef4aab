/** A model's own LCM-LoRA on the tiny SD 1.5: a cut run goes on bit for bit. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { openSafetensors } from '../../src/engine/weights/index.ts';
import { openBaseModel } from '../../src/train/base-model.ts';
import { distill, type DistillationOptions } from '../../src/train/distillation.ts';
import { distillationRecipe } from '../../src/train/distillation-recipe.ts';
import { ownPrompts } from '../../src/train/own-pictures.ts';
import type { TrainingEvent } from '../../src/train/training-run.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { quietRun } from '../support/training-run.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fourstep-distill-'));
  writeTinyModel('sd15', path.join(folder, 'model'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function options(name: string): Promise<DistillationOptions> {
  const location = path.join(folder, 'model');
  const base = await openBaseModel({
    location,
    cacheDir: path.join(folder, 'cache'),
    clipTokenizer: path.join(location, 'tokenizer'),
    threads: 1,
  });
  const recipe = distillationRecipe(base.unet.config);
  return {
    base,
    recipe: {
      ...recipe,
      rank: 4,
      steps: 4,
      batch: 2,
      rowsPerCall: 2,
      pictures: 4,
      pictureSteps: 2,
      learns: ({ module, kind }) => kind === 'linear' && module.startsWith('up_blocks.3.'),
    },
    size: { width: 64, height: 64 },
    seed: 3,
    out: path.join(folder, `${name}.safetensors`),
    notes: { title: name, trigger: '', license: '', baseHash: '', date: '2026-01-02' },
    ...quietRun(path.join(folder, `${name}.checkpoint`)),
  };
}

async function allOf(events: AsyncIterable<TrainingEvent>, stopAfter = Number.POSITIVE_INFINITY) {
  const seen: TrainingEvent[] = [];
  for await (const event of events) {
    seen.push(event);
    if (seen.length === stopAfter) {
      break;
    }
  }
  return seen;
}

it('draws its own pictures, and goes on after a cut as if there had been none', async () => {
  const whole = await options('whole');
  const seen = await allOf(distill(whole));
  expect(seen.filter(({ kind }) => kind === 'encoded')).toHaveLength(2);
  expect(seen.filter(({ kind }) => kind === 'saved').map((event) => 'step' in event && event.step)).toEqual([2, 4]);
  const cut = await options('cut');
  await allOf(distill(cut), 6); // in its third step
  const rest = await allOf(distill(await options('cut')));
  expect(rest.flatMap((event) => (event.kind === 'step' ? [event.step] : []))).toEqual([3, 4]);
  const [one, other] = await Promise.all([whole.out, cut.out].map((file) => openSafetensors(file)));
  for (const name of one!.tensors.names) {
    expect(await other!.tensors.readFloats(name)).toEqual(await one!.tensors.readFloats(name));
  }
  expect(one!.metadata.get('modelspec.title')).toBe('whole');
});

it('asks for different pictures', () => {
  const prompts = ownPrompts(128);
  expect(new Set(prompts).size).toBe(128);
});
