/**
 * A job as it is read from a store: parsed from `unknown`, its request brought up to this version. Knows no store.
 */
import { z } from 'zod';

import type { Job, ReplyAddress } from './job.ts';
import { PLATFORMS, type ServerKey } from './people.ts';
import { storedRequest, upscaleRequest } from './request-schema.ts';

/** Of a server or a person, `platform:id`; what stands behind the colon is the platform's business. */
const key = z.custom<ServerKey>(
  (value) => typeof value === 'string' && PLATFORMS.some((name) => value.startsWith(`${name}:`)),
);

const replyAddress: z.ZodType<ReplyAddress> = z.object({
  platform: z.enum(PLATFORMS),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

const work = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('imagine'), request: storedRequest }),
  z.object({ kind: z.literal('upscale'), request: upscaleRequest }),
]);

const origin = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('command') }),
  z.object({ kind: z.enum(['reroll', 'remix', 'retry']), of: z.string() }),
  z.object({ kind: z.enum(['vary', 'upscale']), of: z.string(), index: z.int().nonnegative() }),
]);

const picture = z.object({
  index: z.int().nonnegative(),
  seed: z.int().nonnegative(),
  width: z.int().positive(),
  height: z.int().positive(),
  file: z.string(),
});

const ended = { endedAtMs: z.number(), isAnswered: z.boolean() };

const state = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('queued') }),
  z.object({ kind: z.literal('running'), startedAtMs: z.number() }),
  z.object({ kind: z.literal('done'), ...ended, drawMs: z.number(), pictures: z.array(picture) }),
  z.object({ kind: z.literal('failed'), ...ended, code: z.string(), sentence: z.string() }),
  z
    .object({ kind: z.literal('cancelled'), ...ended, by: key.optional() })
    .transform(({ by, ...rest }) => ({ ...rest, by })),
]);

// A field that is missing here would be lost on reading: the type asks for each of them.
const fields = z.object({
  id: z.string(),
  server: key,
  user: key,
  userName: z.string(),
  channel: z.string(),
  isNsfwChannel: z.boolean(),
  isPrivate: z.boolean().optional(),
  locale: z.string(),
  maxUploadBytes: z.number(),
  work,
  typed: z.object({ prompt: z.string(), negative: z.string() }).optional(),
  origin,
  styleName: z.string(),
  createdAtMs: z.number(),
  event: z.string().optional(),
  charged: z.object({ user: z.boolean(), server: z.boolean() }).optional(),
  attempts: z.int().nonnegative(),
  state,
  address: replyAddress,
} satisfies Readonly<Record<keyof Job, z.ZodType>>);

/**
 * Absent where the record has none: jobs of older versions do not know their words, who sees them or their event, or call
 * the last `delivery`.
 */
export const storedJob: z.ZodType<Job> = fields
  .extend({ delivery: z.string().optional() })
  .transform(({ typed, isPrivate, charged, delivery, event = delivery, ...job }) => ({
    ...job,
    ...(typed === undefined ? {} : { typed }),
    ...(event === undefined ? {} : { event }),
    ...(isPrivate === undefined ? {} : { isPrivate }),
    ...(charged === undefined ? {} : { charged }),
  }));
