/**
 * Renames against diffusers' own (renames.json, from make_checkpoint.py): every tensor of a file with the published
 * names is numbered, so that where each went can be told from its bytes.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import {
  fromLdmUnetName,
  toLdmUnetName,
  unetTopology,
} from '../../../../src/engine/weights/checkpoint/ldm-unet-names.ts';
import { fromLdmVaeName, toLdmVaeName } from '../../../../src/engine/weights/checkpoint/ldm-vae-names.ts';
import { fromOpenClipName, toOpenClipName } from '../../../../src/engine/weights/checkpoint/open-clip-names.ts';
import { openCheckpoint, type TensorSource } from '../../../../src/engine/weights/index.ts';
import { Scratch, type FloatTensor } from '../scratch.ts';
import { CLIP, OPEN_CLIP, SD15_UNET, SDXL_UNET, VAE } from './ldm-names.ts';

const entry = z.object({ tensors: z.int(), sha256: z.string() });
const golden = z
  .object({ sd15_unet: entry, sdxl_unet: entry, vae: entry, clip: entry, open_clip: entry })
  .parse(JSON.parse(readFileSync(path.join(import.meta.dirname, '../../../golden/checkpoint/renames.json'), 'utf8')));

let scratch: Scratch;
beforeAll(async () => {
  scratch = await Scratch.make();
});
afterAll(() => scratch.remove());

/** Shapes that tell the layouts apart; everything else is one number. */
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  'input_blocks.0.0.weight': [1, 4],
  'input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight': [1, 768],
  text_projection: [2, 3],
};

/** Tensor k of `names` holds k, over and over. */
function numbered(
  prefix: string,
  names: readonly string[],
  more: Readonly<Record<string, readonly number[]>> = {},
): Record<string, FloatTensor> {
  const shapes = { ...SHAPES, ...more };
  return Object.fromEntries(
    names.map((name, k) => {
      const shape =
        shapes[name] ?? (name.endsWith('in_proj_weight') ? [3, 1] : name.endsWith('in_proj_bias') ? [3] : [1]);
      return [prefix + name, { shape, values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => k) }];
    }),
  );
}

async function note(source: TensorSource, names: readonly string[]): Promise<{ tensors: number; sha256: string }> {
  const lines: string[] = [];
  for (const name of source.names) {
    const [k = -1] = await source.readFloats(name);
    lines.push(`${names[k] ?? ''} ${name}`);
  }
  return { tensors: lines.length, sha256: createHash('sha256').update(lines.sort().join('\n')).digest('hex') };
}

const SD15 = {
  ...numbered('model.diffusion_model.', SD15_UNET),
  ...numbered('first_stage_model.', VAE),
  ...numbered('cond_stage_model.transformer.', CLIP),
};

describe('a checkpoint of SD 1.5', () => {
  it('has its UNet, VAE and text encoder where diffusers puts them', async () => {
    const more = {
      'model_ema.diffusion_modelout0weight': { shape: [1] },
      betas: { shape: [1] },
      'cond_stage_model.transformer.text_model.embeddings.position_ids': { shape: [1] },
    };
    const file = await scratch.floats('sd15.safetensors', { ...SD15, ...more });
    const { base, unet, vae, text, zerosForEmptyPrompt } = await openCheckpoint(file, scratch.path('cache'));
    expect({ base, zerosForEmptyPrompt, encoders: text.length }).toEqual({
      base: 'sd15',
      zerosForEmptyPrompt: false,
      encoders: 1,
    });
    expect(await note(unet.weights, SD15_UNET)).toEqual(golden.sd15_unet);
    expect(await note(vae.weights, VAE)).toEqual(golden.vae);
    expect(text[0]!.weights.names).toContain('text_model.embeddings.position_ids');
    expect(text[0]!.weights.names.length - 1).toBe(golden.clip.tensors);
  });

  it('with nine input channels is an inpainting model', async () => {
    const inpainting = numbered('model.diffusion_model.', SD15_UNET, { 'input_blocks.0.0.weight': [1, 9] });
    const file = await scratch.floats('inpainting.safetensors', { ...SD15, ...inpainting });
    expect((await openCheckpoint(file, scratch.path('cache'))).unet.config['in_channels']).toBe(9);
  });

  it('may spell its text encoder without the prefix', async () => {
    const bare = CLIP.map((name) => name.replace(/^text_model\./, ''));
    const file = await scratch.floats('bare.safetensors', {
      ...numbered('model.diffusion_model.', SD15_UNET),
      ...numbered('first_stage_model.', VAE),
      ...numbered('cond_stage_model.transformer.', bare),
    });
    const { text } = await openCheckpoint(file, scratch.path('cache'));
    expect([...text[0]!.weights.names].sort()).toEqual([...CLIP].sort());
  });
});

describe('a checkpoint of SDXL', () => {
  const names = {
    ...numbered('model.diffusion_model.', SDXL_UNET),
    ...numbered('first_stage_model.', VAE),
    ...numbered('conditioner.embedders.0.transformer.', CLIP),
    ...numbered('conditioner.embedders.1.model.', OPEN_CLIP),
  };

  it('has its UNet and both text encoders where diffusers puts them', async () => {
    const file = await scratch.floats('sdxl.safetensors', {
      ...names,
      'conditioner.embedders.1.model.logit_scale': { shape: [] },
    });
    const { base, unet, vae, text, zerosForEmptyPrompt, scheduler } = await openCheckpoint(file, scratch.path('cache'));
    expect({ base, zerosForEmptyPrompt, encoders: text.length }).toEqual({
      base: 'sdxl',
      zerosForEmptyPrompt: true,
      encoders: 2,
    });
    expect(scheduler['prediction_type']).toBe('epsilon');
    expect(await note(unet.weights, SDXL_UNET)).toEqual(golden.sdxl_unet);
    expect(await note(vae.weights, VAE)).toEqual(golden.vae);
    expect(await note(text[0]!.weights, CLIP)).toEqual(golden.clip);
    expect(await note(text[1]!.weights, OPEN_CLIP)).toEqual(golden.open_clip);
  });

  it('gives q, k and v as thirds of one matrix without a copy, and the projection turned', async () => {
    const joint = 'conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_weight';
    const file = await scratch.floats('turned.safetensors', {
      ...names,
      [joint]: { shape: [6, 2], values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] },
      'conditioner.embedders.1.model.text_projection': { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] },
    });
    const { text } = await openCheckpoint(file, scratch.path('cache'));
    const second = text[1]!.weights;
    const attention = 'text_model.encoder.layers.0.self_attn';
    expect(second.get(`${attention}.k_proj.weight`)).toMatchObject({ file, shape: [2, 2] });
    expect(await second.readFloats(`${attention}.q_proj.weight`)).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(await second.readFloats(`${attention}.k_proj.weight`)).toEqual(Float32Array.of(5, 6, 7, 8));
    expect(await second.readFloats(`${attention}.v_proj.weight`)).toEqual(Float32Array.of(9, 10, 11, 12));
    expect(second.get('text_projection.weight')?.shape).toEqual([3, 2]);
    expect(await second.readFloats('text_projection.weight')).toEqual(Float32Array.of(1, 4, 2, 5, 3, 6));
  });

  it('that was trained to predict v says so', async () => {
    const file = await scratch.floats('v.safetensors', { ...names, v_pred: { shape: [0] } });
    expect((await openCheckpoint(file, scratch.path('cache'))).scheduler['prediction_type']).toBe('v_prediction');
  });
});

describe('a checkpoint of SD 2.x', () => {
  it.each([
    { spread: 'a wide', bias: [0.3, -0.3, 0.2, -0.2], prediction: 'v_prediction' },
    { spread: 'a narrow', bias: [0.01, -0.01, 0.02, -0.02], prediction: 'epsilon' },
  ])('predicts $prediction where the sign has $spread spread', async ({ bias, prediction }) => {
    const file = await scratch.floats('sd2.safetensors', {
      ...numbered('model.diffusion_model.', SD15_UNET),
      ...numbered('first_stage_model.', VAE),
      ...numbered('cond_stage_model.model.', OPEN_CLIP),
      'model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias': { shape: [4], values: bias },
    });
    const { base, scheduler, text } = await openCheckpoint(file, scratch.path('cache'));
    expect({ base, pad: text[0]?.pad, prediction: scheduler['prediction_type'] }).toEqual({
      base: 'sd2',
      pad: '!',
      prediction,
    });
  });
});

describe('renames have inverses', () => {
  it.each([
    { net: 'SD 1.5', names: SD15_UNET, upAttention: [1, 2, 3] },
    { net: 'SDXL', names: SDXL_UNET, upAttention: [0, 1] },
  ])('for the UNet of $net', ({ names, upAttention }) => {
    const topology = { layersPerBlock: 2, upAttention: new Set(upAttention) };
    const renamed = names.map((name) => fromLdmUnetName(name, topology) ?? '');
    expect(renamed.map((name) => toLdmUnetName(name, topology))).toEqual(names);
    expect(unetTopology(renamed)).toEqual(topology);
  });

  it('for the VAE', () => {
    expect(VAE.map((name) => toLdmVaeName(fromLdmVaeName(name, 4) ?? '', 4))).toEqual(VAE);
  });

  it('for OpenCLIP, joint matrices and the projection apart', () => {
    const single = OPEN_CLIP.filter((name) => !/in_proj|text_projection/.test(name));
    expect(single.map((name) => toOpenClipName(fromOpenClipName(name) ?? ''))).toEqual(single);
  });

  it('and names of no UNet have none', () => {
    const topology = { layersPerBlock: 2, upAttention: new Set<number>() };
    for (const name of [
      '',
      'betas',
      'input_blocks',
      'input_blocks.x.0.op',
      'middle_block.3.in_layers.0.weight',
      'down_blocks.0.resnets.0.unknown',
    ]) {
      expect([fromLdmUnetName(name, topology), toLdmUnetName(name, topology)]).toEqual([undefined, undefined]);
    }
  });
});

describe('another checkpoint is refused', () => {
  it.each([
    { name: 'a ControlNet', tensors: { 'control_model.input_hint_block.0.weight': { shape: [1] } } },
    { name: 'Playground 2.5, which is sampled by EDM', tensors: { edm_mean: { shape: [4] } } },
    { name: 'CosXL, which is sampled by EDM', tensors: { 'edm_vpred.sigma_max': { shape: [1] } } },
    {
      name: 'Stable Diffusion 3',
      tensors: { 'model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight': { shape: [1] } },
    },
    { name: 'Flux', tensors: { 'double_blocks.0.img_attn.norm.key_norm.scale': { shape: [1] } } },
    {
      name: 'the SDXL refiner',
      tensors: { 'conditioner.embedders.0.model.transformer.resblocks.9.mlp.c_proj.bias': { shape: [1] } },
    },
    ...(
      [
        ['HiDream', 'double_stream_blocks.0.block.attn1.to_q.weight'],
        ['Z-Image', 'model.diffusion_model.noise_refiner.0.attention.qkv.weight'],
        ['LTX-Video', 'model.diffusion_model.transformer_blocks.0.scale_shift_table'],
        ['Sana', 'blocks.0.mlp.inverted_conv.conv.weight'],
        ['Stable Video Diffusion', 'model.diffusion_model.input_blocks.1.0.time_stack.in_layers.0.weight'],
        ['GLIGEN', 'model.diffusion_model.position_net.null_positive_feature'],
        ['a hypernetwork', '768.0.linear.0.weight'],
        ['a VAE by itself, which --vae takes', 'decoder.conv_in.weight'],
        ['a text encoder by itself', 'text_model.embeddings.token_embedding.weight'],
        ['a text encoder by itself', 'encoder.block.0.layer.0.SelfAttention.q.weight'],
        ['a UNet by itself', 'down_blocks.0.resnets.0.conv1.weight'],
      ] as const
    ).map(([name, tensor]) => ({ name, tensors: { [tensor]: { shape: [1] } } })),
    { name: 'a LoRA', tensors: { 'lora_unet_conv_in.lora_down.weight': { shape: [1] } } },
  ])('by name: $name', async ({ name, tensors }) => {
    const file = await scratch.floats('other.safetensors', tensors);
    await expect(openCheckpoint(file, scratch.path('cache'))).rejects.toMatchObject({
      code: 'checkpoint.kind',
      params: { found: name },
    });
  });

  it('when a part is missing, with the part’s name', async () => {
    const without = (prefix: string) =>
      Object.fromEntries(Object.entries(SD15).filter(([name]) => !name.startsWith(prefix)));
    for (const [prefix, part] of [
      ['model.', 'UNet'],
      ['first_stage_model.', 'VAE'],
      ['cond_stage_model.', 'text encoder'],
    ] as const) {
      const file = await scratch.floats('part.safetensors', without(prefix));
      await expect(openCheckpoint(file, scratch.path('cache'))).rejects.toMatchObject({
        code: 'checkpoint.parts',
        params: { missing: part },
      });
    }
  });
});
