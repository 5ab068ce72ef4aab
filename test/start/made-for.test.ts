/** Styles made for another state of a model are refused by name, and the model is read only where a style says something. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { CatalogModel } from '../../models/catalog.ts';
import { fingerprintOf, requireMadeFor } from '../../src/start/made-for.ts';
import { writeTensors } from '../support/safetensors-file.ts';

let folder: string;
let model: CatalogModel;

function train(value: number): void {
  const file = join(folder, 'model', 'unet', 'diffusion_pytorch_model.safetensors');
  writeTensors(file, [{ name: 'w', shape: [2], data: new Float32Array([value, 1]) }]);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-made-for-'));
  mkdirSync(join(folder, 'model', 'unet'), { recursive: true });
  train(1);
  const source = join(folder, 'model');
  model = { id: 'm', source, name: undefined, manifest: undefined, accelerators: undefined, isEmbedded: true };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('refuses a preset once its model is trained anew, table of words or not', async () => {
  const base = await fingerprintOf(folder, model);
  const presets = [{ id: 'neon', base }];
  await requireMadeFor(folder, model, { presets: [{ id: 'neon', base: `${base}.12345678` }] });
  await requireMadeFor(folder, model, { presets });
  train(2);
  await expect(requireMadeFor(folder, model, { presets })).rejects.toMatchObject({ code: 'style.base-changed' });
});

it('reads no model for styles that say nothing', async () => {
  rmSync(join(folder, 'model'), { recursive: true });
  const styles = { presets: [{ id: 'neon' }], files: [{ id: 'x', file: '/none', weight: 1 }] };
  await expect(requireMadeFor(folder, model, styles)).resolves.toBeUndefined();
});
