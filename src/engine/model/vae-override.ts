/**
 * Another VAE in place of a model's own: a diffusers folder of one, a model's folder that has one in `vae`, or a
 * single file of weights, in diffusers' names or those of the original code, which is built like the model's own, or TAESD as a file or two.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

import { UserError } from '../../core/errors.ts';
import { openSafetensors, renamed, type TensorSource } from '../weights/index.ts';
import { inferVae } from '../weights/checkpoint/inferred-configs.ts';
import { fromLdmVaeName, ldmVaeBlocks } from '../weights/checkpoint/ldm-vae-names.ts';
import { openModelFiles, openNet, type ModelFiles, type NetFiles, type OpenModelOptions } from './model-files.ts';
import { openTinyVae } from './tiny-vae-file.ts';

/** Prefixes of VAEs in larger files. */
const PREFIXES = ['first_stage_model.', 'vae.', ''] as const;

/**
 * The model at `location` with the VAE at `vae`, where one is given; a checkpoint without its own takes the file that lies
 * beside it, `NAME.vae.safetensors`. Throws `UserError` as `openModelFiles` and `withVae`.
 */
export async function openModelWithVae(
  location: string,
  vae: string | undefined,
  options: Omit<OpenModelOptions, 'hasOtherVae'>,
): Promise<ModelFiles> {
  const given = vae ?? (await vaeBeside(location));
  const files = await openModelFiles(location, { ...options, hasOtherVae: given !== undefined });
  const isWhole = files.vae.weights.names.length > 0;
  return given === undefined || (vae === undefined && isWhole) ? files : withVae(files, given);
}

/**
 * The small stand-in for a model's autoencoder at `location`: a diffusers folder of an AutoencoderTiny, or TAESD as a file.
 * Throws `UserError` (`model.tiny-vae`, `model.files`, `weights.…`).
 */
export async function openStandIn(location: string): Promise<NetFiles> {
  const found = await stat(location).catch((cause: unknown) => {
    throw new UserError(
      'model.tiny-vae',
      `Expected a tiny decoder at ${location}, but there is nothing; check the path.`,
      { params: { location }, cause },
    );
  });
  const files = found.isDirectory()
    ? await openNet(location, '')
    : await openTinyVae(location, (await openSafetensors(location)).tensors);
  if (files === undefined) {
    throw new UserError(
      'model.tiny-vae',
      `Expected an AutoencoderTiny (TAESD) in ${location}, but it has none of its layers; take the one for the model's base.`,
      { params: { location } },
    );
  }
  return files;
}

/** What lies beside a model's other files under the name of TAESD; undefined for nothing. */
export async function standInBeside(location: string): Promise<string | undefined> {
  const bare = location.replace(/\.safetensors$/, '');
  const names = bare === location ? ['taesd', 'taesd.safetensors'] : [];
  const candidates = [...names.map((name) => path.join(location, name)), `${bare}.taesd.safetensors`];
  for (const candidate of candidates) {
    if ((await stat(candidate).catch(() => undefined)) !== undefined) {
      return candidate;
    }
  }
  return undefined;
}

/** What lies beside a checkpoint as its VAE, `NAME.vae.safetensors`; undefined for nothing. */
export async function vaeBeside(location: string): Promise<string | undefined> {
  const file = `${location.replace(/\.safetensors$/, '')}.vae.safetensors`;
  const isThere = await stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  );
  return isThere ? file : undefined;
}

/** Throws `UserError` (`model.vae`, `model.files`, `weights.…`). */
async function withVae(files: ModelFiles, location: string): Promise<ModelFiles> {
  const kind = await stat(location).catch((cause: unknown) => {
    throw new UserError('model.vae', `Expected a VAE at ${location}, but there is nothing; check the path.`, {
      params: { location },
      cause,
    });
  });
  if (kind.isDirectory()) {
    const isWholeModel = (await readdir(location)).includes('vae');
    return { ...files, vae: await openNet(location, isWholeModel ? 'vae' : '') };
  }
  return { ...files, vae: await openVaeFile(files.vae, location) };
}

async function openVaeFile({ config }: NetFiles, file: string): Promise<NetFiles> {
  const { tensors } = await openSafetensors(file);
  const tiny = await openTinyVae(file, tensors);
  if (tiny !== undefined) {
    return tiny;
  }
  const prefix = PREFIXES.find((known) => tensors.get(`${known}decoder.conv_in.weight`) !== undefined);
  if (prefix === undefined) {
    throw new UserError(
      'model.vae',
      `Expected the weights of a VAE in ${file}, but it has no decoder; take a VAE for the model's base.`,
      { params: { location: file } },
    );
  }
  const bare = renamed(file, tensors, (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : undefined));
  const weights = underDiffusersNames(file, bare);
  return { config: withWidths(config, inferVae(weights)), origin: file, weights };
}

/** A file brings no config: the model's own, but for what shapes tell. */
function withWidths(config: unknown, widths: Readonly<Record<string, unknown>>): unknown {
  return typeof config === 'object' && config !== null ? { ...config, ...widths } : config;
}

function underDiffusersNames(file: string, weights: TensorSource): TensorSource {
  const blocks = ldmVaeBlocks(weights.names);
  return blocks === 0 ? weights : renamed(file, weights, (name) => fromLdmVaeName(name, blocks));
}
