/**
 * Changes that are no low-rank pairs against what LyCORIS and PEFT make of the same files (test/golden/make_adapters.py).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { openComponent } from '../../../../src/engine/weights/index.ts';
import {
  inspectLora,
  loraModules,
  matchLora,
  mergeLora,
  openAddProduct,
  openLora,
  openSafetensors,
  type OpenedAddProduct,
  type TensorSource,
} from '../../../../src/engine/weights/index.ts';
import { writeTinyModel } from '../../../support/tiny-model.ts';
import { Scratch } from '../scratch.ts';

const GOLDEN = path.join(import.meta.dirname, '../../../golden/adapters');
const cases = z
  .array(z.object({ kind: z.string(), products: z.record(z.string(), z.array(z.number())) }))
  .parse(JSON.parse(readFileSync(path.join(GOLDEN, 'cases.json'), 'utf8')));
const KINDS: Readonly<Record<string, string>> = {
  loha: 'LoHa',
  'loha-tucker': 'LoHa',
  lokr: 'LoKr',
  'lokr-full': 'LoKr',
  'lokr-both': 'LoKr',
  'lokr-tucker': 'LoKr',
  'dora-in': 'DoRA',
  'dora-out': 'DoRA',
  'dora-loha': 'DoRA',
  'dora-lokr': 'DoRA',
  'dora-peft': 'DoRA',
  glora: 'GLoRA',
  ia3: 'IA3',
  'ia3-peft': 'IA3',
  full: 'full difference',
  norms: 'full difference',
  'bias-peft': 'LoRA',
};

let folder = '';
let unet: TensorSource;
let text: TensorSource;
let multiplier: OpenedAddProduct;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-dense-'));
  writeTinyModel('sd15', folder);
  unet = await openComponent(path.join(folder, 'unet'));
  text = await openComponent(path.join(folder, 'text_encoder'));
  multiplier = await openAddProduct();
});
afterAll(async () => {
  await multiplier.release();
  rmSync(folder, { recursive: true, force: true });
});

const nets = () => ({ unet, text_encoder: text });
const match = async (file: string) =>
  matchLora(await openLora(file), {
    base: 'other',
    nets: { unet: loraModules(unet), text_encoder: loraModules(text) },
    weights: nets(),
  });

describe.each(cases)('the change of $kind', ({ kind, products }) => {
  const file = path.join(GOLDEN, `${kind}.safetensors`);

  it('finds a place for all that the file holds, and says what it is', async () => {
    const found = await match(file);
    expect(found.unmatched).toEqual([]);
    expect(found.matched).toBe(found.modules);
    expect(await inspectLora(file)).toMatchObject({ kind: KINDS[kind], isUsable: true, strays: 0 });
  });

  it('is that of the original, to 2e-5 of the largest: both compute in fp32, in another order', async () => {
    const touched = new Set<string>();
    for (const net of ['unet', 'text_encoder'] as const) {
      const base = nets()[net];
      const merged = await mergeLora({
        base,
        file,
        match: () => match(file),
        net,
        weight: 1,
        cacheDir: folder,
        addProduct: multiplier.addProduct,
      });
      for (const name of base.names.filter((one) => merged.get(one) !== base.get(one))) {
        touched.add(`${net}/${name}`);
        const [before, after] = [await base.readFloats(name), await merged.readFloats(name)];
        const rows = base.get(name)?.shape[0] ?? 1;
        const columns = before.length / rows;
        const expected = products[`${net}/${name}`] ?? [];
        const limit = 2e-5 * Math.max(1, ...expected.map(Math.abs)) * Math.sqrt(columns);
        for (let row = 0; row < rows; row++) {
          let sum = 0;
          for (let column = 0; column < columns; column++) {
            const at = row * columns + column;
            sum += (after[at]! - before[at]!) * Math.cos(column);
          }
          expect(Math.abs(sum - expected[row]!), `${name} row ${row}`).toBeLessThan(limit);
        }
      }
    }
    expect([...touched].sort()).toEqual(Object.keys(products).sort());
  });
});

describe('a dense change', () => {
  let scratch: Scratch;
  beforeAll(async () => {
    scratch = await Scratch.make();
  });
  afterAll(() => scratch.remove());

  const base = async () =>
    (
      await openSafetensors(
        await scratch.floats('unet.safetensors', {
          'conv_in.weight': { shape: [4, 2], values: [1, 2, 3, 4, 5, 6, 7, 8] },
        }),
      )
    ).tensors;

  it('is refused with its size where the model has another', async () => {
    const file = await scratch.floats('a.safetensors', { 'lora_unet_conv_in.diff': { shape: [4, 3] } });
    const weights = { unet: await base() };
    const lora = await openLora(file);
    expect(() => matchLora(lora, { base: 'other', nets: {}, weights })).toThrow(
      /\[4, 3\] where "conv_in\.weight" is \[4, 2\]/,
    );
  });

  it('in the order of the oldest GLoRA files is W·a2·a1 + b2·b1', async () => {
    const stem = 'lora_unet_conv_in';
    const file = await scratch.floats('old.safetensors', {
      [`${stem}.a1.weight`]: { shape: [1, 2], values: [1, 2] },
      [`${stem}.a2.weight`]: { shape: [2, 1], values: [3, 4] },
      [`${stem}.b1.weight`]: { shape: [1, 2], values: [5, 6] },
      [`${stem}.b2.weight`]: { shape: [4, 1], values: [1, 0, 0, 2] },
    });
    const weights = await base();
    const merged = await mergeLora({
      base: weights,
      file,
      match: async () => matchLora(await openLora(file), { base: 'other', nets: {}, weights: { unet: weights } }),
      net: 'unet',
      weight: 0.5,
      cacheDir: scratch.path('cache'),
      addProduct: multiplier.addProduct,
    });
    const low = [11, 25, 39, 53]; // W · a2
    const expected = [1, 2, 3, 4, 5, 6, 7, 8].map((w, i) => {
      const [row, column] = [Math.floor(i / 2), i % 2];
      return w + 0.5 * (low[row]! * [1, 2][column]! + [1, 0, 0, 2][row]! * [5, 6][column]!);
    });
    expect(Array.from(await merged.readFloats('conv_in.weight'))).toEqual(expected);
  });

  it('has no effect in silence where its factors do not fit one another', async () => {
    const stem = 'lora_unet_conv_in';
    const file = await scratch.floats('bad.safetensors', {
      [`${stem}.hada_w1_a`]: { shape: [4, 2] },
      [`${stem}.hada_w1_b`]: { shape: [3, 2] },
      [`${stem}.hada_w2_a`]: { shape: [4, 2] },
      [`${stem}.hada_w2_b`]: { shape: [2, 2] },
    });
    const weights = await base();
    const merge = mergeLora({
      base: weights,
      file,
      match: async () => matchLora(await openLora(file), { base: 'other', nets: {}, weights: { unet: weights } }),
      net: 'unet',
      weight: 1,
      cacheDir: scratch.path('cache'),
      addProduct: multiplier.addProduct,
    });
    await expect(merge).rejects.toMatchObject({ code: 'lora.shape' });
  });
});
