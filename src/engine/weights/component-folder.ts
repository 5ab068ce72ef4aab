/**
 * One net of a diffusers folder: finds the weight files in it, whole or in shards, and gives their tensors the names
 * that diffusers and transformers use today. Reads no config.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

import { UserError } from '../../core/errors.ts';
import { FOREIGN_EXTENSIONS } from './foreign-formats.ts';
import { currentName } from './older-names.ts';
import { openSafetensors } from './safetensors-file.ts';
import { withScales } from './scaled-weights.ts';
import type { TensorSource } from './tensor-source.ts';
import { renamed, TensorTable } from './tensor-table.ts';

/** Which of two variants is taken where a folder has both; the other is taken where it is alone. */
export type Precision = 'fp32' | 'fp16';

/**
 * Opens the net in `folder`. Training copies (`non_ema`) are passed over where there is anything else.
 * Throws `UserError`: `weights.missing` for a folder without weights, `weights.format` when it has only files that are
 * refused, `weights.index` for a damaged list of shards, and what `openSafetensors` throws.
 */
export async function openComponent(folder: string, prefer: Precision = 'fp32'): Promise<TensorSource> {
  const absolute = path.resolve(folder);
  const names = await listFolder(absolute);
  const best = names.flatMap((name) => toCandidate(name, prefer) ?? []).sort((a, b) => a.order - b.order)[0];
  if (best === undefined) {
    throw nothingUsable(absolute, names);
  }
  const file = path.join(absolute, best.name);
  const source = best.isIndex ? await openShards(file) : (await openSafetensors(file)).tensors;
  return withScales(renamed(source.origin, source, currentName(source.names)));
}

type Candidate = { readonly name: string; readonly isIndex: boolean; readonly order: number };

/** `model.fp16.safetensors`, `model.safetensors.index.fp16.json`, `model.safetensors.fp16.index.json`, `diffusion_pytorch_model.safetensors`, … */
const WEIGHT_FILE =
  /^(?:diffusion_pytorch_model|model|pytorch_model)(?:\.(?<variant>[a-z0-9_]+))?\.safetensors(?:\.(?<between>(?!index\b)[a-z0-9_]+)(?=\.index\.json$))?(?<index>\.index(?:\.(?<late>[a-z0-9_]+))?\.json)?$/;

function toCandidate(name: string, prefer: Precision): Candidate | undefined {
  const groups = WEIGHT_FILE.exec(name)?.groups;
  if (groups === undefined) {
    return undefined;
  }
  const variant = groups['variant'] ?? groups['between'] ?? groups['late'] ?? 'fp32';
  const isIndex = groups['index'] !== undefined;
  const preference = variant === prefer ? 0 : ['fp32', 'fp16', 'bf16', variant].indexOf(variant) + 1;
  return { name, isIndex, order: preference * 2 + (isIndex ? 1 : 0) };
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** All shards that an index names; every tensor must lie where the index says. */
async function openShards(indexFile: string): Promise<TensorSource> {
  const folder = path.dirname(indexFile);
  const { weight_map: places } = await readIndex(indexFile);
  const shards = new Map<string, TensorSource>();
  for (const shard of new Set(Object.values(places))) {
    if (shard !== path.basename(shard) || !shard.endsWith('.safetensors')) {
      throw badIndex(indexFile, `names the shard "${shard}", which is no .safetensors file beside it`);
    }
    shards.set(shard, (await openSafetensors(path.join(folder, shard))).tensors);
  }
  const infos = Object.entries(places).map(([name, shard]) => {
    const info = shards.get(shard)?.get(name);
    if (info === undefined) {
      throw badIndex(indexFile, `looks for "${name}" in "${shard}", which has no such tensor`);
    }
    return info;
  });
  return new TensorTable(folder, infos);
}

async function readIndex(file: string): Promise<z.infer<typeof indexSchema>> {
  try {
    return indexSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw badIndex(file, 'cannot be read as one', cause);
  }
}

function badIndex(file: string, what: string, cause?: unknown): UserError {
  const name = path.basename(file);
  return new UserError(
    'weights.index',
    `"${name}" must list the shards of a model, but ${what}; copy the whole folder again.`,
    {
      params: { file: name, what },
      cause,
    },
  );
}

async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (cause) {
    throw new UserError(
      'weights.missing',
      `There must be a folder with weights at "${folder}", but it cannot be opened; check the path and that the model is complete.`,
      { params: { file: folder }, cause },
    );
  }
}

function nothingUsable(folder: string, names: readonly string[]): UserError {
  const foreign = names.find((name) => FOREIGN_EXTENSIONS.some((extension) => name.toLowerCase().endsWith(extension)));
  if (foreign === undefined) {
    return new UserError(
      'weights.missing',
      `There must be a file like "diffusion_pytorch_model.safetensors" in "${folder}", but there is none; copy the model's whole folder.`,
      { params: { file: folder } },
    );
  }
  return new UserError(
    'weights.format',
    `Weights must be .safetensors files, but "${folder}" has only others, such as "${foreign}"; get the .safetensors version of the model.`,
    { params: { file: foreign, format: path.extname(foreign) } },
  );
}
