/**
 * A job: a request and its life. Plain data, saved before anything of it is shown; after a crash what is saved says all
 * that is needed to run it again and to answer where the person waits. Its type is what its schema reads; `storedJob`
 * reads those of older versions too. Knows no store.
 */
import { z } from 'zod';

import type { Parsed } from './parsed.ts';
import { placeKey, PLATFORMS } from './people.ts';
import { upscaleRequest } from './request.ts';
import { storedRequest } from './stored-request.ts';

export type JobId = string;

/** Where an answer belongs: only the platform's own adapter reads `data` (plain JSON). */
export const replyAddress = z.object({
  platform: z.enum(PLATFORMS),
  data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});
export type ReplyAddress = Parsed<typeof replyAddress>;

const work = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('imagine'), request: storedRequest }),
  z.object({ kind: z.literal('upscale'), request: upscaleRequest }),
]);
export type JobWork = Parsed<typeof work>;

/** How it came about; `of` is the job whose button was pressed, `index` the picture in it (0-based). */
const origin = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('command') }),
  z.object({ kind: z.enum(['reroll', 'remix', 'retry']), of: z.string() }),
  z.object({ kind: z.enum(['vary', 'upscale']), of: z.string(), index: z.int().nonnegative() }),
]);
export type JobOrigin = Parsed<typeof origin>;

/** A finished picture; `file` may be gone (caches are pruned): the request and seed draw it again. */
const picture = z.object({
  index: z.int().nonnegative(),
  seed: z.int().nonnegative(),
  width: z.int().positive(),
  height: z.int().positive(),
  file: z.string(),
});
export type JobPicture = Parsed<typeof picture>;

/** `isAnswered` turns true once the platform has the answer: nothing is posted twice, nothing is missing. */
const ended = { endedAtMs: z.number(), isAnswered: z.boolean() };

const state = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('queued') }),
  z.object({ kind: z.literal('running'), startedAtMs: z.number() }),
  z.object({ kind: z.literal('done'), ...ended, drawMs: z.number(), pictures: z.array(picture) }),
  z.object({ kind: z.literal('failed'), ...ended, code: z.string(), sentence: z.string() }),
  z.object({ kind: z.literal('cancelled'), ...ended, by: placeKey.optional() }),
]);
export type JobState = Parsed<typeof state>;

const job = z.object({
  id: z.string(),
  server: placeKey,
  user: placeKey,
  userName: z.string(),
  channel: z.string(),
  isNsfwChannel: z.boolean(),
  /** Seen by who asked alone, until shared; absent: by everybody in the channel. */
  isPrivate: z.boolean().optional(),
  locale: z.string(),
  maxUploadBytes: z.number(),
  work,
  /** The words as typed, where the style has put some of its own into the request's. */
  typed: z.object({ prompt: z.string(), negative: z.string() }).optional(),
  origin,
  /** The preset's name for the answer's small line; '' for none. */
  styleName: z.string(),
  createdAtMs: z.number(),
  /** The platform's id of the event that asked for it: the same one, told again, finds its job here. Old jobs have none. */
  event: z.string().optional(),
  /** Against whose quota it was counted; absent: as the settings say. */
  charged: z.object({ user: z.boolean(), server: z.boolean() }).optional(),
  /** Times a device began it; after three it fails with a clear answer. */
  attempts: z.int().nonnegative(),
  state,
  address: replyAddress,
});
export type Job = Parsed<typeof job>;

/** Jobs of older versions do not know their words, who sees them or their event, or call the last `delivery`. */
export const storedJob = job
  .extend({ delivery: z.string().optional() })
  .transform(({ delivery, event = delivery, ...rest }) => ({ ...rest, ...(event === undefined ? {} : { event }) }));
