/**
 * A training recipe's changes out of a JSON file: fields by their names in the recipes of styles and of distillation. Which
 * layers learn, and which of them go into the file, are a regular expression at the beginning of their names; "all" is all.
 */
import { readFile } from 'node:fs/promises';

import { z } from 'zod';

import { UserError } from '../core/errors.ts';
import type { DistillationRecipe, StyleRecipe } from '../train/index.ts';

const whole = z.int().positive();
const positive = z.number().positive();
const share = z.number().min(0).max(1);
/** Everything that UNet LoRAs have, as LCM-LoRAs do. */
const NOT_LEARNT = /^(time_embedding|add_embedding|conv_in|conv_out)/;

const changes = z
  .strictObject({
    rank: whole,
    steps: whole,
    batch: whole,
    rowsPerCall: whole,
    rate: positive,
    warmUpSteps: whole,
    coolDown: share,
    fall: z.enum(['linear', 'cosine']),
    betas: z.tuple([share, share]),
    weightDecay: z.number().nonnegative(),
    maxGradientNorm: positive,
    averageDecay: share,
    targetDecay: share,
    teacherSteps: whole,
    guidance: z.tuple([z.number(), z.number()]),
    emptyShare: share,
    minSnrGamma: positive,
    leastWeight: z.number().nonnegative(),
    lean: positive,
    strength: positive,
    learns: z.string(),
    keeps: z.string(),
  })
  .partial();

/** Throws `UserError` `train.recipe`. */
export async function recipeFrom<Recipe extends StyleRecipe | DistillationRecipe>(
  file: string | undefined,
  usual: Recipe,
): Promise<Recipe> {
  if (file === undefined) {
    return usual;
  }
  try {
    const { learns, keeps, ...numbers } = changes.parse(JSON.parse(await readFile(file, 'utf8')));
    const [learnt, kept] = [learns, keeps].map((text) =>
      text === undefined || text === 'all' ? undefined : new RegExp(`^(?:${text})`),
    );
    return {
      ...usual,
      ...Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== undefined)),
      ...(learns !== undefined && {
        learns: ({ module }: { readonly module: string }) => learnt?.test(module) ?? !NOT_LEARNT.test(module),
      }),
      ...(kept !== undefined && { keeps: (module: string) => kept.test(module) }),
    };
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new UserError(
      'train.recipe',
      `Expected a training recipe in ${file}, a JSON object like {"batch": 24, "learns": "all"}, but: ${reason}`,
      { params: { file }, cause },
    );
  }
}
