/**
 * Textual inversions out of their files: the web UIs' (`emb_params`), SDXL's pairs (`clip_l`, `clip_g`), diffusers' (one tensor
 * under its token), and those bundled with a LoRA (`bundle_emb.NAME.…`). Knows no model.
 */
import path from 'node:path';

import type { Base } from '../../core/manifest.ts';
import { UserError } from '../../core/errors.ts';
import { sourceId } from './cache.ts';
import { ReadOnce } from './read-once.ts';
import { openSafetensors } from './safetensors-file.ts';
import type { TensorInfo, TensorSource } from './tensor-source.ts';
import { infosOf } from './tensor-table.ts';

export type LearnedWord = {
  /** What it is used by: the token in the file, or the file's own name. */
  readonly word: string;
  /** Changes with the vectors. */
  readonly id: string;
  /** The vectors for each text encoder that it has some for. */
  readonly encoders: readonly (readonly Float32Array[])[];
};

const BUNDLED = /^bundle_emb\.(?<name>.+)\.(?:string_to_param\.\*|emb_params|clip_l|clip_g)$/;
const PARTS: ReadonlySet<string> = new Set(['emb_params', 'clip_l', 'clip_g', 'string_to_param.*', '*']);
/** More is a whole table of tokens, not a word. */
const MOST_VECTORS = 75;

/** Every picture asks again for the words of its files. */
const KEPT_BYTES = 64 * 2 ** 20;
const keptWords = () => new ReadOnce<readonly LearnedWord[]>({ maxCost: KEPT_BYTES, costOf: bytesOf });
const opened = { own: keptWords(), bundled: keptWords() };

/**
 * `which`: the file's own word, or those bundled in a LoRA, of which there may be none.
 * Throws `UserError` `embedding.kind` for a file that is no textual inversion, and as `openSafetensors`.
 */
export function openEmbeddings(file: string, which: 'own' | 'bundled' = 'own'): Promise<readonly LearnedWord[]> {
  return opened[which].get(file, () => readEmbeddings(file, which));
}

/** A file without any counts too: that is known of it. */
function bytesOf(words: readonly LearnedWord[]): number {
  const vectors = words.flatMap(({ encoders }) => encoders.flat());
  return vectors.reduce((total, { byteLength }) => total + byteLength, 256);
}

async function readEmbeddings(file: string, which: 'own' | 'bundled'): Promise<readonly LearnedWord[]> {
  const { tensors, file: absolute } = await openSafetensors(file);
  const id = await sourceId(tensors);
  if (which === 'bundled') {
    return Promise.all(
      bundledWords(tensors).map(async (word) => ({
        word,
        id: `${id} ${word}`,
        encoders: await vectorsOf(
          tensors,
          infosOf(tensors).filter(({ name }) => BUNDLED.exec(name)?.groups?.['name'] === word),
        ),
      })),
    );
  }
  const infos = infosOf(tensors);
  if (!looksLikeEmbedding(tensors)) {
    throw noEmbedding(file);
  }
  const word = tokenIn(infos) ?? path.basename(absolute).replace(/\.safetensors$/, '');
  return [{ word, id, encoders: await vectorsOf(tensors, infos) }];
}

export type EmbeddingReport = {
  /** The token that the file names; undefined: it goes by the file's name. */
  readonly token: string | undefined;
  /** How many tokens of a prompt it takes the place of. */
  readonly vectors: number;
  /** By the width of its vectors; undefined when that tells nothing. */
  readonly base: Base | undefined;
};

/** What a textual inversion is, by its header alone. Throws as `openEmbeddings`. */
export async function describeEmbedding(file: string): Promise<EmbeddingReport> {
  const { tensors } = await openSafetensors(file);
  if (!looksLikeEmbedding(tensors)) {
    throw noEmbedding(file);
  }
  const infos = infosOf(tensors);
  const widths = infos.map(({ shape }) => shape.at(-1) ?? 1);
  const vectors = Math.max(...infos.map(({ shape }) => (shape.length === 2 ? (shape[0] ?? 1) : 1)));
  return { token: tokenIn(infos), vectors, base: BASE_OF_WIDTH[Math.max(...widths)] };
}

/** By the widest of its vectors; moji's first, then today's. */
const BASE_OF_WIDTH: Readonly<Record<number, Base>> = {
  128: 'moji',
  192: 'moji',
  768: 'sd15',
  1024: 'sd2',
  1280: 'sdxl',
};

/** The words that come with a LoRA. */
export function bundledWords({ names }: Pick<TensorSource, 'names'>): readonly string[] {
  return [...new Set(names.flatMap((name) => BUNDLED.exec(name)?.groups?.['name'] ?? []))];
}

function tokenIn([first]: readonly TensorInfo[]): string | undefined {
  return first === undefined || PARTS.has(first.name) ? undefined : first.name;
}

function noEmbedding(file: string): UserError {
  return new UserError(
    'embedding.kind',
    `A textual inversion must be a file of a word's vectors, but "${path.basename(file)}" is another; add a LoRA as a style.`,
    { params: { file: path.basename(file) } },
  );
}

/** Whether the tensor belongs to a word that comes with a LoRA. */
export function isBundledWord(name: string): boolean {
  return BUNDLED.test(name);
}

/** Whether the file is a textual inversion of its own, by names and shapes. */
export function looksLikeEmbedding(tensors: TensorSource): boolean {
  const infos = infosOf(tensors);
  return (
    infos.length > 0 &&
    infos.length <= 2 &&
    (infos.length === 1 || infos.every(({ name }) => PARTS.has(name))) &&
    infos.every(
      ({ shape, name }) =>
        shape.length <= 2 &&
        shape.length > 0 &&
        (shape.length === 1 || (shape[0] ?? 0) <= MOST_VECTORS) &&
        !/\.(?:weight|bias|alpha)$/.test(name),
    )
  );
}

/** [n, features] or [features] → n vectors. */
async function vectorsOf(
  tensors: TensorSource,
  infos: readonly TensorInfo[],
): Promise<readonly (readonly Float32Array[])[]> {
  // The first encoder's before the second's.
  const inOrder = infos.toSorted((a, b) => Number(a.name.endsWith('clip_g')) - Number(b.name.endsWith('clip_g')));
  return Promise.all(
    inOrder.map(async ({ name, shape }) => {
      const values = await tensors.readFloats(name);
      const features = shape.at(-1) ?? 1;
      return Array.from({ length: values.length / features }, (_, k) =>
        values.subarray(k * features, (k + 1) * features),
      );
    }),
  );
}
