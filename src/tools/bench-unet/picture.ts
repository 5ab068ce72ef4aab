/**
 * A whole picture of SD 1.5 by the engine that draws for people, from its words to its pixels: text encoder, four steps at
 * guidance 1, the small autoencoder (TAESD) that shares its latents. Random weights of true size; speed only, no picture.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { modelsFolder } from '../../../config/paths.ts';
import { defaultRequest } from '../../core/default-request.ts';
import { createEngineRunner } from '../../engine/index.ts';
import {
  buildClipText,
  buildTinyDecoder,
  buildTinyEncoder,
  loweringFor,
  NO_WEIGHTS,
  parseAutoencoderTinyConfig,
  parseClipTextConfig,
} from '../../engine/nets/index.ts';
import { writeRandomPart } from './random-checkpoint.ts';

/** Facts of the published files. */
const CLIP_L = { hidden_size: 768, intermediate_size: 3072, num_attention_heads: 12, projection_dim: 768 };
const TAESD = { _class_name: 'AutoencoderTiny' };
const LCM = {
  _class_name: 'LCMScheduler',
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  set_alpha_to_one: true,
  steps_offset: 1,
};
const INDEX = {
  _class_name: 'StableDiffusionPipeline',
  scheduler: ['diffusers', 'LCMScheduler'],
  text_encoder: ['transformers', 'CLIPTextModel'],
  tokenizer: ['transformers', 'CLIPTokenizer'],
  unet: ['diffusers', 'UNet2DConditionModel'],
  vae: ['diffusers', 'AutoencoderTiny'],
};

const STEPS = 4;

/** Where a model's folder has its UNet. */
export function unetFile(model: string): string {
  return join(model, 'unet', 'diffusion_pytorch_model.safetensors');
}

export type PictureMeasurement = {
  /** Absolute: of a model, with the weights of its UNet. Gets the rest. */
  readonly model: string;
  readonly unet: Readonly<Record<string, unknown>>;
  readonly precision: 'fp32' | 'int8';
  /** Pixels. */
  readonly side: number;
  readonly rounds: number;
};

/** Seconds of one, least of `rounds` after a first that opens everything. */
export async function measurePicture({ model, unet, precision, side, rounds }: PictureMeasurement): Promise<number> {
  await writeRest(model, unet);
  const none = (): never => {
    throw new Error('no picture starts from another here');
  };
  const runner = createEngineRunner({
    locateModel: async () => ({ source: model }),
    readPicture: none,
    readMask: none,
    cacheDir: join(model, 'cache'),
    clipTokenizer: join(modelsFolder, 'clip'),
    startup: 'throughput',
  });
  const defaults = { steps: STEPS, guidance: 1, width: side, height: side, scheduler: 'lcm' } as const;
  // Other words for each: what was encoded is kept.
  const seconds = async (foxes: number): Promise<number> => {
    const prompt = `${foxes} red foxes in the snow, early morning`;
    const request = defaultRequest({ id: 'bench', defaults }, prompt, { precision });
    const startedAt = performance.now();
    for await (const _ of runner.run({ kind: 'imagine', id: 'bench', request, previewAfter: [] }, NEVER.signal)) {
      // Its end is what is waited for.
    }
    return (performance.now() - startedAt) / 1000;
  };
  try {
    await seconds(1);
    const all: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      all.push(await seconds(round + 2));
    }
    return Math.min(...all);
  } finally {
    await runner.close(0);
  }
}

const NEVER = new AbortController();

async function writeRest(model: string, unet: PictureMeasurement['unet']): Promise<void> {
  const direct = { lowering: loweringFor({ provider: 'cpu' }) };
  const tiny = parseAutoencoderTinyConfig(TAESD, 'taesd');
  await writeRandomPart(model, 'text_encoder', CLIP_L, [
    buildClipText(parseClipTextConfig(CLIP_L, 'clip'), NO_WEIGHTS, direct),
  ]);
  await writeRandomPart(model, 'vae', TAESD, [
    buildTinyEncoder(tiny, NO_WEIGHTS, direct),
    buildTinyDecoder(tiny, NO_WEIGHTS, direct),
  ]);
  const written = { 'model_index.json': INDEX, 'scheduler/scheduler_config.json': LCM, 'unet/config.json': unet };
  for (const [file, json] of Object.entries(written)) {
    await mkdir(dirname(join(model, file)), { recursive: true });
    await writeFile(join(model, file), JSON.stringify(json));
  }
  await cp(join(modelsFolder, 'clip'), join(model, 'tokenizer'), { recursive: true });
}
