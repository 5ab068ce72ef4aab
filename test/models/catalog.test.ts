import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Catalog } from '../../models/catalog.ts';
import { describeModel } from '../../models/describe-model.ts';

const MANIFEST = {
  id: 'tiny',
  name: 'Tiny',
  base: 'other',
  defaults: { width: 64, height: 64, steps: 4, guidance: 1, scheduler: 'lcm', strength: 0.7 },
  sizes: [64],
  styles: [{ id: 'ink', name: 'Ink', file: 'styles/ink.safetensors', weight: 1 }],
};

let folder: string;
let catalog: Catalog;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-catalog-'));
  for (const name of ['embedded/tiny', 'elsewhere/My Model']) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'fourstep.json'), JSON.stringify(MANIFEST));
  }
  catalog = new Catalog({ embedded: join(folder, 'embedded'), data: join(folder, 'data') });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('Catalog', () => {
  it('finds embedded models by id, and any folder by its path', async () => {
    expect((await catalog.find('tiny')).isEmbedded).toBe(true);
    expect((await catalog.find(join(folder, 'elsewhere/My Model'))).manifest?.name).toBe('Tiny');
  });

  it('says which is meant, or what there is, when a model is unknown', async () => {
    await expect(catalog.find('tinny')).rejects.toThrow(/got "tinny".*Did you mean tiny\?/);
    await expect(catalog.find('sdxl')).rejects.toThrow(/got "sdxl".*There are: tiny/);
  });

  it('adds by pointing, names it after the folder, and forgets it again', async () => {
    const added = await catalog.addModel({
      id: undefined,
      source: join(folder, 'elsewhere/My Model'),
      accelerators: [],
      name: 'Mine',
      vae: '/vae',
      tinyVae: '/taesd',
      strength: 0.45,
    });
    expect(added).toMatchObject({
      id: 'my-model',
      accelerators: [],
      vae: '/vae',
      tinyVae: '/taesd',
      manifest: { name: 'Mine' },
    });
    expect((await describeModel(added)).defaults.strength).toBe(0.45);
    expect((await describeModel(await catalog.find('tiny'))).defaults.strength).toBe(MANIFEST.defaults.strength);
    expect((await catalog.models()).map((model) => model.id)).toEqual(['tiny', 'my-model']);
    await expect(
      catalog.addModel({ id: 'my-model', source: folder, accelerators: undefined, name: undefined }),
    ).rejects.toThrow(/already/);
    await catalog.removeModel('my-model');
    expect((await catalog.models()).map((model) => model.id)).toEqual(['tiny']);
  });

  it('refuses ids that could leave the folder, missing sources, and removing what is embedded', async () => {
    await expect(
      catalog.addModel({ id: '../evil', source: folder, accelerators: undefined, name: undefined }),
    ).rejects.toThrow(/lower-case letters/);
    await expect(
      catalog.addModel({ id: 'a', source: join(folder, 'gone'), accelerators: undefined, name: undefined }),
    ).rejects.toThrow(/nothing is there/);
    await expect(catalog.removeModel('tiny')).rejects.toThrow(/part of the program/);
  });

  it('lists a model’s own styles and the operator’s for it', async () => {
    writeFileSync(join(folder, 'neon.safetensors'), 'x');
    const words = { name: 'Neon', model: 'tiny', weight: 0.8, trigger: 'neon', negative: '', description: '' };
    await catalog.addStyle('neon', join(folder, 'neon.safetensors'), words);
    const styles = await catalog.styles(await catalog.find('tiny'));
    expect(styles.map((style) => [style.id, style.origin.kind])).toEqual([
      ['ink', 'model'],
      ['neon', 'operator'],
    ]);
    expect(styles[0]?.file).toBe(join(folder, 'embedded/tiny/styles/ink.safetensors'));
    await catalog.removeStyle('neon');
    await expect(catalog.removeStyle('neon')).rejects.toThrow(/no added style "neon"/);
  });

  it('refuses an entry that is torn instead of guessing', async () => {
    mkdirSync(join(folder, 'data/models'), { recursive: true });
    writeFileSync(join(folder, 'data/models/half.json'), '{"source":');
    await expect(catalog.find('half')).rejects.toThrow(/not usable/);
  });

  it('gives no style the name of one of its model’s own, which would be drawn instead', async () => {
    const file = join(folder, 'mine.safetensors');
    writeFileSync(file, '');
    const words = { name: 'Ink', model: 'tiny', weight: 1, trigger: '', negative: '', description: '' };
    await expect(catalog.addStyle('ink', file, words)).rejects.toMatchObject({ code: 'style.taken' });
    await catalog.addStyle('wash', file, words);
    await expect(catalog.addStyle('wash', file, words)).rejects.toMatchObject({ code: 'style.taken' });
  });

  it('says of a model whose folder is gone where it was and what to do', async () => {
    const source = join(folder, 'elsewhere/My Model');
    await catalog.addModel({ id: 'mine', source, accelerators: undefined, name: undefined });
    rmSync(source, { recursive: true });
    await expect(describeModel(await catalog.find('mine'))).rejects.toMatchObject({
      code: 'model.gone',
      message: expect.stringContaining(`the model mine at ${source}`),
    });
  });
});
