/**
 * What a model consists of, on the disk: configs, weights and tokenizers of its nets, and what model_index.json and
 * fourstep.json say. Opens headers only; builds nothing.
 */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';
import type { ModelManifest } from '../../core/manifest.ts';
import { openCheckpoint, openComponent, type TensorSource } from '../weights/index.ts';
import { refuseForeignFolder } from './foreign-folder.ts';
import { readManifest } from './manifest-file.ts';

export type NetFiles = {
  /** The parsed config.json. */
  readonly config: unknown;
  /** For messages. */
  readonly origin: string;
  readonly weights: TensorSource;
};

export type TextNetFiles = NetFiles & {
  readonly tokenizer: {
    readonly folder: string;
    /** Where the folder does not say it: the token that fills up short prompts. */
    readonly pad: string | undefined;
  };
};

export type ModelFiles = {
  /** Absolute path of the folder or checkpoint. */
  readonly location: string;
  readonly manifest: ModelManifest | undefined;
  /** The parsed scheduler_config.json. */
  readonly scheduler: { readonly config: unknown; readonly origin: string };
  readonly unet: NetFiles;
  readonly vae: NetFiles;
  /** Absolute: where its small stand-in lies, a folder or a file; undefined: there is none. */
  readonly tinyVae: string | undefined;
  /** Absolute: the folder of its net for alpha; undefined: there is none. */
  readonly alphaHead: string | undefined;
  readonly text: readonly TextNetFiles[];
  readonly zerosForEmptyNegative: boolean;
};

const component = z.tuple([z.string().nullable(), z.string().nullable()]);

/** Keys that are neither components nor read here are many, and harmless. */
const modelIndex = z.looseObject({
  _class_name: z.string(),
  unet: component,
  vae: component,
  text_encoder: component.optional(),
  text_encoder_2: component.optional(),
  scheduler: component,
  force_zeros_for_empty_prompt: z.boolean().default(false),
});
type ModelIndex = z.infer<typeof modelIndex>;

const ENCODERS = [
  { encoder: 'text_encoder', tokenizer: 'tokenizer' },
  { encoder: 'text_encoder_2', tokenizer: 'tokenizer_2' },
] as const;

export type OpenModelOptions = {
  /** Where derived weights go when the model's own folder cannot be written. */
  readonly cacheDir: string;
  /** Folder of CLIP's own tokenizer, for checkpoints. */
  readonly clipTokenizer: string;
  /** Another VAE takes the place of the model's, so a checkpoint need not have one. */
  readonly hasOtherVae: boolean;
};

/**
 * Opens the model at `location`: a diffusers folder, or a single-file checkpoint.
 * Throws `UserError` (`model.…`, `checkpoint.…`, `weights.…`).
 */
export async function openModelFiles(location: string, options: OpenModelOptions): Promise<ModelFiles> {
  const isFile = await stat(location).then(
    (stats) => stats.isFile(),
    () => false,
  );
  return isFile ? openCheckpointFiles(location, options) : openModelFolder(location);
}

/** Checkpoints carry no tokenizer: a folder `tokenizer` beside the file goes before the one for all. */
async function openCheckpointFiles(
  file: string,
  { cacheDir, clipTokenizer, hasOtherVae }: OpenModelOptions,
): Promise<ModelFiles> {
  const opened = await openCheckpoint(file, cacheDir, { needsVae: !hasOtherVae });
  const { unet, vae, text, scheduler, zerosForEmptyPrompt } = opened;
  const beside = path.join(path.dirname(file), 'tokenizer');
  const folder = await stat(beside).then(
    () => beside,
    () => clipTokenizer,
  );
  return {
    location: file,
    manifest: undefined,
    scheduler: { config: scheduler, origin: file },
    unet: { ...unet, origin: file },
    vae: { ...vae, origin: file },
    tinyVae: undefined,
    alphaHead: undefined,
    text: text.map(({ pad, ...net }) => ({ ...net, origin: file, tokenizer: { folder, pad } })),
    zerosForEmptyNegative: zerosForEmptyPrompt,
  };
}

/**
 * Opens the diffusers folder at `location`.
 * Throws `UserError` (`model.kind`, `model.missing`, `model.index`, `model.files`, `weights.…`).
 */
async function openModelFolder(location: string): Promise<ModelFiles> {
  await refuseForeignFolder(location);
  const index = await readIndex(location);
  const text: TextNetFiles[] = [];
  for (const { encoder, tokenizer } of ENCODERS) {
    if (index[encoder]?.[1] !== undefined && index[encoder][1] !== null) {
      text.push({
        ...(await openNet(location, encoder)),
        tokenizer: { folder: path.join(location, tokenizer), pad: undefined },
      });
    }
  }
  if (text.length === 0) {
    throw new UserError(
      'model.index',
      `Expected a text encoder in ${location}, but its model_index.json names none; take a complete model.`,
      {
        params: { location },
      },
    );
  }
  const manifest = await readManifest(location);
  const scheduler = path.join(location, 'scheduler', 'scheduler_config.json');
  return {
    location,
    manifest,
    scheduler: { config: await readJson(scheduler), origin: scheduler },
    unet: await openNet(location, 'unet'),
    vae: await openNet(location, 'vae'),
    tinyVae: undefined,
    alphaHead: manifest?.alphaHead && path.join(location, manifest.alphaHead),
    text,
    zerosForEmptyNegative: index.force_zeros_for_empty_prompt,
  };
}

/** A net in a folder of its own: config.json beside its weights. */
export async function openNet(location: string, part: string): Promise<NetFiles> {
  const folder = path.join(location, part);
  const origin = path.join(folder, 'config.json');
  return { config: await readJson(origin), origin, weights: await openComponent(folder) };
}

/** Of the tensors' own. */
export function bytesOf(...nets: readonly NetFiles[]): number {
  const tensors = nets.flatMap(({ weights }) => weights.names.map((name) => weights.get(name)?.length ?? 0));
  return tensors.reduce((total, length) => total + length, 0);
}

async function readIndex(location: string): Promise<ModelIndex> {
  const file = path.join(location, 'model_index.json');
  const isFolder = await stat(location).then(
    (stats) => stats.isDirectory(),
    () => undefined,
  );
  if (isFolder !== true) {
    throw new UserError(
      'model.missing',
      `Expected a model at ${location}, but there is no such folder; check the path.`,
      { params: { location } },
    );
  }
  const parsed = modelIndex.safeParse(await readJson(file));
  if (!parsed.success) {
    const key = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new UserError(
      'model.index',
      `Expected a Stable Diffusion or SDXL model in ${location}, but \`${key}\` in its model_index.json is not what such a model has; take a model with a unet, a vae and a text encoder.`,
      { params: { location, key } },
    );
  }
  return parsed.data;
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new UserError(
      'model.files',
      `Expected a file ${file}, but it cannot be read; take a complete copy of the model.`,
      { params: { file }, cause },
    );
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError(
      'model.files',
      `Expected JSON in ${file}, but it cannot be parsed; take another copy of the model.`,
      { params: { file }, cause },
    );
  }
}
