/** A style as it is kept: saved, being tried, or removed a moment ago; and how each is read. Knows no database. */
import { z } from 'zod';
import type { ReplyAddress } from '../core/job.ts';
import { PLATFORMS, type ServerKey, type UserKey } from '../core/people.ts';
import type { StyleMaking } from '../core/style.ts';

export type StylePreset = {
  /** The name in lower case: what it is found by. */
  readonly id: string;
  readonly name: string;
  /** The catalog id of the model it is for. */
  readonly model: string;
  /** The LoRA or textual inversion among the kept files. */
  readonly sha256: string;
  /** Fingerprint of that model when the style was added; undefined: unknown. */
  readonly base?: string | undefined;
  /** Absent: a LoRA. A textual inversion's word is its trigger. */
  readonly kind?: 'embedding' | undefined;
  readonly weight: number;
  readonly trigger: string;
  readonly negative: string;
  readonly description: string;
  readonly addedBy: UserKey;
  readonly addedByName: string;
  readonly addedAtMs: number;
  /** Of a style that was learnt here. */
  readonly made?: StyleMaking | undefined;
};

/** A style that is being tried by the admin who brings it; saved or discarded by its buttons. */
export type StyleDraft = {
  readonly id: string;
  readonly server: ServerKey;
  readonly serverName: string;
  readonly preset: StylePreset;
  readonly found: {
    readonly kind: string;
    readonly rank: number;
    readonly base: string;
    readonly triggers: readonly string[];
  };
  readonly seed: number;
  readonly locale: string;
  readonly address: ReplyAddress;
  /** Where it is tried is for adults. */
  readonly isNsfwChannel?: boolean | undefined;
  /** The preview for the present weight has been shown. */
  readonly isShown: boolean;
};

// A key's shape is the platform's business; it was written by this program.
const key = z.custom<ServerKey>((value) => typeof value === 'string' && value.includes(':'));
export const presetSchema = z.object({
  id: z.string(),
  name: z.string(),
  model: z.string(),
  sha256: z.string(),
  base: z.string().optional(),
  kind: z.literal('embedding').optional(),
  weight: z.number(),
  trigger: z.string(),
  negative: z.string(),
  description: z.string(),
  addedBy: key,
  addedByName: z.string(),
  addedAtMs: z.number(),
  made: z
    .object({
      pictures: z.number(),
      people: z.array(key),
      steps: z.number(),
      rank: z.number(),
      width: z.number(),
      height: z.number(),
      seed: z.number(),
      deviceMs: z.number(),
      atMs: z.number(),
    })
    .optional(),
});
export const draftSchema = z.object({
  id: z.string(),
  server: key,
  serverName: z.string(),
  preset: presetSchema,
  found: z.object({ kind: z.string(), rank: z.number(), base: z.string(), triggers: z.array(z.string()) }),
  seed: z.number(),
  locale: z.string(),
  address: z.object({
    platform: z.enum(PLATFORMS),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  }),
  isNsfwChannel: z.boolean().optional(),
  isShown: z.boolean(),
});

/** A style that was removed and can be brought back for a day. */
export type RemovedStyle = {
  readonly server: ServerKey;
  readonly preset: StylePreset;
  readonly wasDefault: boolean;
};
export const removedSchema = z.object({ server: key, preset: presetSchema, wasDefault: z.boolean() });
