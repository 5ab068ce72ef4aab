/**
 * The command line's strings → our types, one at a time, as commander hands them over. A refusal is commander's own
 * error (exit status 2) with one sentence: what was expected, what came.
 */
import { basename, resolve } from 'node:path';

import { InvalidArgumentError } from 'commander';

import type { StyleUse } from '../../core/request.ts';
import { RECIPE_NAMES, type RecipeName } from '../../core/recipes.ts';
import { SCHEDULER_NAMES, SPREADS, type TimestepGrid } from '../../core/sampling.ts';

export function parseInteger(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text.trim()) || !Number.isSafeInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected ${name} as a whole number from ${min} to ${max}, got "${text}".`);
    }
    return value;
  };
}

export function parseNumber(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < min || value > max) {
      throw new InvalidArgumentError(`Expected ${name} as a number from ${min} to ${max}, got "${text}".`);
    }
    return value;
  };
}

export type Size = { readonly width: number; readonly height: number };

/** `512x768`, `512×768` or `512` for a square; pixels, multiples of 8. */
export function parseSize(text: string): Size {
  const match = /^(\d{1,5})(?:[x×X](\d{1,5}))?$/.exec(text.trim());
  const width = Number(match?.[1] ?? Number.NaN);
  const height = match?.[2] === undefined ? width : Number(match[2]);
  if (match === null || [width, height].some((side) => side < 8 || side > 8192 || side % 8 !== 0)) {
    throw new InvalidArgumentError(
      `Expected a size like 512x768 with sides from 8 to 8192 that 8 divides, got "${text}".`,
    );
  }
  return { width, height };
}

/** `FILE` or `FILE:WEIGHT`; a drive letter's colon is not taken for a weight. Collects repeats. */
export function parseLora(text: string, previous: readonly StyleUse[] = []): readonly StyleUse[] {
  const match = /^(.+?)(?::(-?\d*\.?\d+))?$/.exec(text);
  const file = match?.[1] ?? '';
  const weight = match?.[2] === undefined ? 1 : Number(match[2]);
  if (file === '' || !Number.isFinite(weight)) {
    throw new InvalidArgumentError(`Expected a LoRA as FILE or FILE:WEIGHT, got "${text}".`);
  }
  return [...previous, { id: basename(file).replace(/\.safetensors$/, ''), file: resolve(file), weight }];
}

function parseChoice<Choice extends string>(what: string, choices: readonly Choice[]): (text: string) => Choice {
  return (text) => {
    const found = choices.find((name) => name === text);
    if (found === undefined) {
      throw new InvalidArgumentError(`Expected a ${what} out of ${choices.join(', ')}, got "${text}".`);
    }
    return found;
  };
}

export const parseScheduler = parseChoice('scheduler', SCHEDULER_NAMES);

/** A recipe's name, or `auto`. */
export const parseRecipe = parseChoice<RecipeName | 'auto'>('recipe', ['auto', ...RECIPE_NAMES]);

/** Collects repeats. */
export function parseRecipes(
  text: string,
  previous: readonly (RecipeName | 'auto')[] = [],
): readonly (RecipeName | 'auto')[] {
  return [...previous, parseRecipe(text)];
}

/** Collects repeats. */
export function parseTexts(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

/** Rows of calls, each once and the fewest first: `1,2,4`. */
export function parseRows(text: string): readonly number[] {
  const parse = parseInteger('rows', 1, 64);
  return [...new Set(text.split(',').map(parse))].toSorted((a, b) => a - b);
}

/** `trailing` and the like, or the timesteps themselves: `999,749,499,249`. */
export function parseTimesteps(text: string): TimestepGrid {
  const spread = SPREADS.find((name) => name === text);
  if (spread !== undefined) {
    return spread;
  }
  const list = text.split(',').map((word) => (/^\s*\d+\s*$/.test(word) ? Number(word) : Number.NaN));
  if (list.some((timestep, i) => !Number.isFinite(timestep) || (i > 0 && timestep >= (list[i - 1] ?? 0)))) {
    throw new InvalidArgumentError(
      `Expected timesteps as ${SPREADS.join(', ')}, or descending like 999,749,499,249, got "${text}".`,
    );
  }
  return list;
}

export function parseScale(text: string): 2 | 4 {
  if (text === '2' || text === '4') {
    return text === '2' ? 2 : 4;
  }
  throw new InvalidArgumentError(`Expected a scale of 2 or 4, got "${text}".`);
}
