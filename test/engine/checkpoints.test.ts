/**
 * Single files of every kind, drawn with and compared with diffusers' pictures of the same weights; how those were made is in
 * test/golden/make_checkpoint_pictures.py.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { modelsFolder } from '../../config/paths.ts';
import { defaultRequest } from '../../src/core/default-request.ts';
import type { Picture } from '../../src/core/picture.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import type { Runner } from '../../src/core/work.ts';
import { createEngineRunner } from '../../src/engine/index.ts';
import { decodePicture } from '../../src/image/index.ts';
import { writeCheckpoint, writeVaeFile, type CheckpointForm } from '../support/checkpoint-file.ts';
import { NO_PICTURES } from '../support/no-pictures.ts';
import { writeTinyModel, writeTinyTaesd } from '../support/tiny-model.ts';

const GOLDEN = path.join(import.meta.dirname, '../golden/checkpoint-pictures');
/** Of 255. */
const TOLERANCE = 2;

const cases = z
  .array(
    z.object({
      name: z.string(),
      model: z.string(),
      prompt: z.string(),
      negative: z.string(),
      seed: z.number(),
      steps: z.number(),
      guidance: z.number(),
      scheduler: z.enum(['ddim', 'lcm', 'euler']),
      strength: z.number().nullable(),
      bits: z.string().optional(),
      taesd: z.boolean().default(false),
      quiet: z.string().optional(),
      config: z.object({ timestep_spacing: z.enum(['trailing']).optional() }).default({}),
    }),
  )
  .parse(JSON.parse(readFileSync(path.join(GOLDEN, 'cases.json'), 'utf8')));
type Case = (typeof cases)[number];

let folder = '';
let runner: Runner;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'fourstep-checkpoints-'));
  for (const model of new Set(cases.map((known) => known.model))) {
    writeTinyModel(model, path.join(folder, model));
  }
  runner = createEngineRunner({
    locateModel: async (model: string) => ({ source: path.join(folder, model) }),
    ...NO_PICTURES,
    readPicture: async () => start(),
    cacheDir: path.join(folder, 'cache'),
    clipTokenizer: path.join(modelsFolder, 'clip'),
    threads: 1,
  });
});

afterAll(async () => {
  await runner.close(1000);
  rmSync(folder, { recursive: true, force: true });
});

/** The picture that make_pictures.py starts from. */
function start(): Picture {
  const data = new Uint8Array(64 * 64 * 3);
  for (let i = 0; i < 64 * 64; i++) {
    const [x, y] = [i % 64, Math.floor(i / 64)];
    data.set([Math.floor((x * 255) / 63), Math.floor((y * 255) / 63), (x * y) % 256], 3 * i);
  }
  return { width: 64, height: 64, data };
}

const FAMILIES: Readonly<Record<string, CheckpointForm['family']>> = {
  'cp-sd15': 'sd15',
  'cp-lcm': 'sd15',
  'cp-sd2': 'sd2',
  'cp-sdxl': 'sdxl',
  'cp-ssd1b': 'sdxl',
  'cp-vega': 'sdxl',
};

/** In a folder of its own, with the small tokenizer beside it. */
async function fileOf(known: Case, name: string, form: Partial<CheckpointForm> = {}): Promise<string> {
  mkdirSync(path.join(folder, name));
  await cp(path.join(folder, known.model, 'tokenizer'), path.join(folder, name, 'tokenizer'), { recursive: true });
  writeFileSync(path.join(folder, name, 'tokenizer/tokenizer_config.json'), '{}');
  const marks = known.name.endsWith('ztsnr') ? ['v_pred', 'ztsnr'] : [];
  const file = path.join(name, 'model.safetensors');
  const family = FAMILIES[known.model] ?? 'sd15';
  await writeCheckpoint(path.join(folder, known.model), path.join(folder, file), {
    family,
    bits: known.bits,
    quiet: known.quiet,
    marks,
    ...form,
  });
  return file;
}

function requestOf(known: Case, model: string, change: Partial<GenerationRequest> = {}): GenerationRequest {
  const { prompt, negative, seed, steps, guidance, scheduler, strength, config } = known;
  return defaultRequest({ id: model, defaults: { steps, guidance, width: 64, height: 64, scheduler } }, prompt, {
    negative,
    accelerator: { kind: 'none' },
    // A Turbo's file does not say how it is stepped: whoever draws with it does.
    ...(scheduler === 'euler' && { recipe: { scheduler, grid: config.timestep_spacing } }),
    seed,
    init: strength === null ? undefined : { file: 'made up', strength },
    ...change,
  });
}

async function draw(request: GenerationRequest): Promise<Picture> {
  const work = { kind: 'imagine', id: 'x', request, previewAfter: [] } as const;
  let picture: Picture | undefined;
  for await (const event of runner.run(work, new AbortController().signal)) {
    picture = event.kind === 'picture' ? event.picture : picture;
  }
  return picture!;
}

async function differenceFrom(name: string, picture: Picture): Promise<number> {
  const expected = await decodePicture(await readFile(path.join(GOLDEN, `${name}.png`)));
  return picture.data.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.data[i]!)), 0);
}

const named = (name: string): Case => cases.find((known) => known.name === name)!;

describe('a picture of a single file', () => {
  it.each(cases)('is that of diffusers: $name', async (known) => {
    const file = await fileOf(known, known.name);
    const vae = known.taesd ? writeTinyTaesd(path.join(folder, known.name)).decoder : undefined;
    expect(await differenceFrom(known.name, await draw(requestOf(known, file, { vae })))).toBeLessThanOrEqual(
      TOLERANCE,
    );
  });

  it('is the same where diffusers’ converter wrote it', async () => {
    const file = await fileOf(named('sdxl'), 'converted', { isConverted: true });
    expect(await differenceFrom('sdxl', await draw(requestOf(named('sdxl'), file)))).toBeLessThanOrEqual(TOLERANCE);
  });

  it('without a VAE is drawn with the one that is given, or that lies beside it, and else refused', async () => {
    const known = named('sd15');
    const file = await fileOf(known, 'novae', { hasVae: false });
    await expect(draw(requestOf(known, file))).rejects.toThrow(/lacks: VAE; give one with --vae/);
    await writeVaeFile(path.join(folder, known.model), path.join(folder, 'vae-ldm.safetensors'));
    const given = await draw(requestOf(known, file, { vae: path.join(folder, 'vae-ldm.safetensors') }));
    expect(await differenceFrom('sd15', given)).toBeLessThanOrEqual(TOLERANCE);
    await writeVaeFile(path.join(folder, known.model), path.join(folder, 'novae/model.vae.safetensors'));
    expect(await differenceFrom('sd15', await draw(requestOf(known, file)))).toBeLessThanOrEqual(TOLERANCE);
  });

  it('starts from a picture by TAESD’s encoder, whichever of its two files is named', async () => {
    const known = named('sd15-taesd-start');
    const file = await fileOf(known, 'taesd-encoder');
    const vae = writeTinyTaesd(path.join(folder, 'taesd-encoder')).encoder;
    expect(await differenceFrom(known.name, await draw(requestOf(known, file, { vae })))).toBeLessThanOrEqual(
      TOLERANCE,
    );
  });
});

describe('a single file whose UNet is given more than noise', () => {
  const known = named('sd15');
  const fileWith = async (channels: number): Promise<string> => {
    const model = `cp-sd15-${channels}`;
    writeTinyModel('cp-sd15', path.join(folder, model), { unet: { in_channels: channels } });
    return fileOf({ ...known, model }, `channels-${channels}`);
  };

  it('draws as its folder does where it is an inpainting checkpoint', async () => {
    const drawn = await draw(requestOf(known, await fileWith(9)));
    const ofFolder = await draw(requestOf(known, 'cp-sd15-9'));
    expect(drawn.data.every((value, i) => Math.abs(value - ofFolder.data[i]!) <= 1)).toBe(true);
  });

  it.each([
    [5, 'depth models'],
    [7, 'upscaling models'],
    [8, 'models that edit by instruction'],
  ])('is refused by what it is: %i channels are %s', async (channels, kind) => {
    const drawing = draw(requestOf(known, await fileWith(channels)));
    await expect(drawing).rejects.toMatchObject({ code: 'model.channels' });
    await expect(drawing).rejects.toThrow(kind);
  });
});

describe('a folder of another model is refused by name', () => {
  it.each([
    {
      found: 'the SDXL refiner',
      index: {
        _class_name: 'StableDiffusionXLImg2ImgPipeline',
        unet: ['diffusers', 'UNet2DConditionModel'],
        text_encoder: [null, null],
        text_encoder_2: ['transformers', 'CLIPTextModelWithProjection'],
      },
    },
    { found: 'a depth model', index: { _class_name: 'StableDiffusionDepth2ImgPipeline' } },
    { found: 'an upscaler', index: { _class_name: 'StableDiffusionUpscalePipeline' } },
    { found: 'InstructPix2Pix', index: { _class_name: 'StableDiffusionInstructPix2PixPipeline' } },
    { found: 'InstructPix2Pix', index: { _class_name: 'StableDiffusionXLInstructPix2PixPipeline' } },
    { found: 'Stable Diffusion 3', index: { _class_name: 'StableDiffusion3Pipeline' } },
    { found: 'Flux', index: { _class_name: 'FluxPipeline' } },
    {
      found: 'sampled by EDM',
      index: {
        _class_name: 'StableDiffusionXLPipeline',
        text_encoder: ['transformers', 'CLIPTextModel'],
        scheduler: ['diffusers', 'EDMDPMSolverMultistepScheduler'],
      },
    },
    {
      found: 'a transformer model \\(NewPipeline\\)',
      index: { _class_name: 'NewPipeline', transformer: ['diffusers', 'X'] },
    },
  ])('$found', async ({ found, index }) => {
    const own = mkdtempSync(path.join(folder, 'foreign-'));
    writeFileSync(path.join(own, 'model_index.json'), JSON.stringify(index));
    const request = requestOf(named('sd15'), path.basename(own));
    await expect(draw(request)).rejects.toMatchObject({ code: 'model.kind' });
    await expect(draw(request)).rejects.toThrow(new RegExp(found));
  });

  it.each([
    ['a ControlNet', 'config.json', { _class_name: 'ControlNetModel' }],
    ['a T2I-Adapter', 'config.json', { _class_name: 'T2IAdapter' }],
    ['a motion module', 'config.json', { _class_name: 'MotionAdapter' }],
    ['a VAE by itself, which --vae takes', 'config.json', { _class_name: 'AutoencoderKL' }],
    ['a UNet by itself', 'config.json', { _class_name: 'UNet2DConditionModel' }],
    ['a text encoder by itself', 'config.json', { architectures: ['CLIPTextModel'] }],
    ['a LoRA of PEFT, which --lora and style add take', 'adapter_config.json', { peft_type: 'LORA' }],
  ])('%s, which has no index', async (found, file, config) => {
    const own = mkdtempSync(path.join(folder, 'foreign-'));
    writeFileSync(path.join(own, file), JSON.stringify(config));
    await expect(draw(requestOf(named('sd15'), path.basename(own)))).rejects.toMatchObject({
      code: 'model.kind',
      params: { found },
    });
  });
});
