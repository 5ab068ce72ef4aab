/**
 * The manifest of a model that brings none, read off its configs (or a checkpoint's header): which base it is, the size
 * it was trained for, and whether it draws in few steps by itself. Opens no weights.
 */
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { z } from 'zod';

import { UserError } from '../src/core/errors.ts';
import type { ModelAccelerator } from '../src/core/accelerator.ts';
import { recipeOf } from '../src/core/recipes.ts';
import type { Base, ModelManifest } from '../src/core/manifest.ts';
import { baseOf } from '../src/engine/model/base-of.ts';
import { describeCheckpoint } from '../src/engine/weights/index.ts';
import type { CatalogModel } from './catalog.ts';

const unetConfig = z.looseObject({
  sample_size: z.number().int().positive().catch(64),
  cross_attention_dim: z.union([z.number(), z.array(z.number())]).catch(768),
  mid_block_type: z.string().nullish(),
  time_cond_proj_dim: z.number().nullish(),
});
const vaeConfig = z.looseObject({
  block_out_channels: z.array(z.number()).catch([1, 1, 1, 1]),
  encoder_block_out_channels: z.array(z.number()).optional(),
});
const schedulerConfig = z.looseObject({ _class_name: z.string().catch('') });

type Traits = {
  readonly base: Base;
  readonly side: number;
  readonly isFullLcm: boolean;
  readonly isLcmScheduler: boolean;
};

/** For a model that draws in many steps, as published ones do. */
const SLOW = { steps: 25, guidance: 7.5, scheduler: 'dpm++' } as const;

/**
 * Its own manifest where it has one. Few steps where an LCM-LoRA is chosen or the model is made for them, else 25.
 * Throws `UserError` `model.gone` where nothing lies at its source any more.
 */
export async function describeModel(model: CatalogModel): Promise<ModelManifest> {
  const described = model.manifest === undefined ? await describedByFiles(model) : withChosen(model, model.manifest);
  const { strength = described.defaults.strength } = model;
  return strength === undefined ? described : { ...described, defaults: { ...described.defaults, strength } };
}

async function describedByFiles(model: CatalogModel): Promise<ModelManifest> {
  const traits = await traitsOf(model);
  const accelerators = model.accelerators ?? [];
  const [usual] = accelerators;
  const isQuick = traits.isFullLcm || traits.isLcmScheduler;
  return {
    id: model.id,
    name: model.name ?? basename(model.source),
    description: '',
    license: '',
    base: traits.base,
    accelerators,
    defaults: {
      width: traits.side,
      height: traits.side,
      ...(usual !== undefined
        ? usualOf(usual)
        : isQuick
          ? { steps: 4, guidance: traits.isFullLcm ? 8 : 1, scheduler: 'lcm' }
          : SLOW),
    },
    sizes: [traits.side],
    styles: [],
    upscalers: {},
  };
}

/**
 * With what an operator chose for it. A model that is made quick by its accelerator alone wants ordinary settings where
 * that is left out.
 */
function withChosen({ accelerators }: CatalogModel, manifest: ModelManifest): ModelManifest {
  const [usual] = accelerators ?? [];
  if (accelerators === undefined) {
    return manifest;
  }
  if (usual !== undefined) {
    return { ...manifest, accelerators, defaults: { ...manifest.defaults, ...usualOf(usual) } };
  }
  return manifest.accelerators.length === 0
    ? manifest
    : { ...manifest, accelerators, defaults: { ...manifest.defaults, steps: 25, guidance: 3, scheduler: 'ddim' } };
}

function usualOf({ recipe }: ModelAccelerator): Pick<ModelManifest['defaults'], 'steps' | 'guidance' | 'scheduler'> {
  const { steps, guidance, scheduler } = recipeOf(recipe);
  return { steps: steps.usual, guidance: guidance.usual, scheduler };
}

async function traitsOf({ id, source }: CatalogModel): Promise<Traits> {
  const found = await stat(source).catch((cause: unknown) => {
    throw new UserError(
      'model.gone',
      `Expected the model ${id} at ${source}, but nothing is there. Bring it back, or fourstep model remove ${id}.`,
      { params: { id, source }, cause },
    );
  });
  if (found.isFile()) {
    return checkpointTraits(source);
  }
  const unet = unetConfig.parse(await jsonOf(join(source, 'unet/config.json')));
  const vae = vaeConfig.parse(await jsonOf(join(source, 'vae/config.json')));
  const scheduler = schedulerConfig.parse(await jsonOf(join(source, 'scheduler/scheduler_config.json')));
  const levels = (vae.encoder_block_out_channels ?? vae.block_out_channels).length;
  return {
    base: baseOf({
      contextFeatures: unet.cross_attention_dim,
      takesTextTime: true,
      attendsInMiddle: unet.mid_block_type === undefined || unet.mid_block_type === 'UNetMidBlock2DCrossAttn',
    }),
    side: unet.sample_size * 2 ** (levels - 1),
    isFullLcm: typeof unet.time_cond_proj_dim === 'number',
    isLcmScheduler: scheduler._class_name === 'LCMScheduler',
  };
}

async function checkpointTraits(file: string): Promise<Traits> {
  const { base, side, isFullLcm } = await describeCheckpoint(file);
  return { base, side, isFullLcm, isLcmScheduler: false };
}

/** An absent or broken file has no traits; opening the model says what is wrong with it. */
async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return {};
  }
}
