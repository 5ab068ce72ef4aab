/**
 * Every spelling against what diffusers made of the same file; the fixtures and the numbers are from make_lora.py.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import {
  loraModules,
  matchLora,
  mergeLora,
  openAddProduct,
  openLora,
  openSafetensors,
  writeSafetensors,
  type LoraModule,
  type LoraNet,
  type TensorSource,
} from '../../../../src/engine/weights/index.ts';

const GOLDEN = path.join(import.meta.dirname, '../../../golden/lora');
const NETS = ['unet', 'text_encoder', 'text_encoder_2'] as const;
const goldenSchema = z.object({
  shapes: z.partialRecord(z.enum(NETS), z.record(z.string(), z.array(z.int()))),
  products: z.record(z.string(), z.array(z.number())),
});

describe.each([
  { base: 'sd15', spelling: 'kohya', modules: 91 },
  { base: 'sd15', spelling: 'lcm', modules: 79 },
  { base: 'sd15', spelling: 'peft', modules: 48 },
  { base: 'sd15', spelling: 'peft_metadata', modules: 48 },
  { base: 'sd15', spelling: 'diffusers_mid', modules: 48 },
  { base: 'sd15', spelling: 'diffusers_old', modules: 40 },
  { base: 'sdxl', spelling: 'kohya_sgm', modules: 281 },
  { base: 'sdxl', spelling: 'peft', modules: 34 },
  { base: 'sdxl', spelling: 'peft_metadata', modules: 34 },
  { base: 'sdxl', spelling: 'diffusers_mid', modules: 34 },
  { base: 'sdxl', spelling: 'diffusers_old', modules: 32 },
] as const)('a LoRA for a small $base, spelled as $spelling', ({ base, spelling, modules }) => {
  const golden = goldenSchema.parse(JSON.parse(readFileSync(path.join(GOLDEN, `${base}.json`), 'utf8')));
  const file = path.join(GOLDEN, `${base}_${spelling}.safetensors`);
  let folder: string;
  const nets: Partial<Record<LoraNet, TensorSource>> = {};
  const targets: Partial<Record<LoraNet, readonly LoraModule[]>> = {};

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'fourstep-lora-'));
    for (const net of NETS) {
      const shapes = golden.shapes[net];
      if (shapes !== undefined) {
        nets[net] = await writeNet(path.join(folder, `${net}.safetensors`), shapes);
        targets[net] = loraModules(nets[net]);
      }
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('finds a place for every one of its modules', async () => {
    const match = matchLora(await openLora(file), { base, nets: targets });
    expect(match).toMatchObject({ matched: modules, modules, unmatched: [] });
  });

  it('changes every weight as diffusers does, to 1e-5 of the largest change', async () => {
    const match = matchLora(await openLora(file), { base, nets: targets });
    const { addProduct, release } = await openAddProduct();
    let compared = 0;
    for (const net of NETS) {
      const source = nets[net];
      if (source === undefined) {
        continue;
      }
      const merged = await mergeLora({
        base: source,
        file,
        match: () => Promise.resolve(match),
        net,
        weight: 1,
        cacheDir: folder,
        addProduct,
      });
      for (const { module, shape } of match.parts[net]) {
        const change = await difference(merged, source, `${module}.weight`);
        const expected = golden.products[`${net}.${module}`] ?? [];
        const products = timesCosines(change, shape[0] ?? 0);
        const limit = 1e-5 * Math.max(1, ...expected.map(Math.abs)) * Math.sqrt(change.length);
        expect(products.length).toBe(expected.length);
        products.forEach((product, i) => expect(Math.abs(product - (expected[i] ?? NaN))).toBeLessThan(limit));
        compared++;
      }
    }
    await release();
    expect(compared).toBe(modules);
  });
});

/** Weights of the given shapes, near 1, different everywhere. */
async function writeNet(file: string, shapes: Readonly<Record<string, readonly number[]>>): Promise<TensorSource> {
  const tensors = Object.entries(shapes).map(([name, shape]) => ({
    name,
    dtype: 'F32' as const,
    shape,
    parts: async function* () {
      const length = shape.reduce((product, side) => product * side, 1);
      yield new Uint8Array(Float32Array.from({ length }, (_, i) => Math.sin(i + name.length)).buffer);
    },
  }));
  await writeSafetensors(file, tensors);
  return (await openSafetensors(file)).tensors;
}

async function difference(a: TensorSource, b: TensorSource, name: string): Promise<Float64Array> {
  const [left, right] = [await a.readFloats(name), await b.readFloats(name)];
  return Float64Array.from(left, (value, i) => value - (right[i] ?? NaN));
}

/** delta [out, n] times the vector cos(0 … n-1). */
function timesCosines(delta: Float64Array, out: number): readonly number[] {
  const n = delta.length / out;
  return Array.from({ length: out }, (_, row) =>
    delta.subarray(row * n, (row + 1) * n).reduce((sum, value, i) => sum + value * Math.cos(i), 0),
  );
}
