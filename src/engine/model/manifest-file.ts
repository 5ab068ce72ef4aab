/**
 * Reads `fourstep.json`, the manifest beside a model's folders, from `unknown` to our type.
 * Knows names and defaults only; weights and configs are model-files.ts's business.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import type { ModelAccelerator } from '../../core/accelerator.ts';
import { BASES, type ModelManifest, PRECISION_WISHES } from '../../core/manifest.ts';
import { DECODERS } from '../../core/request.ts';
import { RECIPE_NAMES } from '../../core/recipes.ts';
import { SCHEDULER_NAMES } from '../../core/sampling.ts';
import { LruCache } from '../cache/lru-cache.ts';
import { stateOf } from '../weights/file-state.ts';

const MANIFEST_FILE = 'fourstep.json';

const side = z.number().int().min(8).max(8192).multipleOf(8);
const relativePath = z
  .string()
  .min(1)
  .refine(
    (value) => !path.isAbsolute(value) && !value.split(/[/\\]/).includes('..'),
    'must stay inside the folder of the model',
  );

const styleFile = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  file: relativePath,
  weight: z.number(),
  trigger: z.string().default(''),
  description: z.string().default(''),
});

const acceleratorFile = z.object({
  id: z.string().min(1),
  file: relativePath,
  weight: z.number().default(1),
  recipe: z.enum(RECIPE_NAMES),
});

const manifestFile = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  description: z.string().default(''),
  license: z.string().default(''),
  base: z.enum(BASES),
  /** As manifests had it before there were others: LCM-LoRA's file. */
  lcmLora: relativePath.nullish(),
  accelerators: z.array(acceleratorFile).optional(),
  defaults: z.object({
    width: side,
    height: side,
    steps: z.number().int().min(1),
    guidance: z.number().min(0),
    scheduler: z.enum(SCHEDULER_NAMES),
    strength: z.number().gt(0).max(1).optional(),
  }),
  sizes: z.array(side).min(1),
  styles: z.array(styleFile).default([]),
  upscalers: z.object({ '2': relativePath.optional(), '4': relativePath.optional() }).default({}),
  plainGrounds: z.array(z.string().min(1)).optional(),
  words: relativePath.optional(),
  precision: z.enum(PRECISION_WISHES).optional(),
  tinyVae: relativePath.optional(),
  decoder: z.enum(DECODERS).optional(),
});

/** Asked for with every picture, and small. */
const read = new LruCache<ModelManifest>({ maxCost: 256, costOf: () => 1 });

/**
 * The manifest of `folder` as it is now; undefined when it has none. One that has not changed is not read anew.
 * Throws `UserError('model.manifest')` when it is not usable.
 */
export async function readManifest(folder: string): Promise<ModelManifest | undefined> {
  const file = path.resolve(folder, MANIFEST_FILE);
  try {
    const key = JSON.stringify([file, stateOf(await stat(file))]);
    return await read.get(key, async () => parseManifest(await readFile(file, 'utf8'), file));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}

/** `file` is for messages. Throws `UserError('model.manifest')`. */
export function parseManifest(text: string, file: string): ModelManifest {
  const parsed = manifestFile.safeParse(parsedJson(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.join('.') ?? '';
    throw new UserError(
      'model.manifest',
      `Expected a model's manifest in ${file}, but ${where === '' ? 'it' : `\`${where}\``} is not usable (${issue?.message ?? 'unknown'}); mend the file.`,
      { params: { file, key: where } },
    );
  }
  const { upscalers, lcmLora, accelerators, ...rest } = parsed.data;
  return {
    ...rest,
    accelerators: accelerators ?? (lcmLora === undefined || lcmLora === null ? [] : [lcmAccelerator(lcmLora)]),
    upscalers: {
      ...(upscalers['2'] === undefined ? {} : { '2': upscalers['2'] }),
      ...(upscalers['4'] === undefined ? {} : { '4': upscalers['4'] }),
    },
  };
}

/** What `lcmLora` of older manifests and catalog entries means. */
export function lcmAccelerator(file: string): ModelAccelerator {
  return { id: 'lcm', file, weight: 1, recipe: 'lcm' };
}

/** undefined for what is no JSON: the schema then says what was expected. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
