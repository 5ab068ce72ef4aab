import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openComponent } from '../../../src/engine/weights/index.ts';
import { currentName, renameAttention } from '../../../src/engine/weights/older-names.ts';
import { Scratch } from './scratch.ts';

let scratch: Scratch;
beforeEach(async () => {
  scratch = await Scratch.make();
});
afterEach(() => scratch.remove());

const ONE = { w: { shape: [1] } };

describe('the weights of a component', () => {
  it.each([
    {
      files: ['diffusion_pytorch_model.fp16.safetensors', 'diffusion_pytorch_model.safetensors'],
      taken: 'diffusion_pytorch_model.safetensors',
    },
    {
      files: ['model.fp16.safetensors', 'model.safetensors'],
      prefer: 'fp16' as const,
      taken: 'model.fp16.safetensors',
    },
    { files: ['model.fp16.safetensors', 'pytorch_model.bin'], taken: 'model.fp16.safetensors' },
    {
      files: ['diffusion_pytorch_model.non_ema.safetensors', 'diffusion_pytorch_model.fp16.safetensors'],
      taken: 'diffusion_pytorch_model.fp16.safetensors',
    },
    { files: ['diffusion_pytorch_model.non_ema.safetensors'], taken: 'diffusion_pytorch_model.non_ema.safetensors' },
  ])('come from $taken of $files', async ({ files, taken, prefer }) => {
    for (const file of files) {
      await scratch.floats(file, ONE);
    }
    expect((await openComponent(scratch.folder, prefer)).get('w')?.file).toBe(scratch.path(taken));
  });

  it('come from all shards that an index names', async () => {
    await scratch.floats('model-00001-of-00002.safetensors', { a: { shape: [1], values: [1] } });
    await scratch.floats('model-00002-of-00002.safetensors', { b: { shape: [1], values: [2] } });
    const places = { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' };
    await writeFile(scratch.path('model.safetensors.index.json'), JSON.stringify({ metadata: {}, weight_map: places }));
    const source = await openComponent(scratch.folder);
    expect([await source.readFloats('a'), await source.readFloats('b')]).toEqual([
      Float32Array.of(1),
      Float32Array.of(2),
    ]);
  });

  it.each([
    {
      what: 'a shard without the tensor',
      index: { weight_map: { b: 'model-1.safetensors' } },
      says: /"b" in "model-1\.safetensors"/,
    },
    {
      what: 'a shard outside the folder',
      index: { weight_map: { a: '../model-1.safetensors' } },
      says: /no \.safetensors file beside it/,
    },
    {
      what: 'a shard that is no safetensors',
      index: { weight_map: { a: 'model-1.bin' } },
      says: /no \.safetensors file beside it/,
    },
    { what: 'no list', index: [], says: /cannot be read/ },
  ])('are refused for an index with $what', async ({ index, says }) => {
    await scratch.floats('model-1.safetensors', { a: { shape: [1] } });
    await writeFile(scratch.path('model.safetensors.index.json'), JSON.stringify(index));
    await expect(openComponent(scratch.folder)).rejects.toMatchObject({ code: 'weights.index' });
    await expect(openComponent(scratch.folder)).rejects.toThrow(says);
  });

  it.each([
    'model.safetensors.index.fp16.json',
    'model.safetensors.fp16.index.json',
    'model.fp16.safetensors.index.json',
  ])('are found by an index whose variant stands anywhere: %s', async (name) => {
    await scratch.floats('model-1.fp16.safetensors', { a: { shape: [1] } });
    await writeFile(scratch.path(name), JSON.stringify({ weight_map: { a: 'model-1.fp16.safetensors' } }));
    expect((await openComponent(scratch.folder)).names).toEqual(['a']);
  });

  it('are refused for a missing shard with its path', async () => {
    await writeFile(
      scratch.path('model.safetensors.index.json'),
      JSON.stringify({ weight_map: { a: 'model-1.safetensors' } }),
    );
    await expect(openComponent(scratch.folder)).rejects.toMatchObject({
      code: 'weights.missing',
      params: { file: scratch.path('model-1.safetensors') },
    });
  });

  it('are refused by name when there are only pickles', async () => {
    await writeFile(scratch.path('diffusion_pytorch_model.bin'), '');
    await expect(openComponent(scratch.folder)).rejects.toMatchObject({
      code: 'weights.format',
      params: { file: 'diffusion_pytorch_model.bin' },
    });
  });

  it('are missed by path when there is nothing, or no folder', async () => {
    await mkdir(scratch.path('empty'));
    for (const folder of ['empty', 'absent']) {
      await expect(openComponent(scratch.path(folder))).rejects.toMatchObject({
        code: 'weights.missing',
        params: { file: scratch.path(folder) },
      });
    }
  });
});

describe('older names', () => {
  it('of a text encoder without its prefix become those with it', async () => {
    await scratch.floats('model.safetensors', {
      'embeddings.token_embedding.weight': { shape: [1] },
      'encoder.layers.0.mlp.fc1.weight': { shape: [1] },
      'final_layer_norm.bias': { shape: [1] },
      'text_projection.weight': { shape: [1] },
    });
    expect((await openComponent(scratch.folder)).names).toEqual([
      'text_model.embeddings.token_embedding.weight',
      'text_model.encoder.layers.0.mlp.fc1.weight',
      'text_model.final_layer_norm.bias',
      'text_projection.weight',
    ]);
  });

  it('of the autoencoder’s attention become today’s, and back', () => {
    const pairs = { query: 'to_q', key: 'to_k', value: 'to_v', proj_attn: 'to_out.0', group_norm: 'group_norm' };
    for (const [older, current] of Object.entries(pairs)) {
      const [from, to] = [older, current].map((name) => `decoder.mid_block.attentions.0.${name}.weight`) as [
        string,
        string,
      ];
      expect(currentName([])(from)).toBe(to);
      expect(renameAttention(to, 'from diffusers')).toBe(from);
    }
  });

  it('of other nets stay', () => {
    const name = path.posix.join('mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight');
    expect(currentName([name])(name)).toBe(name);
  });
});
