/**
 * A LoRA file, opened and sorted into modules under the file's own spellings, with the scale that each carries.
 * Which model it fits is decided elsewhere; the matrices stay on the disk.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { UserError } from '../../../core/errors.ts';
import { sourceId } from '../cache.ts';
import { openSafetensors, type SafetensorsFile } from '../safetensors-file.ts';
import type { TensorInfo, TensorSource } from '../tensor-source.ts';
import { isBundledWord, looksLikeEmbedding } from '../embeddings.ts';
import { readNumbers } from '../scalars.ts';
import { infosOf } from '../tensor-table.ts';
import { denseGroups, type DenseGroup, type Roles } from './dense-group.ts';
import type { LoraGroup } from './lora-group.ts';
import { foreignAdapter, ia3Stem, isBaseWeight, splitLoraKey, type LoraRole } from './lora-keys.ts';
import { isSecondTextStem, isTextStem, type LoraNet } from './module-spellings.ts';
import { peftScaling, type Scaling } from './peft-scaling.ts';

export type LoraFile = {
  /** Absolute path. */
  readonly file: string;
  /** Changes whenever the file does. */
  readonly id: string;
  readonly groups: readonly LoraGroup[];
  /** Changes that are no low-rank pairs: merged where a pair would run beside its layer. */
  readonly dense: readonly DenseGroup[];
  /** Tensors that are no part of a whole pair; reported, never dropped in silence. */
  readonly strays: readonly string[];
  readonly metadata: ReadonlyMap<string, string>;
};

/** Each takes a moment in which nobody else is answered; SDXL's LoRAs change fewer than 5,000. */
const MOST_MODULES = 20_000;

/**
 * Opens a LoRA of any spelling.
 * Throws `UserError`: `lora.modules` for too many, `lora.kind` for adapters that cannot be applied, `lora.empty` for a file without any,
 * `lora.shape` for matrices that cannot be multiplied, and what `openSafetensors` throws.
 */
export async function openLora(file: string): Promise<LoraFile> {
  const opened = await openSafetensors(file);
  const name = path.basename(opened.file);
  const adapter = foreignAdapter(opened.tensors.names);
  if (adapter !== undefined) {
    throw new UserError(
      'lora.kind',
      `A style must be a LoRA of a kind that adds to weights, but "${name}" is ${article(adapter)} ${adapter}, which turns them instead and cannot be applied; ask its author for a LoRA version, or merge it into a checkpoint.`,
      { params: { file: name, kind: adapter } },
    );
  }
  const { modules, strays } = sortTensors(opened);
  if (modules.size > MOST_MODULES) {
    throw new UserError(
      'lora.modules',
      `A LoRA can change ${MOST_MODULES} layers, but "${name}" changes ${modules.size}, more than any model has; the file is not what it seems to be.`,
      { params: { file: name, modules: modules.size, most: MOST_MODULES } },
    );
  }
  const hasMagnitudes = [...modules.values()].some((roles) => 'magnitude' in roles || 'dora_scale' in roles);
  const scaling = peftScaling(opened.metadata, await adapterConfigBeside(opened.file), hasMagnitudes);
  const numbers = await readModuleNumbers(opened.file, [...modules.values()]);
  const sorted = [...modules].map(([stem, roles], i) => sortModule(name, stem, roles, numbers[i] ?? {}, scaling));
  if (sorted.every(({ pair, dense }) => pair === undefined && dense.length === 0)) {
    throw noLora(name, opened);
  }
  return {
    file: opened.file,
    id: await sourceId(opened.tensors),
    groups: sorted.flatMap(({ pair }) => pair ?? []),
    dense: sorted.flatMap(({ dense }) => dense),
    strays: [...strays, ...sorted.flatMap(({ left }) => left)],
    metadata: opened.metadata,
  };
}

/** Whether the file at `file` has tensors for this net, by their names alone. Throws as `openSafetensors`. */
export async function touchesNet(file: string, net: LoraNet): Promise<boolean> {
  const { tensors } = await openSafetensors(file);
  return tensors.names.some((name) =>
    isSecondTextStem(name) ? net === 'text_encoder_2' : isTextStem(name) ? net === 'text_encoder' : net === 'unet',
  );
}

/** Says what the file is instead, where that can be told. */
function noLora(name: string, { tensors }: SafetensorsFile): UserError {
  const count = tensors.names.length;
  if (looksLikeEmbedding(tensors)) {
    const file = name;
    return new UserError(
      'lora.embedding',
      `A style must be a LoRA file, but "${file}" is a textual inversion; add it with fourstep model add-embedding.`,
      { params: { file } },
    );
  }
  return new UserError(
    'lora.empty',
    `A style must be a LoRA file, but "${name}" holds no LoRA matrices among its ${count} tensors; is it a whole checkpoint?`,
    { params: { file: name, tensors: count } },
  );
}

type Pair = {
  readonly stem: string;
  readonly down: TensorInfo;
  readonly up: TensorInfo;
  readonly mid: TensorInfo | undefined;
};

function article(noun: string): string {
  return /^[AEIOU]/.test(noun) ? 'an' : 'a';
}

/** Tensors by module; those with unreadable names or names taken already are strays. */
function sortTensors({ tensors }: SafetensorsFile): {
  readonly modules: ReadonlyMap<string, Roles>;
  readonly strays: readonly string[];
} {
  const modules = new Map<string, Partial<Record<LoraRole, TensorInfo>>>();
  const strays: string[] = [];
  for (const info of infosOf(tensors)) {
    const key = splitLoraKey(info.name) ?? ia3Key(tensors, info.name);
    const roles = key && (modules.get(key.stem) ?? {});
    if (key === undefined || roles === undefined || roles[key.role] !== undefined) {
      if (!isBaseWeight(info.name) && !isBundledWord(info.name)) {
        strays.push(info.name);
      }
      continue;
    }
    modules.set(key.stem, { ...roles, [key.role]: info });
  }
  return { modules, strays };
}

function ia3Key(tensors: TensorSource, name: string) {
  const stem = ia3Stem(name);
  return stem !== undefined && tensors.get(`${stem}.on_input`) !== undefined
    ? ({ stem, role: 'ia3' } as const)
    : undefined;
}

type ModuleNumbers = { readonly alpha?: number | undefined; readonly onInput?: number | undefined };

async function readModuleNumbers(file: string, modules: readonly Roles[]): Promise<readonly ModuleNumbers[]> {
  const scalars = modules.flatMap(({ alpha, on_input: onInput }) => [alpha, onInput].flatMap((info) => info ?? []));
  for (const { name, shape } of scalars) {
    if (shape.reduce((product, side) => product * side, 1) !== 1) {
      throw shapeError(path.basename(file), name, 'a single number', shape);
    }
  }
  const numbers = await readNumbers(file, scalars);
  const notFinite = scalars[numbers.findIndex((value) => !Number.isFinite(value))];
  if (notFinite !== undefined) {
    const name = path.basename(file);
    throw new UserError(
      'weights.nan',
      `Weights must be finite numbers, but "${notFinite.name}" in "${name}" is NaN or infinity; the file is damaged or its training failed, so use another.`,
      { params: { file: name, tensor: notFinite.name } },
    );
  }
  const values = numbers.values();
  const next = (info: TensorInfo | undefined): number | undefined =>
    info === undefined ? undefined : values.next().value;
  return modules.map(({ alpha, on_input: onInput }) => ({ alpha: next(alpha), onInput: next(onInput) }));
}

type SortedModule = {
  readonly pair: LoraGroup | undefined;
  readonly dense: readonly DenseGroup[];
  /** Tensors without a use, for they lack their other half. */
  readonly left: readonly string[];
};

function sortModule(
  file: string,
  stem: string,
  roles: Roles,
  { alpha, onInput }: ModuleNumbers,
  scaling: Scaling,
): SortedModule {
  const { down, up, mid } = roles;
  const pair = down && up && toGroup(file, { stem, down, up, mid }, alpha, scaling);
  const { groups, used, takesPair } = denseGroups(stem, roles, { alpha, onInput: onInput === 1 }, pair);
  const inPair: readonly string[] = pair === undefined ? [] : ['down', 'up', 'mid'];
  const isUsed = (role: string): boolean => inPair.includes(role) || [...used].some((known) => known === role);
  const counts = pair !== undefined || groups.length > 0;
  const left = Object.entries(roles).flatMap(([role, info]) =>
    isUsed(role) || (role === 'alpha' && counts) ? [] : [info.name],
  );
  return { pair: takesPair ? undefined : pair, dense: groups, left };
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
