/**
 * Fits a LoRA file to a model: each of the model's modules is offered under all its spellings.
 *
 * What matched nothing is counted and returned. A LoRA that was made for another base is refused with both names.
 */
import path from 'node:path';

import { BASES, type Base } from '../../../core/manifest.ts';
import { UserError } from '../../../core/errors.ts';
import { guessBase } from './base-guess.ts';
import type { LoraFile } from './lora-file.ts';
import type { LoraGroup, LoraPart } from './lora-group.ts';
import type { TensorSource } from '../tensor-source.ts';
import { fitsShape } from './dense-difference.ts';
import { denseSize, type DenseGroup, type DensePart } from './dense-group.ts';
import type { LoraModule } from './lora-module.ts';
import { LORA_NETS, spellModules, type LoraNet } from './module-spellings.ts';

export type LoraModel = {
  readonly base: Base;
  /** A net that is absent here is one that this model lacks. */
  readonly nets: Readonly<Partial<Record<LoraNet, readonly LoraModule[]>>>;
  /** All weights of the nets, for changes that are merged: of any layer, norms and biases too. Absent: those fit nothing. */
  readonly weights?: Readonly<Partial<Record<LoraNet, Pick<TensorSource, 'names' | 'get'>>>>;
};

export type LoraMatch = {
  readonly lora: LoraFile;
  readonly parts: Readonly<Record<LoraNet, readonly LoraPart[]>>;
  readonly dense: Readonly<Record<LoraNet, readonly DensePart[]>>;
  /** Modules that found their place, of `modules` in the file. */
  readonly matched: number;
  readonly modules: number;
  /** The file's modules and tensors that fit nothing, as it spells them. */
  readonly unmatched: readonly string[];
};

/**
 * Throws `UserError` `lora.base` when the file was made for another base, by its names or by its shapes, and
 * `lora.unmatched` when none of its modules is one of the model's.
 */
export function matchLora(lora: LoraFile, model: LoraModel): LoraMatch {
  const guess = guessBase(lora);
  if (guess !== undefined && !fits(guess, model.base)) {
    throw otherBase(lora, guess, model.base);
  }
  const parts: Record<LoraNet, LoraPart[]> = { unet: [], text_encoder: [], text_encoder_2: [] };
  const places = LORA_NETS.map((net) => {
    const modules = new Map((model.nets[net] ?? []).map((module) => [module.module, module]));
    return { net, modules, spellings: spellModules(net, [...modules.keys()]) };
  });
  const unmatched: string[] = [...lora.strays];
  const taken = new Set<LoraModule>();
  for (const group of lora.groups) {
    const place = places.find(({ spellings }) => spellings.has(group.stem));
    const target = place?.modules.get(place.spellings.get(group.stem) ?? '');
    if (place === undefined || target === undefined || taken.has(target)) {
      unmatched.push(group.stem);
      continue;
    }
    if (!hasShape(group, target.shape)) {
      throw guess === undefined || guess === model.base
        ? otherShape(lora, group, target)
        : otherBase(lora, guess, model.base);
    }
    taken.add(target);
    parts[place.net].push({ ...group, ...target });
  }
  const placed = placeDense(lora, model);
  // One by one: a file can name more modules than a call takes arguments.
  placed.unmatched.forEach((stem) => unmatched.push(stem));
  const modules = new Set([...lora.groups, ...lora.dense].map(({ stem }) => stem)).size;
  const matched = new Set(LORA_NETS.flatMap((net) => [...parts[net], ...placed.dense[net]]).map(({ stem }) => stem))
    .size;
  if (matched === 0) {
    const file = path.basename(lora.file);
    const first = lora.groups[0]?.stem ?? lora.dense[0]?.stem ?? '';
    throw new UserError(
      'lora.unmatched',
      `A LoRA must name parts of the model, but none of the ${modules} modules in "${file}" (the first is "${first}") is one of ${model.base === 'other' ? 'this' : `a ${NAMES[model.base]}`} model; use a LoRA made for that.`,
      { params: { file, modules, base: model.base } },
    );
  }
  return { lora, parts, dense: placed.dense, matched, modules, unmatched };
}

type PlacedDense = { readonly dense: LoraMatch['dense']; readonly unmatched: readonly string[] };

function placeDense(lora: LoraFile, { weights = {} }: LoraModel): PlacedDense {
  const dense: Record<LoraNet, DensePart[]> = { unet: [], text_encoder: [], text_encoder_2: [] };
  const unmatched: string[] = [];
  const places = lora.dense.length === 0 ? [] : LORA_NETS.flatMap((net) => placesOf(net, weights[net]));
  const taken = new Set<string>();
  for (const group of lora.dense) {
    const place = places.find(({ spellings }) => spellings.has(group.stem));
    const name = `${place?.spellings.get(group.stem) ?? ''}.${group.target}`;
    const info = place?.source.get(name);
    if (place === undefined || info === undefined || taken.has(`${place.net} ${name}`)) {
      unmatched.push(group.stem);
      continue;
    }
    if (!fitsShape(group.form, info.shape)) {
      throw otherDenseShape(lora, group, name, info.shape);
    }
    taken.add(`${place.net} ${name}`);
    dense[place.net].push({ ...group, name, shape: info.shape });
  }
  return { dense, unmatched };
}

function placesOf(net: LoraNet, source: Pick<TensorSource, 'names' | 'get'> | undefined) {
  if (source === undefined) {
    return [];
  }
  const modules = new Set(source.names.flatMap((name) => /^(.+)\.(?:weight|bias)$/.exec(name)?.[1] ?? []));
  return [{ net, source, spellings: spellModules(net, [...modules]) }];
}

function otherDenseShape(lora: LoraFile, group: DenseGroup, name: string, shape: readonly number[]): UserError {
  const file = path.basename(lora.file);
  const own = (denseSize(group.form) ?? []).join(', ');
  return new UserError(
    'lora.base',
    `A LoRA must have the model's shapes, but "${file}" has [${own}] where "${name}" is [${shape.join(', ')}]; it was made for another base than this model.`,
    { params: { file, module: name, found: own, expected: shape.join(', ') } },
  );
}

/** Whether ΔW has the shape of W: in and kernel from `down` (or LoCon's core), out from `up`. */
function hasShape({ down, up, mid }: LoraGroup, [out, inputs, ...kernel]: readonly number[]): boolean {
  const own = (mid ?? down).shape.slice(2);
  const isSameKernel =
    own.length === kernel.length
      ? own.every((side, i) => side === kernel[i])
      : [...own, ...kernel].every((side) => side === 1);
  return isSameKernel && up.shape[0] === out && down.shape[1] === inputs;
}

/** The shapes decide for bases of which nothing general is known; an architecture without a name here never fits. */
function fits(guess: string, base: Base): boolean {
  return guess === base || ((base === 'other' || base === 'moji') && BASES.some((known) => known === guess));
}

const NAMES: Readonly<Record<string, string>> = {
  sd15: 'Stable Diffusion 1.5',
  sd2: 'Stable Diffusion 2',
  sdxl: 'Stable Diffusion XL',
  ssd1b: 'SSD-1B',
  moji: 'moji',
  other: 'no known one',
} satisfies Readonly<Record<Base, string>>;

function otherBase(lora: LoraFile, guess: string, base: Base): UserError {
  const file = path.basename(lora.file);
  return new UserError(
    'lora.base',
    `A LoRA must be made for the model's base, which is ${NAMES[base]}, but "${file}" was made for ${NAMES[guess] ?? guess}; use a model of that base or another LoRA.`,
    { params: { file, expected: base, found: guess } },
  );
}

function otherShape(lora: LoraFile, group: LoraGroup, target: LoraModule): UserError {
  const file = path.basename(lora.file);
  const own = [group.up.shape[0], ...group.down.shape.slice(1)].join(', ');
  return new UserError(
    'lora.base',
    `A LoRA must have the model's shapes, but "${file}" has [${own}] where "${target.module}" is [${target.shape.join(', ')}]; it was made for another base than this model.`,
    { params: { file, module: target.module, found: own, expected: target.shape.join(', ') } },
  );
}
