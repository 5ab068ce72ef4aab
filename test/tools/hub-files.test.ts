import { describe, expect, it } from 'vitest';

import { neededFiles } from '../../src/tools/hub-files.ts';

/** As published repositories look: everything in several formats and precisions. */
const REPOSITORY = [
  '.gitattributes',
  'README.md',
  'model_index.json',
  'v1-5-pruned.safetensors',
  'safety_checker/model.safetensors',
  'scheduler/scheduler_config.json',
  'text_encoder/config.json',
  'text_encoder/model.fp16.safetensors',
  'text_encoder/model.onnx',
  'text_encoder/model.safetensors',
  'text_encoder/openvino_model.safetensors',
  'text_encoder/pytorch_model.bin',
  'tokenizer/merges.txt',
  'tokenizer/vocab.json',
  'unet/config.json',
  'unet/diffusion_pytorch_model-00001-of-00002.safetensors',
  'unet/diffusion_pytorch_model-00002-of-00002.safetensors',
  'unet/diffusion_pytorch_model.fp16-00001-of-00001.safetensors',
  'unet/diffusion_pytorch_model.non_ema.safetensors',
  'unet/diffusion_pytorch_model.safetensors.index.fp16.json',
  'unet/diffusion_pytorch_model.safetensors.index.json',
  'unet/../../evil.safetensors',
  'vae/config.json',
  'vae/diffusion_pytorch_model.fp16.safetensors',
];

describe('neededFiles', () => {
  it('takes configs, tokenizers and the full weights, or the only ones there are', () => {
    expect(neededFiles(REPOSITORY, undefined)).toEqual([
      'model_index.json',
      'scheduler/scheduler_config.json',
      'text_encoder/config.json',
      'text_encoder/model.safetensors',
      'tokenizer/merges.txt',
      'tokenizer/vocab.json',
      'unet/config.json',
      'unet/diffusion_pytorch_model-00001-of-00002.safetensors',
      'unet/diffusion_pytorch_model-00002-of-00002.safetensors',
      'unet/diffusion_pytorch_model.safetensors.index.json',
      'vae/config.json',
      'vae/diffusion_pytorch_model.fp16.safetensors',
    ]);
  });

  it('takes half-size weights and their index where they are asked for', () => {
    expect(neededFiles(REPOSITORY, 'fp16').filter((path) => path.includes('model.'))).toEqual([
      'text_encoder/model.fp16.safetensors',
      'unet/diffusion_pytorch_model.fp16-00001-of-00001.safetensors',
      'unet/diffusion_pytorch_model.safetensors.index.fp16.json',
      'vae/diffusion_pytorch_model.fp16.safetensors',
    ]);
  });

  it('takes the LoRAs and upscalers of a model with a manifest of ours', () => {
    const ours = [
      'fourstep.json',
      'model_index.json',
      'lcm-lora.safetensors',
      'styles/ink.safetensors',
      'upscaler-x2/model.safetensors',
      'training/notes.md',
    ];
    expect(neededFiles(ours, undefined)).toEqual(ours.slice(0, 5));
  });
});
