/** A style learnt from pictures, on the tiny SD 1.5: events, what a cut leaves behind, the file, and refusals. */
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { CancelledError, UserError } from '../../src/core/errors.ts';
import type { Picture } from '../../src/core/picture.ts';
import { openLora, openSafetensors } from '../../src/engine/weights/index.ts';
import { openBaseModel } from '../../src/train/base-model.ts';
import { styleRecipe } from '../../src/train/style-recipe.ts';
import { trainStyle, type StyleTrainingOptions } from '../../src/train/style-training.ts';
import type { TrainingEvent } from '../../src/train/training-run.ts';
import { writeTinyModel } from '../support/tiny-model.ts';
import { quietRun } from '../support/training-run.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fourstep-style-'));
  writeTinyModel('sd15', path.join(folder, 'model'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function picture(k: number, { width, height }: { readonly width: number; readonly height: number }): Picture {
  const data = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * (k + 3) + 40 * k) % 256);
  return { width, height, data };
}

async function options(name: string, changes: Partial<StyleTrainingOptions> = {}): Promise<StyleTrainingOptions> {
  const location = path.join(folder, 'model');
  const base = await openBaseModel({
    location,
    cacheDir: path.join(folder, 'cache'),
    clipTokenizer: path.join(location, 'tokenizer'),
    threads: 1,
  });
  return {
    base,
    pictures: [0, 1, 2].map((k) => ({
      caption: `a fox ${k}`,
      read: (size) => Promise.resolve(picture(k, size)),
    })),
    recipe: { ...styleRecipe(base.unet.config), steps: 4, batch: 2, rowsPerCall: 1, rank: 2, variantsPerPicture: 3 },
    size: { width: 64, height: 64 },
    seed: 7,
    out: path.join(folder, `${name}.safetensors`),
    notes: { title: name, trigger: 'foxy', license: 'CC0-1.0', baseHash: 'abc', date: '2026-01-02' },
    ...quietRun(path.join(folder, `${name}.checkpoint`)),
    ...changes,
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

describe('a style learnt from pictures', () => {
  it('goes on after a cut as if there had been none, bit for bit', async () => {
    const whole = await options('whole');
    const seen = await allOf(trainStyle(whole));
    expect(seen.map(({ kind }) => kind).join(' ')).toBe('encoded encoded encoded step step saved step step saved');
    // Cut in its third step, of which nothing is kept: the second was saved.
    const cut = await options('cut');
    await allOf(trainStyle(cut), 7);
    expect((await stat(cut.checkpoint)).size).toBeGreaterThan(0);
    const rest = await allOf(trainStyle(await options('cut')));
    expect(rest.flatMap((event) => (event.kind === 'step' ? [event.step] : []))).toEqual([3, 4]);
    const [one, other] = await Promise.all([whole.out, cut.out].map((file) => openSafetensors(file)));
    for (const name of one!.tensors.names) {
      expect(await other!.tensors.readFloats(name)).toEqual(await one!.tensors.readFloats(name));
    }
    await expect(stat(cut.checkpoint)).rejects.toThrow('ENOENT');
  });

  it('does not go on with a run of other pictures', async () => {
    await allOf(trainStyle(await options('other')), 6);
    const changed = await options('other', { seed: 8 });
    const steps = (await allOf(trainStyle(changed))).flatMap((event) => (event.kind === 'step' ? [event.step] : []));
    expect(steps).toEqual([1, 2, 3, 4]);
  });

  it('is a file that every reader of LoRAs knows, with where it comes from', async () => {
    const { out } = await options('file');
    await allOf(trainStyle(await options('file')));
    const lora = await openLora(out);
    const [group] = lora.groups;
    expect(lora.strays).toEqual([]);
    expect(group).toMatchObject({ rank: 2, alpha: 2 });
    const { tensors, metadata } = await openSafetensors(out);
    const stem = 'lora_unet_up_blocks_1_attentions_0_proj_in';
    expect(tensors.get(`${stem}.lora_down.weight`)?.shape).toEqual([2, 32]);
    expect(tensors.get(`${stem}.lora_up.weight`)?.shape).toEqual([32, 2]);
    expect(Object.fromEntries(metadata)).toMatchObject({
      ss_network_module: 'networks.lora',
      ss_network_dim: '2',
      ss_sd_model_hash: 'abc',
      'modelspec.title': 'file',
      'modelspec.license': 'CC0-1.0',
      'modelspec.trigger_phrase': 'foxy',
      'modelspec.date': '2026-01-02',
    });
    const up = await tensors.readFloats(`${stem}.lora_up.weight`);
    expect(up.every(Number.isFinite)).toBe(true);
    expect(up.some((value) => value !== 0)).toBe(true);
  });

  it('stops before the next call of the device when it is cancelled, and goes on from the step before', async () => {
    const abort = new AbortController();
    let calls = 0;
    const between = () => {
      calls += 1;
      if (calls === 7) {
        abort.abort(); // 3 pictures that fill their frames, two rows of the first step, then the second one of the second
      }
      return Promise.resolve();
    };
    const run = allOf(trainStyle(await options('cancelled', { between, signal: abort.signal })));
    await expect(run).rejects.toThrow(CancelledError);
    expect(calls).toBe(7);
    const rest = await allOf(trainStyle(await options('cancelled')));
    expect(rest.flatMap((event) => (event.kind === 'step' ? [event.step] : []))).toEqual([2, 3, 4]);
  });

  it('is refused where memory does not suffice, with both figures, before anything is opened', async () => {
    const refused = allOf(trainStyle(await options('large', { freeBytes: 1e8 })));
    await expect(refused).rejects.toThrow(
      /^Expected 0\.\d GB of free memory to train at this size, got 0\.1 GB; free some, or train at a smaller size\.$/,
    );
    await expect(refused).rejects.toBeInstanceOf(UserError);
    await expect(readFile(path.join(folder, 'large.safetensors'))).rejects.toThrow('ENOENT');
  });
});
