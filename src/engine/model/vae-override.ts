/**
 * Another VAE in place of a model's own: a diffusers folder of one, a model's folder that has one in `vae`, or a
 * single file of weights, in diffusers' names or those of the original code, which is built like the model's own.
 */
import { readdir, stat } from 'node:fs/promises';
import { UserError } from '../../core/errors.ts';
import { openSafetensors, renamed, type TensorSource } from '../weights/index.ts';
import { fromLdmVaeName } from '../weights/checkpoint/ldm-vae-names.ts';
import { openNet, type ModelFiles, type NetFiles } from './model-files.ts';

/** Prefixes of VAEs in larger files. */
const PREFIXES = ['first_stage_model.', 'vae.', ''] as const;

/** Throws `UserError` (`model.vae`, `model.files`, `weights.…`). */
export async function withVae(files: ModelFiles, location: string): Promise<ModelFiles> {
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
  const prefix = PREFIXES.find((known) => tensors.get(`${known}decoder.conv_in.weight`) !== undefined);
  if (prefix === undefined) {
    throw new UserError(
      'model.vae',
      `Expected the weights of a VAE in ${file}, but it has no decoder; take a VAE for the model's base.`,
      { params: { location: file } },
    );
  }
  const bare = renamed(file, tensors, (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : undefined));
  return { config, origin: file, weights: underDiffusersNames(file, bare) };
}

function underDiffusersNames(file: string, weights: TensorSource): TensorSource {
  const blocks = new Set(weights.names.flatMap((name) => /^decoder\.up\.(\d+)\./.exec(name)?.[1] ?? [])).size;
  return blocks === 0 ? weights : renamed(file, weights, (name) => fromLdmVaeName(name, blocks));
}
