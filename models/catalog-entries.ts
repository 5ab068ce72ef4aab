/** What the catalog's entries on the disk hold, of today and of before. */
import { basename } from 'node:path';

import { z } from 'zod';

import { RECIPE_NAMES } from '../src/core/recipes.ts';
import { lcmAccelerator } from '../src/core/accelerator.ts';

/** Entries of before have no version, and LCM-LoRA's file at most; null: none. */
const model1 = z
  .object({
    version: z.undefined().optional(),
    source: z.string().min(1),
    lcmLora: z.string().min(1).nullable().optional(),
    name: z.string().optional(),
  })
  .transform(({ source, lcmLora, name }) => ({
    source,
    name,
    vae: undefined,
    tinyVae: undefined,
    strength: undefined,
    accelerators: lcmLora === undefined ? undefined : lcmLora === null ? [] : [lcmAccelerator(lcmLora)],
  }));
const model2 = z.object({
  version: z.literal(2),
  source: z.string().min(1),
  name: z.string().optional(),
  vae: z.string().min(1).optional(),
  tinyVae: z.string().min(1).optional(),
  strength: z.number().gt(0).max(1).optional(),
  accelerators: z
    .array(
      z.object({
        id: z.string().min(1),
        file: z.string().min(1),
        weight: z.number(),
        recipe: z.enum(RECIPE_NAMES),
      }),
    )
    .optional(),
});
/** `models/<id>.json` */
export const MODEL_ENTRY = z.union([model2, model1]);

/** `styles/<id>.json` */
export const STYLE_ENTRY = z.object({
  name: z.string().min(1),
  model: z.string().min(1),
  weight: z.number(),
  trigger: z.string(),
  negative: z.string(),
  description: z.string(),
  /** Fingerprint of the model when it was added. */
  base: z.string().optional(),
});
export type AddedStyle = z.infer<typeof STYLE_ENTRY>;

/** The id of a model or style that was given none: its file's or folder's name. */
export function idFrom(source: string): string {
  return basename(source, '.safetensors')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+/g, '');
}
