/** A style as it is kept: saved, being tried, or removed a moment ago; and how each is read. Knows no database. */
import { z } from 'zod';
import { replyAddress } from '../core/job.ts';
import type { Parsed } from '../core/parsed.ts';
import { placeKey } from '../core/people.ts';
import { styleMaking } from '../core/style.ts';

export const presetSchema = z.object({
  /** The name in lower case: what it is found by. */
  id: z.string(),
  name: z.string(),
  /** The catalog id of the model it is for. */
  model: z.string(),
  /** The LoRA or textual inversion among the kept files. */
  sha256: z.string(),
  /** Fingerprint of that model when the style was added; undefined: unknown. */
  base: z.string().optional(),
  /** Absent: a LoRA. A textual inversion's word is its trigger. */
  kind: z.literal('embedding').optional(),
  weight: z.number(),
  trigger: z.string(),
  negative: z.string(),
  description: z.string(),
  addedBy: placeKey,
  addedByName: z.string(),
  addedAtMs: z.number(),
  /** Of a style that was learnt here. */
  made: styleMaking.optional(),
});
export type StylePreset = Parsed<typeof presetSchema>;

/** A style that is being tried by the admin who brings it; saved or discarded by its buttons. */
export const draftSchema = z.object({
  id: z.string(),
  server: placeKey,
  serverName: z.string(),
  preset: presetSchema,
  found: z.object({ kind: z.string(), rank: z.number(), base: z.string(), triggers: z.array(z.string()) }),
  seed: z.number(),
  locale: z.string(),
  address: replyAddress,
  /** Where it is tried is for adults. */
  isNsfwChannel: z.boolean().optional(),
  /** The preview for the present weight has been shown. */
  isShown: z.boolean(),
});
export type StyleDraft = Parsed<typeof draftSchema>;

/** A style that was removed and can be brought back for a day. */
export const removedSchema = z.object({ server: placeKey, preset: presetSchema, wasDefault: z.boolean() });
export type RemovedStyle = Parsed<typeof removedSchema>;
