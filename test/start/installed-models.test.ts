import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { packageFolder } from '../../config/paths.ts';
import { Catalog } from '../../models/catalog.ts';
import { InstalledModels } from '../../src/start/installed-models.ts';

let folder: string;
let catalog: Catalog;
const fingerprints = { of: async () => 'f' };

function writeModel(name: string): string {
  const source = join(folder, name);
  mkdirSync(source, { recursive: true });
  const defaults = { width: 64, height: 64, steps: 4, guidance: 1, scheduler: 'lcm' };
  const manifest = { id: name, name, base: 'other', defaults, sizes: [64], styles: [] };
  writeFileSync(join(source, 'fourstep.json'), JSON.stringify(manifest));
  return source;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-installed-'));
  catalog = new Catalog({ embedded: join(folder, 'embedded'), data: join(folder, 'data') });
  writeModel('embedded/tiny');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('InstalledModels', () => {
  it('leaves out a model whose files are gone and tells it, instead of keeping the bot from starting', async () => {
    const source = writeModel('mine');
    await catalog.addModel({ id: 'mine', source, accelerators: undefined, name: undefined });
    rmSync(source, { recursive: true });
    const told: unknown[] = [];
    const models = await InstalledModels.open({ catalog, fingerprints }, 'tiny', (error) => told.push(error));
    models.close();
    expect(models.list().map(({ manifest }) => manifest.id)).toEqual(['tiny']);
    expect(told).toEqual([expect.objectContaining({ code: 'model.gone' })]);
  });

  it('has each style as the catalog has it, the words to keep out and all, and the model’s fingerprint', async () => {
    const file = join(folder, 'ink.safetensors');
    writeFileSync(file, '');
    const words = { name: 'Ink', model: 'tiny', weight: 0.7, trigger: 'ink', negative: 'colour', description: 'black' };
    const added = await catalog.addStyle('ink', file, words);
    const models = await InstalledModels.open({ catalog, fingerprints }, 'tiny', () => undefined);
    models.close();
    expect(models.list()[0]).toMatchObject({ styles: [added], fingerprint: 'f' });
    expect(added.negative).toBe('colour');
  });

  it('says what a model is drawn in as of now', async () => {
    let precision: 'fp32' | 'int8' = 'fp32';
    const wishesOf = async () => ({ precision: () => precision, decoder: 'full' as const });
    const models = await InstalledModels.open({ catalog, fingerprints, wishesOf }, 'tiny', () => undefined);
    models.close();
    expect(models.list()[0]?.manifest.precision).toBe('fp32');
    precision = 'int8';
    expect(models.list()[0]?.manifest.precision).toBe('int8');
  });

  it('says which models have a tiny decoder too', async () => {
    mkdirSync(join(writeModel('embedded/both'), 'taesd'));
    const models = await InstalledModels.open({ catalog, fingerprints }, 'tiny', () => undefined);
    models.close();
    const found = models.list().map(({ manifest, hasTinyDecoder }) => [manifest.id, hasTinyDecoder]);
    expect(found).toEqual([
      ['tiny', false],
      ['both', true],
    ]);
  });

  it('does not wait for a fingerprint that takes long', async () => {
    const slow = { of: () => new Promise<string>(() => undefined) };
    const models = await InstalledModels.open({ catalog, fingerprints: slow }, 'tiny', () => undefined);
    models.close();
    expect(models.list()[0]?.fingerprint).toBeUndefined();
  });

  it('refuses to open without the usual one', async () => {
    await expect(InstalledModels.open({ catalog, fingerprints }, 'nowhere', () => undefined)).rejects.toMatchObject({
      code: 'model.unknown',
    });
  });

  it('says what a model reads of a prompt, by the table of words beside it', async () => {
    const moji = new Catalog({ embedded: join(packageFolder, 'models'), data: join(folder, 'data') });
    const models = await InstalledModels.open({ catalog: moji, fingerprints }, 'moji', () => undefined);
    models.close();
    const [{ reads } = {}] = models.list();
    expect(await reads?.('ein roter Fuchs')).toBe('a red fox');
    expect(await reads?.('a fox')).toBe('a fox');
  });
});
