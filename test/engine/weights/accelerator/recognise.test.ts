/**
 * Accelerators recognised by themselves, with twins by header of the published files; and everything that only looks like
 * one. Twins hold no weights, so their sums are nobody's; sums are tested with a stand-in for the reader.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { RecipeName } from '../../../../src/core/recipes.ts';
import { openLora, recogniseAccelerator } from '../../../../src/engine/weights/index.ts';
import { acceleratedModules, writeTwin, type Twin } from '../../../support/lora-twin.ts';

const SD15 = acceleratedModules('sd15');
const SDXL = acceleratedModules('sdxl');
const SSD1B = acceleratedModules('ssd1b');
/** Flash keeps to the transformers. */
const isTransformers = ({ module }: { readonly module: string }) => module.includes('attentions');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'fourstep-twins-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Written, opened and recognised; gone afterwards. */
async function recognised(name: string, twin: Twin, sum = 'nobody’s') {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  const bytes = await writeTwin(file, twin);
  const recognition = await recogniseAccelerator(await openLora(file), async () => sum);
  await rm(file);
  return { bytes, recognition };
}

/** Published file → its twin, the recipe, and the size where it is known. */
const PUBLISHED: readonly (readonly [name: string, twin: Twin, recipe: RecipeName, bytes?: number])[] = [
  ['lcm-lora-sdv1-5.safetensors', { modules: SD15 }, 'lcm', 134_621_556],
  ['lcm-lora-sdxl.safetensors', { modules: SDXL }, 'lcm'],
  ['lcm-lora-ssd-1b.safetensors', { modules: SSD1B }, 'lcm'],
  [
    'models--latent-consistency--lcm-lora-sdxl/snapshots/a18548dd/pytorch_lora_weights.safetensors',
    { modules: SDXL },
    'lcm',
  ],
  ['TCD-SD15-LoRA.safetensors', { modules: SD15 }, 'tcd'],
  ['TCD-SDXL-LoRA.safetensors', { modules: SDXL }, 'tcd', 393_854_624],
  ['models--h1t--TCD-SDXL-LoRA/snapshots/1/pytorch_lora_weights.safetensors', { modules: SDXL }, 'tcd'],
  ['Hyper-SD15-1step-lora.safetensors', { modules: SD15, dtype: 'F32' }, 'hyper-sd'],
  ['Hyper-SD15-2steps-lora.safetensors', { modules: SD15, dtype: 'F32' }, 'hyper-sd-2'],
  ['Hyper-SD15-4steps-lora.safetensors', { modules: SD15 }, 'hyper-sd-4'],
  ['Hyper-SD15-8steps-lora.safetensors', { modules: SD15 }, 'hyper-sd-8'],
  ['Hyper-SD15-8steps-CFG-lora.safetensors', { modules: SD15 }, 'hyper-sd-8-cfg'],
  ['Hyper-SD15-12steps-CFG-lora.safetensors', { modules: SD15 }, 'hyper-sd-12-cfg'],
  ['Hyper-SDXL-1step-lora.safetensors', { modules: SDXL, dtype: 'F32' }, 'hyper-sd'],
  ['Hyper-SDXL-2steps-lora.safetensors', { modules: SDXL, dtype: 'F32' }, 'hyper-sd-2'],
  ['Hyper-SDXL-4steps-lora.safetensors', { modules: SDXL, dtype: 'F32' }, 'hyper-sd-4'],
  ['Hyper-SDXL-8steps-lora.safetensors', { modules: SDXL, dtype: 'F32' }, 'hyper-sd-8'],
  ['Hyper-SDXL-8steps-CFG-lora.safetensors', { modules: SDXL, dtype: 'F32' }, 'hyper-sd-8-cfg'],
  ['Hyper-SDXL-12steps-CFG-lora.safetensors', { modules: SDXL, dtype: 'F32' }, 'hyper-sd-12-cfg'],
  ['sdxl_lightning_2step_lora.safetensors', { modules: SDXL }, 'lightning-2'],
  ['sdxl_lightning_4step_lora.safetensors', { modules: SDXL }, 'lightning-4'],
  ['sdxl_lightning_8step_lora.safetensors', { modules: SDXL }, 'lightning-8'],
  ['dmd2_sdxl_4step_lora.safetensors', { modules: SDXL, dtype: 'F32' }, 'dmd2'],
  ['dmd2_sdxl_4step_lora_fp16.safetensors', { modules: SDXL }, 'dmd2'],
  ['pcm_sd15_smallcfg_2step_converted.safetensors', { modules: SD15 }, 'pcm-small-2'],
  ['pcm_sd15_smallcfg_4step_converted.safetensors', { modules: SD15 }, 'pcm-small-4'],
  ['pcm_sd15_smallcfg_8step_converted.safetensors', { modules: SD15 }, 'pcm-small-8'],
  ['pcm_sd15_smallcfg_16step_converted.safetensors', { modules: SD15 }, 'pcm-small-16'],
  ['pcm_sd15_normalcfg_4step_converted.safetensors', { modules: SD15 }, 'pcm-normal-4'],
  ['pcm_sdxl_normalcfg_8step_converted.safetensors', { modules: SDXL }, 'pcm-normal-8', 393_854_624],
  ['pcm_sdxl_normalcfg_16step_converted.safetensors', { modules: SDXL }, 'pcm-normal-16', 393_854_624],
  ['pcm_sdxl_lcmlike_lora_converted.safetensors', { modules: SDXL }, 'lcm'],
  [
    'models--jasperai--flash-sd/snapshots/1/pytorch_lora_weights.safetensors',
    { modules: SD15.filter(isTransformers), spelling: 'peft' },
    'flash',
  ],
  ['flash-sdxl.safetensors', { modules: SDXL.filter(isTransformers), spelling: 'peft' }, 'flash'],
];

describe('a published accelerator', () => {
  it.each(PUBLISHED.map(([name, twin, recipe, size]) => ({ name, twin, recipe, size })))(
    'is recognised by its name: $name',
    async ({ name, twin, recipe, size }) => {
      const { bytes, recognition } = await recognised(name, twin);
      expect(recognition).toMatchObject({ kind: 'known', recipe, by: 'name' });
      expect(bytes).toBe(size ?? bytes);
    },
  );

  it.each([
    ['sd15', SD15],
    ['sdxl', SDXL],
    ['ssd1b', SSD1B],
  ] as const)('has its base told by its shapes: %s', async (base, modules) => {
    expect((await recognised('lcm.safetensors', { modules })).recognition).toMatchObject({ kind: 'known', base });
  });

  it('is recognised by its bytes whatever it is called', async () => {
    const sum = 'bf56cf2657efb15e465d81402ed481d1e11c4677e4bcce1bc11fe71ad8506b79';
    const { recognition } = await recognised('speed.safetensors', { modules: SDXL }, sum);
    expect(recognition).toEqual({ kind: 'known', recipe: 'lightning-4', base: 'sdxl', by: 'hash' });
  });

  it('is recognised by the title in its header', async () => {
    const metadata = { 'modelspec.title': 'Hyper-SDXL-8steps-CFG-lora' };
    const { recognition } = await recognised('speed.safetensors', { modules: SDXL, metadata });
    expect(recognition).toMatchObject({ kind: 'known', recipe: 'hyper-sd-8-cfg', by: 'metadata' });
  });

  it('made by fourstep says its recipe itself', async () => {
    const metadata = { 'fourstep.recipe': 'lcm', ss_base_model_version: 'sd_v1' };
    const { recognition } = await recognised('mine.safetensors', { modules: SD15, rank: 32, metadata });
    expect(recognition).toEqual({ kind: 'known', recipe: 'lcm', base: 'sd15', by: 'metadata' });
  });

  it('of moji is recognised', async () => {
    const file = path.join(import.meta.dirname, '../../../../models/moji/lcm-lora.safetensors');
    expect(await recogniseAccelerator(await openLora(file))).toMatchObject({
      kind: 'known',
      recipe: 'lcm',
      base: 'moji',
    });
  });
});

describe('an accelerator that nothing tells apart', () => {
  it('is a family and a question: TCD, PCM and LCM files of SDXL have equal headers', async () => {
    const { recognition } = await recognised('speed.safetensors', { modules: SDXL });
    expect(recognition).toMatchObject({
      kind: 'unclear',
      base: 'sdxl',
      recipes: expect.arrayContaining(['lcm', 'tcd', 'pcm-small-4', 'hyper-sd-4', 'lightning-4', 'dmd2']),
    });
  });

  it('of SD 1.5 may be none that was made for SDXL alone', async () => {
    const { recognition } = await recognised('speed.safetensors', { modules: SD15 });
    expect(recognition).toMatchObject({
      kind: 'unclear',
      base: 'sd15',
      recipes: expect.not.arrayContaining(['dmd2', 'lightning-4']),
    });
  });

  it.each([
    ['Hyper-SD15-lora.safetensors', SD15, 'hyper-sd-4'],
    ['sdxl_lightning_lora.safetensors', SDXL, 'lightning-8'],
    ['Hyper-SD15-6steps-lora.safetensors', SD15, 'hyper-sd-8'],
    ['pcm_sd15_4step.safetensors', SD15, 'pcm-normal-4'],
  ] as const)('is of the family that its name tells, without the step count: %s', async (name, modules, recipe) => {
    const { recognition } = await recognised(name, { modules });
    expect(recognition).toMatchObject({ kind: 'unclear', recipes: expect.arrayContaining([recipe]) });
    expect(recognition).not.toMatchObject({ recipes: expect.arrayContaining(['lcm']) });
  });

  it('named after two families is none of both for certain', async () => {
    const { recognition } = await recognised('lcm-tcd-mix-sd15.safetensors', { modules: SD15 });
    expect(recognition).toMatchObject({ kind: 'unclear' });
  });

  it('named for another base is not believed', async () => {
    const { recognition } = await recognised('Hyper-SDXL-4steps-lora.safetensors', { modules: SD15 });
    expect(recognition).toMatchObject({ kind: 'unclear', base: 'sd15' });
  });

  it('has its base by its name where no layer reads the text, whose width would tell', async () => {
    const modules = SD15.filter(({ module }) => !/attn2[._]to_[kv]$/.test(module));
    const { recognition } = await recognised('Hyper-SD15-4steps-lora.safetensors', { modules });
    expect(recognition).toEqual({ kind: 'known', recipe: 'hyper-sd-4', base: 'sd15', by: 'name' });
  });

  it('is not believed to be of SD 1.5 where it reads text of another width', async () => {
    const modules = SD15.map(({ module, shape }) => ({
      module,
      shape: shape.map((side) => (side === 768 ? 512 : side)),
    }));
    const { recognition } = await recognised('Hyper-SD15-4steps-lora.safetensors', { modules });
    expect(recognition).toMatchObject({ kind: 'unclear', base: 'other' });
  });
});

describe('an ordinary style', () => {
  const trained = { ss_tag_frequency: '{}', ss_num_train_images: '20' };
  const STYLES: readonly (readonly [string, Twin])[] = [
    ['of the transformers alone', { modules: SD15.filter(isTransformers), rank: 16 }],
    [
      'of attention alone',
      { modules: SDXL.filter(({ module }) => /attn\d\.to_/.test(module)), rank: 32, spelling: 'peft' },
    ],
    ['with convolutions, by its trainer’s notes', { modules: SD15, metadata: trained }],
    ['with convolutions at a small rank', { modules: SD15, rank: 16 }],
    ['of SDXL with convolutions, by its trainer’s notes', { modules: SDXL, metadata: trained }],
    ['of half of the UNet', { modules: SDXL.slice(0, 400) }],
  ];

  it.each(STYLES)('is never taken for an accelerator: %s', async (_, twin) => {
    expect((await recognised('papercut.safetensors', twin)).recognition).toEqual({ kind: 'none' });
  });

  it.each([
    ['lcm-friendly-papercut.safetensors', { modules: SD15.filter(isTransformers) }],
    ['Hyper-SD15-4steps-lora.safetensors', { modules: SD15.filter(isTransformers) }],
    ['flash-photography.safetensors', { modules: SD15.filter(isTransformers) }],
    ['lightning-storm.safetensors', { modules: SDXL, rank: 32 }],
    ['lcm-lora-sdxl-papercut.safetensors', { modules: SDXL, metadata: trained }],
  ] as const)('is none whatever it is called: %s', async (name, twin) => {
    expect((await recognised(name, twin)).recognition).toEqual({ kind: 'none' });
  });

  it('of moji is none', async () => {
    const file = path.join(import.meta.dirname, '../../../../models/moji/styles/ink.safetensors');
    expect(await recogniseAccelerator(await openLora(file))).toEqual({ kind: 'none' });
  });
});
