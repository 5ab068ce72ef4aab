import { utimes } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LoraCache, type LoraTarget } from '../../../../src/engine/weights/index.ts';
import { Scratch } from '../scratch.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await Scratch.make();
});
afterEach(() => scratch.remove());

const LINEAR = {
  module: 'proj',
  kind: 'linear',
  inFeatures: 2,
  outFeatures: 3,
  kernel: [1, 1],
} as const satisfies LoraTarget;
const CONV = {
  module: 'conv_in',
  kind: 'conv',
  inFeatures: 1,
  outFeatures: 2,
  kernel: [1, 3],
} as const satisfies LoraTarget;
const MODEL = { base: 'other', targets: { unet: [LINEAR, CONV] } } as const;

/** Rank 2 for the matrix, 1 for the convolution, alpha 1. */
function write(first = 1): Promise<string> {
  return scratch.floats('style.safetensors', {
    'lora_unet_proj.lora_down.weight': { shape: [2, 2], values: [first, 2, 3, 4] },
    'lora_unet_proj.lora_up.weight': { shape: [3, 2], values: [5, 6, 7, 8, 9, 10] },
    'lora_unet_proj.alpha': { shape: [], values: [1] },
    'lora_unet_conv_in.lora_down.weight': { shape: [1, 1, 1, 3], values: [1, 2, 3] },
    'lora_unet_conv_in.lora_up.weight': { shape: [2, 1, 1, 1], values: [4, 5] },
  });
}

describe('a cached LoRA', () => {
  it('is laid out as the graph reads it, ranks padded with zeros', async () => {
    const { nets, match } = await new LoraCache(MODEL, 1e6).load(await write());
    expect(match).toMatchObject({ matched: 2, modules: 2, unmatched: [] });
    expect(nets.unet.modules.get('proj')).toEqual({
      rank: 2,
      bucket: 4,
      scale: 0.5,
      down: Float32Array.of(1, 3, 0, 0, 2, 4, 0, 0),
      up: Float32Array.of(5, 7, 9, 6, 8, 10, 0, 0, 0, 0, 0, 0),
    });
    expect(nets.unet.modules.get('conv_in')).toEqual({
      rank: 1,
      bucket: 4,
      scale: 1,
      down: Float32Array.of(1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      up: Float32Array.of(4, 0, 0, 0, 5, 0, 0, 0),
    });
    expect(nets.text_encoder.modules.size).toBe(0);
  });

  it('is read once, even when several ask at once', async () => {
    const cache = new LoraCache(MODEL, 1e6);
    const file = await write();
    const [a, b] = await Promise.all([cache.load(file), cache.load(file)]);
    expect(b).toBe(a);
    expect(await cache.load(file)).toBe(a);
  });

  it('is read anew when its file was replaced, and when there is room for one alone', async () => {
    const cache = new LoraCache(MODEL, 1);
    const file = await write();
    const old = await cache.load(file);
    await write(7);
    await utimes(file, 5, 5);
    const replaced = await cache.load(file);
    expect(replaced.nets.unet.modules.get('proj')?.down[0]).toBe(7);
    expect(replaced.nets.unet.id).not.toBe(old.nets.unet.id);
  });

  it('that cannot be read is refused, and asked for again later', async () => {
    const cache = new LoraCache(MODEL, 1e6);
    await expect(cache.load(scratch.path('style.safetensors'))).rejects.toMatchObject({ code: 'weights.missing' });
    await scratch.raw('style.safetensors', '[]');
    await expect(cache.load(scratch.path('style.safetensors'))).rejects.toMatchObject({ code: 'weights.header' });
    await write();
    expect((await cache.load(scratch.path('style.safetensors'))).match.matched).toBe(2);
  });
});
