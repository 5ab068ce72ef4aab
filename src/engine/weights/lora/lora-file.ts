/**
 * A LoRA file, opened and sorted into modules under the file's own spellings, with the scale that each carries.
 * Which model it fits is decided elsewhere; the matrices stay on the disk.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { UserError } from '../../../core/errors.ts';
import { sourceId } from '../cache.ts';
import { openSafetensors, type SafetensorsFile } from '../safetensors-file.ts';
import type { TensorInfo } from '../tensor-source.ts';
import { infosOf, readMany } from '../tensor-table.ts';
import { foreignAdapter, splitLoraKey, type LoraRole } from './lora-keys.ts';
import { peftScaling, type Scaling } from './peft-scaling.ts';

/** One module's matrices: ΔW = alpha/rank · up · down. */
export type LoraGroup = {
  /** The module as the file spells it. */
  readonly stem: string;
  /** [rank, in] or [rank, in, kh, kw]; with a `mid`, [inner rank, in, 1, 1]. */
  readonly down: TensorInfo;
  /** [out, rank] or [out, rank, 1, 1]. */
  readonly up: TensorInfo;
  /** LoCon's core [rank, inner rank, kh, kw]. */
  readonly mid: TensorInfo | undefined;
  readonly rank: number;
  readonly alpha: number;
  /** What up · down is multiplied by at weight 1: alpha/rank, or alpha/√rank for rank-stabilised LoRA. */
  readonly scale: number;
};

export type LoraFile = {
  /** Absolute path. */
  readonly file: string;
  /** Changes whenever the file does. */
  readonly id: string;
  readonly groups: readonly LoraGroup[];
  /** Tensors that are no part of a whole pair; reported, never dropped in silence. */
  readonly strays: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
};

/**
 * Opens a LoRA of any spelling.
 * Throws `UserError`: `lora.kind` for adapters that are no plain LoRA, `lora.empty` for a file without any,
 * `lora.shape` for matrices that cannot be multiplied, and what `openSafetensors` throws.
 */
export async function openLora(file: string): Promise<LoraFile> {
  const opened = await openSafetensors(file);
  const name = path.basename(opened.file);
  const adapter = foreignAdapter(opened.tensors.names);
  if (adapter !== undefined) {
    throw new UserError(
      'lora.kind',
      `A style must be a plain LoRA, but "${name}" is a ${adapter}, which cannot be applied yet; ask its author for a LoRA version, or merge it into a checkpoint.`,
      { params: { file: name, kind: adapter } },
    );
  }
  const { pairs, strays } = sortTensors(opened);
  if (pairs.length === 0) {
    throw new UserError(
      'lora.empty',
      `A style must be a LoRA file, but "${name}" holds no LoRA matrices among its ${opened.tensors.names.length} tensors; is it a whole checkpoint?`,
      { params: { file: name, tensors: opened.tensors.names.length } },
    );
  }
  const scaling = peftScaling(opened.metadata, await adapterConfigBeside(opened.file));
  const alphas = await readAlphas(opened.file, pairs);
  const groups = pairs.map((pair, i) => toGroup(name, pair, alphas[i], scaling));
  return { file: opened.file, id: await sourceId(opened.tensors), groups, strays, metadata: opened.metadata };
}

type Pair = { readonly stem: string; readonly down: TensorInfo; readonly up: TensorInfo } & Partial<
  Record<'mid' | 'alpha', TensorInfo>
>;

function sortTensors({ tensors }: SafetensorsFile): { pairs: readonly Pair[]; strays: readonly string[] } {
  const byStem = new Map<string, Partial<Record<LoraRole, TensorInfo>>>();
  const strays: string[] = [];
  for (const info of infosOf(tensors)) {
    const key = splitLoraKey(info.name);
    const matrices = key && (byStem.get(key.stem) ?? {});
    if (key === undefined || matrices === undefined || matrices[key.role] !== undefined) {
      strays.push(info.name);
    } else {
      byStem.set(key.stem, { ...matrices, [key.role]: info });
    }
  }
  const pairs: Pair[] = [];
  for (const [stem, { down, up, ...rest }] of byStem) {
    if (down !== undefined && up !== undefined) {
      pairs.push({ stem, down, up, ...rest });
    } else {
      strays.push(...[down, up, rest.mid, rest.alpha].flatMap((info) => info?.name ?? []));
    }
  }
  return { pairs, strays };
}

async function readAlphas(file: string, pairs: readonly Pair[]): Promise<readonly (number | undefined)[]> {
  const scalars = pairs.flatMap(({ alpha }) => alpha ?? []);
  for (const { name, shape } of scalars) {
    if (shape.reduce((product, side) => product * side, 1) !== 1) {
      throw shapeError(path.basename(file), name, 'a single number', shape);
    }
  }
  const values = (await readMany(file, scalars)).values();
  return pairs.map(({ alpha }) => (alpha === undefined ? undefined : values.next().value?.[0]));
}

function toGroup(file: string, pair: Pair, ownAlpha: number | undefined, scaling: Scaling): LoraGroup {
  const { stem, down, up, mid } = pair;
  const rank = up.shape[1] ?? 0;
  const inner = mid === undefined ? rank : (mid.shape[1] ?? 0);
  if (![2, 4].includes(down.shape.length) || down.shape[0] !== inner || inner === 0) {
    throw shapeError(
      file,
      down.name,
      `[${inner || 'rank'}, in] or [${inner || 'rank'}, in, height, width]`,
      down.shape,
    );
  }
  if (![2, 4].includes(up.shape.length) || rank === 0 || up.shape.slice(2).some((side) => side !== 1)) {
    throw shapeError(file, up.name, `[out, ${rank || 'rank'}] or [out, ${rank || 'rank'}, 1, 1]`, up.shape);
  }
  if (
    mid !== undefined &&
    (mid.shape.length !== 4 || mid.shape[0] !== rank || down.shape.slice(2).some((side) => side !== 1))
  ) {
    throw shapeError(file, mid.name, `[${rank}, rank, height, width]`, mid.shape);
  }
  // Kohya's trainer writes no alpha, or 0, to mean "as the rank"; its rank is the first dimension of `down`.
  const noted = ownAlpha === 0 ? inner : ownAlpha;
  const { alpha, scale } = noted === undefined ? scaling(stem, rank) : { alpha: noted, scale: noted / inner };
  return { stem, down, up, mid, rank, alpha, scale };
}

function shapeError(file: string, tensor: string, expected: string, shape: readonly number[]): UserError {
  return new UserError(
    'lora.shape',
    `In a LoRA "${tensor}" must be ${expected}, but in "${file}" it is [${shape.join(', ')}]; the file is damaged or not a LoRA.`,
    { params: { file, tensor, expected, shape: shape.join(', ') } },
  );
}

/** PEFT saves its settings beside `adapter_model.safetensors`. */
async function adapterConfigBeside(file: string): Promise<string | undefined> {
  if (path.basename(file) !== 'adapter_model.safetensors') {
    return undefined;
  }
  return readFile(path.join(path.dirname(file), 'adapter_config.json'), 'utf8').catch(() => undefined);
}
