/**
 * config.json at the edge: from `unknown` to a typed config, once, with a sentence that names the field. Values that
 * a net does not build are refused by the same schemas: `only(…)`.
 */
import { z } from 'zod';

import { UserError } from '../../core/errors.ts';

/** Throws `UserError` `model.config` that names `origin`, the first field that is wrong, and what it should be. */
export function parseConfig<S extends z.ZodType>(schema: S, json: unknown, origin: string): z.output<S> {
  const parsed = schema.safeParse(json);
  if (parsed.success) {
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  const got = issue?.path.reduce((value: unknown, key) => (isRecord(value) ? value[String(key)] : undefined), json);
  throw new UserError(
    'model.config',
    `Expected a config.json that this program can build in ${origin}: ${field === '' ? 'its content' : field} is ${JSON.stringify(got)} (${issue?.message ?? 'invalid'}); use a model of the Stable Diffusion 1.5 or XL family.`,
    { params: { origin, field } },
  );
}

/** A field that must be absent, null or one of the values that are built. */
export function only<const T extends string | number | boolean>(
  ...values: readonly T[]
): z.ZodOptional<z.ZodNullable<z.ZodType<T>>> {
  const isKnown = (value: unknown): value is T => values.some((known) => known === value);
  return z
    .custom<T>(isKnown, `only ${values.map((value) => JSON.stringify(value)).join(' or ')} is built`)
    .nullable()
    .optional();
}

/** One number for all levels or a list with one for each. */
export const perLevel = z.union([z.number().int().nonnegative(), z.array(z.number().int().nonnegative())]);

export function atLevel(value: z.output<typeof perLevel>, level: number): number {
  const found = typeof value === 'number' ? value : value[level];
  if (found === undefined) {
    throw new UserError(
      'model.config',
      `Expected a number for each block in config.json, got ${JSON.stringify(value)}; check the model's config.json.`,
    );
  }
  return found;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
