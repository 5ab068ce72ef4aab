/**
 * What can be drawn with: one manifest a model. The file `fourstep.json` beside a model's folders holds it; a plain
 * diffusers folder without one gets a manifest derived from its configs.
 */
import { isAbsolute } from 'node:path';

import { z } from 'zod';

import { lcmAccelerator, modelAccelerator } from './accelerator.ts';
import type { Parsed } from './parsed.ts';
import { DECODERS } from './request.ts';
import { SCHEDULER_NAMES } from './sampling.ts';

/** Bases whose LoRAs fit one another; a LoRA for another base is refused with both names. */
export const BASES = ['sd15', 'sd2', 'sdxl', 'ssd1b', 'moji', 'other'] as const;
export type Base = (typeof BASES)[number];

/** For people; '' where there is nothing to say. */
export const BASE_NAMES: Readonly<Record<Base, string>> = {
  sd15: 'SD 1.5',
  sd2: 'SD 2',
  sdxl: 'SDXL',
  ssd1b: 'SSD-1B',
  moji: 'moji',
  other: '',
};

/** What a UNet is computed in; `auto`: what the machine that asks finds best. */
export const PRECISION_WISHES = ['auto', 'fp32', 'int8'] as const;
export type PrecisionWish = (typeof PRECISION_WISHES)[number];

const side = z.int().min(8).max(8192).multipleOf(8);
const name = z.string().min(1);
const relativePath = name.refine(
  (value) => !isAbsolute(value) && !value.split(/[/\\]/).includes('..'),
  'must stay inside the folder of the model',
);

const style = z.object({
  id: name,
  name,
  file: relativePath,
  weight: z.number(),
  /** Words put into the prompt with the style; '' for none. */
  trigger: z.string().default(''),
  description: z.string().default(''),
});

/** As it stands in the file; paths are relative to the manifest's folder. */
export const manifestFile = z
  .object({
    id: name,
    name,
    description: z.string().default(''),
    license: z.string().default(''),
    base: z.enum(BASES),
    /** As manifests had it before there were others: LCM-LoRA's file. */
    lcmLora: relativePath.nullish(),
    /** The usual one first; none: the model needs none (or is a full LCM model). */
    accelerators: z.array(modelAccelerator.extend({ file: relativePath })).optional(),
    defaults: z.object({
      width: side,
      height: side,
      steps: z.int().min(1),
      guidance: z.number().min(0),
      scheduler: z.enum(SCHEDULER_NAMES),
      /** How much of a picture to start from is drawn anew where nobody says; absent: 0.6. */
      strength: z.number().gt(0).max(1).optional(),
    }),
    /** Side lengths in pixels that the model draws well. */
    sizes: z.array(side).min(1),
    styles: z.array(style).default([]),
    /** Scale → folder of a super-resolution net. */
    upscalers: z.object({ '2': relativePath.optional(), '4': relativePath.optional() }).default({}),
    /** Colours of a plain ground that it draws when told "on …", the best first; transparent pictures are cut from one. */
    plainGrounds: z.array(name).optional(),
    /** A net from its latents to how solid every pixel is: a folder. Absent: transparent pictures are cut by colour alone. */
    alphaHead: relativePath.optional(),
    /** The table of words that the model knows; absent: it reads prompts as they are. */
    words: relativePath.optional(),
    /** What it is drawn in where nobody says; absent: auto. */
    precision: z.enum(PRECISION_WISHES).optional(),
    /** A small stand-in for its autoencoder (TAESD), for previews: a folder or file. */
    tinyVae: relativePath.optional(),
    /** What results are decoded by where nobody says; absent: full. */
    decoder: z.enum(DECODERS).optional(),
  })
  .transform(({ lcmLora, accelerators, ...rest }) => ({
    ...rest,
    accelerators: accelerators ?? (typeof lcmLora === 'string' ? [lcmAccelerator(lcmLora)] : []),
  }));
export type ModelManifest = Parsed<typeof manifestFile>;
