/**
 * Sizes and aspects as people write them, and the pixels a model draws for them. A net works on multiples of 8 pixels
 * and draws well only near the sides it was trained on.
 */
import { UserError } from '../src/core/errors.ts';

export type Size = { readonly width: number; readonly height: number };

/** What a model says about its sizes, in pixels. */
export type SizeRules = Size & {
  readonly model: string;
  /** Side lengths the model draws well. */
  readonly sides: readonly number[];
};

const NAMED_ASPECTS: Readonly<Record<string, number>> = {
  square: 1,
  portrait: 2 / 3,
  landscape: 3 / 2,
  tall: 9 / 16,
  wide: 16 / 9,
};
/** An aspect is met by a pair of trained sides if it is off by no more than this. */
const ASPECT_TOLERANCE = 0.13;
const STEP = 8;

/** The pixels for what was asked; the model's own size for nothing. Throws `UserError` `size.*` or `aspect.*`. */
export function resolveSize(rules: SizeRules, size: string | undefined, aspect: string | undefined): Size {
  if (size !== undefined && aspect !== undefined) {
    throw new UserError('size.both', `Give a size or an aspect, not both; you gave ${size} and ${aspect}.`, {
      params: { size, aspect },
    });
  }
  if (size !== undefined) {
    return checkSides(rules, parseSize(size), size);
  }
  return aspect === undefined
    ? { width: rules.width, height: rules.height }
    : sizeForAspect(rules, parseAspect(aspect));
}

/** `512x768`, `512×768`, `512*768`, or `512` for a square. */
export function parseSize(given: string): Size {
  const match = /^\s*(\d{1,5})\s*(?:[x×*]\s*(\d{1,5})\s*)?(?:px)?\s*$/iu.exec(given);
  if (match === null) {
    throw new UserError('size.format', `A size looks like 512x768; you wrote “${given}”.`, { params: { given } });
  }
  const width = Number(match[1]);
  return { width, height: match[2] === undefined ? width : Number(match[2]) };
}

/** Width divided by height of `3:2`, `3/2`, `3x2`, `1.5`, `square`, `portrait`, `landscape`, `tall`, `wide`. */
export function parseAspect(given: string): number {
  const name = given.trim().toLowerCase();
  const match = /^(\d{1,4}(?:[.,]\d+)?)(?:\s*[:/x×]\s*(\d{1,4}(?:[.,]\d+)?))?$/u.exec(name);
  const ratio = Object.hasOwn(NAMED_ASPECTS, name)
    ? NAMED_ASPECTS[name]
    : match === null
      ? undefined
      : decimal(match[1]) / decimal(match[2] ?? '1');
  if (ratio === undefined || !Number.isFinite(ratio) || ratio === 0) {
    throw new UserError('aspect.format', `An aspect looks like 3:2 or square; you wrote “${given}”.`, {
      params: { given },
    });
  }
  if (ratio < 0.25 || ratio > 4) {
    throw new UserError('aspect.range', `An aspect can be 1:4 to 4:1; you asked for ${given}.`, { params: { given } });
  }
  return ratio;
}

/**
 * The size of an aspect with about as many pixels as the model's own: two of its sides where they come near enough,
 * else sides between them in steps of 8.
 */
export function sizeForAspect(rules: SizeRules, aspect: number): Size {
  const area = rules.width * rules.height;
  const off = (size: Size): number => Math.abs(Math.log(size.width / size.height / aspect));
  const weigh = (size: Size): number => off(size) + 0.25 * Math.abs(Math.log((size.width * size.height) / area));
  const pairs = rules.sides
    .flatMap((width) => rules.sides.map((height) => ({ width, height })))
    .filter((size) => off(size) <= ASPECT_TOLERANCE)
    .sort((a, b) => weigh(a) - weigh(b));
  if (pairs[0] !== undefined) {
    return pairs[0];
  }
  const height = Math.sqrt(area / aspect);
  return { width: rounded(height * aspect), height: rounded(height) };
}

function checkSides(rules: SizeRules, size: Size, given: string): Size {
  const { min, max } = bounds(rules);
  if (Math.min(size.width, size.height) < min || Math.max(size.width, size.height) > max) {
    const fallback = `${rules.width}x${rules.height}`;
    const params = { min: String(min), max: String(max), model: rules.model, given, fallback };
    throw new UserError(
      'size.range',
      `Sides can be ${min} to ${max} pixels with ${rules.model}; you asked for ${given}. Leave it out and ${fallback} is used.`,
      { params },
    );
  }
  return { width: rounded(size.width), height: rounded(size.height) };
}

/** Half the smallest and twice the largest good side: beyond that nets draw noise or everything twice. */
function bounds(rules: SizeRules): { readonly min: number; readonly max: number } {
  const sides = [...rules.sides, rules.width, rules.height];
  return { min: Math.max(STEP * 8, rounded(Math.min(...sides) / 2)), max: rounded(Math.max(...sides) * 2) };
}

function rounded(pixels: number): number {
  return Math.max(STEP, Math.round(pixels / STEP) * STEP);
}

function decimal(text: string | undefined): number {
  return Number((text ?? '').replace(',', '.'));
}
