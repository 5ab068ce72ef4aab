/**
 * Fits a LoRA file to a model: each of the model's modules is offered under all its spellings.
 *
 * What matched nothing is counted and returned. A LoRA that was made for another base is refused with both names.
 */
import path from 'node:path';

import { BASES, type Base } from '../../../core/manifest.ts';
import { UserError } from '../../../core/errors.ts';
import { guessBase } from './base-guess.ts';
import type { LoraFile, LoraGroup } from './lora-file.ts';
import type { LoraModule } from './lora-module.ts';
import { LORA_NETS, spellModules, type LoraNet } from './module-spellings.ts';

export type LoraModel = {
  readonly base: Base;
  /** A net that is absent here is one that this model lacks. */
  readonly nets: Readonly<Partial<Record<LoraNet, readonly LoraModule[]>>>;
};

/** A group that found its module. */
export type LoraPart = LoraGroup & LoraModule;

export type LoraMatch = {
  readonly lora: LoraFile;
  readonly parts: Readonly<Record<LoraNet, readonly LoraPart[]>>;
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
  if (taken.size === 0) {
    const file = path.basename(lora.file);
    throw new UserError(
      'lora.unmatched',
      `A LoRA must name parts of the model, but none of the ${lora.groups.length} modules in "${file}" (the first is "${lora.groups[0]?.stem ?? ''}") is one of a ${NAMES[model.base]} model; use a LoRA made for that.`,
      { params: { file, modules: lora.groups.length, base: model.base } },
    );
  }
  return { lora, parts, matched: taken.size, modules: lora.groups.length, unmatched };
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
  other: 'this',
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
