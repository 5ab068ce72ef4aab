/**
 * A whole model of random weights in diffusers layout, of a published one's size: what a benchmark of a device needs where no
 * model can be had. Speed and rounding only, no picture.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { modelsFolder } from '../../../config/paths.ts';
import type { BenchDeviceOptions } from '../../adapters/cli/actions.ts';
import { parseAutoencoderConfig } from '../../engine/model/autoencoder.ts';
import {
  buildClipText,
  buildKLDecoder,
  buildKLEncoder,
  buildTinyDecoder,
  buildTinyEncoder,
  buildUNet,
  loweringFor,
  NO_WEIGHTS,
  parseClipTextConfig,
  parseUNetConfig,
} from '../../engine/nets/index.ts';
import type { Graph } from '../../engine/onnx/index.ts';
import { UNETS } from '../bench-unet/architectures.ts';
import { PUBLISHED_VAE } from '../bench-unet/decoder.ts';
import { writeRandomPart } from '../bench-unet/random-checkpoint.ts';

export type RandomArchitecture = NonNullable<BenchDeviceOptions['arch']>;

type Config = Readonly<Record<string, unknown>>;

export type RandomModel = {
  /** Pixels a side. */
  readonly side: number;
  readonly unet: Config;
  readonly vae: Config;
};

const CLIP_L = {
  architectures: ['CLIPTextModel'],
  hidden_size: 768,
  intermediate_size: 3072,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  max_position_embeddings: 77,
  vocab_size: 49_408,
  hidden_act: 'quick_gelu',
};
const CLIP_BIG_G = {
  ...CLIP_L,
  architectures: ['CLIPTextModelWithProjection'],
  hidden_size: 1280,
  intermediate_size: 5120,
  num_hidden_layers: 32,
  num_attention_heads: 20,
  projection_dim: 1280,
  hidden_act: 'gelu',
};
/** A UNet of two levels, for trials of the bench itself. */
const TINY = {
  unet: {
    block_out_channels: [32, 64],
    down_block_types: ['CrossAttnDownBlock2D', 'DownBlock2D'],
    up_block_types: ['UpBlock2D', 'CrossAttnUpBlock2D'],
    cross_attention_dim: 64,
    attention_head_dim: 4,
    norm_num_groups: 8,
    layers_per_block: 1,
    sample_size: 8,
  },
  vae: { ...PUBLISHED_VAE, block_out_channels: [8, 8, 16, 16], norm_num_groups: 8, layers_per_block: 1 },
  text: { ...CLIP_L, hidden_size: 64, intermediate_size: 128, num_hidden_layers: 2, num_attention_heads: 2 },
  side: 64,
};
const TAESD = { _class_name: 'AutoencoderTiny' };
const SCHEDULER = {
  _class_name: 'PNDMScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  steps_offset: 1,
};

/** Writes it to `folder`, its stand-in for the autoencoder (`taesd`) too. */
export async function writeRandomModel(arch: RandomArchitecture, folder: string): Promise<RandomModel> {
  const isTiny = arch === 'tiny';
  const facts = isTiny ? { config: TINY.unet, side: TINY.side } : UNETS[arch];
  const isLarge = !isTiny && arch !== 'sd15';
  const vae = isTiny ? TINY.vae : { ...PUBLISHED_VAE, sample_size: facts.side, force_upcast: isLarge };
  const lowering = loweringFor({ provider: 'cpu' });
  const write = (part: string, config: Config, graphs: readonly Graph[]) =>
    writeRandomPart(folder, part, config, graphs);
  const kl = parseAutoencoderConfig(vae, 'vae');
  const taesd = parseAutoencoderConfig(TAESD, 'taesd');
  if (kl.kind !== 'AutoencoderKL' || taesd.kind !== 'AutoencoderTiny') {
    throw new Error('Expected an AutoencoderKL and an AutoencoderTiny.');
  }
  await write('unet', facts.config, [buildUNet(parseUNetConfig(facts.config, arch), NO_WEIGHTS, { lowering })]);
  await write('vae', vae, [buildKLEncoder(kl, NO_WEIGHTS, { lowering }), buildKLDecoder(kl, NO_WEIGHTS, { lowering })]);
  await write('taesd', TAESD, [
    buildTinyEncoder(taesd, NO_WEIGHTS, { lowering }),
    buildTinyDecoder(taesd, NO_WEIGHTS, { lowering }),
  ]);
  const encoders: readonly Config[] = isTiny ? [TINY.text] : isLarge ? [CLIP_L, CLIP_BIG_G] : [CLIP_L];
  for (const [k, config] of encoders.entries()) {
    const suffix = k === 0 ? '' : `_${k + 1}`;
    const clip = buildClipText(parseClipTextConfig(config, 'text'), NO_WEIGHTS, { lowering });
    await write(`text_encoder${suffix}`, config, [clip]);
    await cp(path.join(modelsFolder, 'clip'), path.join(folder, `tokenizer${suffix}`), { recursive: true });
  }
  await mkdir(path.join(folder, 'scheduler'), { recursive: true });
  await writeFile(path.join(folder, 'scheduler', 'scheduler_config.json'), JSON.stringify(SCHEDULER));
  await writeFile(path.join(folder, 'model_index.json'), JSON.stringify(indexOf(encoders.length)));
  return { side: facts.side, unet: facts.config, vae };
}

function indexOf(encoders: number): Config {
  const xl = {
    text_encoder_2: ['transformers', 'CLIPTextModelWithProjection'],
    tokenizer_2: ['transformers', 'CLIPTokenizer'],
  };
  return {
    _class_name: encoders === 1 ? 'StableDiffusionPipeline' : 'StableDiffusionXLPipeline',
    scheduler: ['diffusers', 'PNDMScheduler'],
    text_encoder: ['transformers', 'CLIPTextModel'],
    tokenizer: ['transformers', 'CLIPTokenizer'],
    ...(encoders > 1 && xl),
    unet: ['diffusers', 'UNet2DConditionModel'],
    vae: ['diffusers', 'AutoencoderKL'],
  };
}
