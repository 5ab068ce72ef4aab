/** Matrices as graphs have them, into a file as readers have them. */
import { expect, it } from 'vitest';

import { openEmbeddings, openSafetensors } from '../../src/engine/weights/index.ts';
import { writeLora } from '../../src/train/lora-writer.ts';
import { Scratch } from '../engine/weights/scratch.ts';

it('turns matrices, keeps kernels and 1×1 convolutions, and names nets as kohya does', async () => {
  const scratch = await Scratch.make();
  try {
    const file = scratch.path('lora.safetensors');
    const learnt = [
      { name: 'mid.proj_in.lora_down', shape: [3, 2], values: Float32Array.of(1, 2, 3, 4, 5, 6) },
      { name: 'mid.proj_in.lora_up', shape: [2, 1], values: Float32Array.of(7, 8) },
      { name: 'text_encoder_2.text_model.q_proj.lora_down', shape: [2, 1], values: Float32Array.of(1, 2) },
      { name: 'conv1.lora_down', shape: [1, 1, 1, 2], values: Float32Array.of(5, 6) },
    ];
    await writeLora(file, learnt, (module) => module === 'mid.proj_in', {
      title: 'a style',
      base: 'sdxl',
      baseHash: '',
      license: '',
      trigger: '',
      rank: 2,
      steps: 10,
      batch: 1,
      rate: 1e-4,
      seed: 0,
      pictures: 5,
      width: 64,
      height: 32,
      prediction: 'epsilon',
      date: '2026-01-02',
    });
    const { tensors, metadata } = await openSafetensors(file);
    expect(tensors.get('lora_unet_mid_proj_in.lora_down.weight')?.shape).toEqual([2, 3, 1, 1]);
    expect([...(await tensors.readFloats('lora_unet_mid_proj_in.lora_down.weight'))]).toEqual([1, 3, 5, 2, 4, 6]);
    expect(tensors.get('lora_unet_mid_proj_in.lora_up.weight')?.shape).toEqual([1, 2, 1, 1]);
    expect([...(await tensors.readFloats('lora_unet_mid_proj_in.alpha'))]).toEqual([2]);
    expect(tensors.get('lora_te2_text_model_q_proj.lora_down.weight')?.shape).toEqual([1, 2]);
    expect(tensors.get('lora_unet_conv1.lora_down.weight')?.shape).toEqual([1, 1, 1, 2]);
    expect(metadata.get('ss_resolution')).toBe('(64, 32)');
    expect(metadata.get('modelspec.architecture')).toBe('stable-diffusion-xl-v1-base/lora');
    expect(metadata.has('modelspec.trigger_phrase')).toBe(false);
  } finally {
    await scratch.remove();
  }
});

it('puts the vectors of a new word beside the matrices, or into a file of their own', async () => {
  const scratch = await Scratch.make();
  try {
    const [file, wordFile] = [scratch.path('word.safetensors'), scratch.path('apart.safetensors')];
    const vectors = { shape: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const down = { name: 'mid.to_q.lora_down', shape: [1, 1], values: Float32Array.of(1) };
    const one = [down, { name: 'text_encoder.new_tokens', ...vectors }];
    const run = { rank: 1, steps: 1, batch: 1, rate: 1, seed: 0, pictures: 5, width: 64, height: 64 };
    const named = {
      title: '',
      baseHash: '',
      license: '',
      trigger: 'zorble',
      prediction: 'epsilon',
      date: '2026-01-02',
    };
    const notes = { ...run, ...named, base: 'sd15' } as const;
    await writeLora(file, one, () => false, notes);
    expect(await openEmbeddings(file, 'bundled')).toMatchObject([{ word: 'zorble', encoders: [[{ length: 3 }, {}]] }]);
    await writeLora(file, one, () => false, { ...notes, wordFile });
    expect(await openEmbeddings(file, 'bundled')).toEqual([]);
    expect(await openEmbeddings(wordFile)).toMatchObject([{ word: 'zorble', encoders: [[{ length: 3 }, {}]] }]);
    const two = [...one, { name: 'text_encoder_2.new_tokens', ...vectors }];
    await writeLora(file, two, () => false, { ...notes, wordFile });
    expect((await openSafetensors(wordFile)).tensors.names.toSorted()).toEqual(['clip_g', 'clip_l']);
  } finally {
    await scratch.remove();
  }
});
