/**
 * A style as everybody has it, from the catalog to the bot and back: a LoRA with its words, or a word that a textual inversion
 * taught, its file already found.
 * Knows no store and no catalog.
 */
import { z } from 'zod';

import type { Parsed } from './parsed.ts';
import { placeKey, type UserKey } from './people.ts';
import type { EmbeddingUse, Fingerprint, StyleUse } from './request.ts';

export type StyleOrigin =
  /** Part of the model. */
  | { readonly kind: 'model' }
  /** Added for all servers by whoever runs the bot. */
  | { readonly kind: 'operator' }
  /** Added by a server's admin. */
  | { readonly kind: 'server'; readonly by: UserKey; readonly byName: string };

/** How a server's own style was made here: from whose pictures, and what it took. */
export const styleMaking = z.object({
  pictures: z.number(),
  /** Whose pictures they were, as far as is known. */
  people: z.array(placeKey),
  steps: z.number(),
  rank: z.number(),
  /** Pixels. */
  width: z.number(),
  height: z.number(),
  seed: z.number(),
  /** Time of the device. */
  deviceMs: z.number(),
  atMs: z.number(),
});
export type StyleMaking = Parsed<typeof styleMaking>;

export type Style = {
  /** What it is found by and remembered as; lower case. */
  readonly id: string;
  readonly name: string;
  /** The catalog id of the model it is for. */
  readonly model: string;
  /** Absolute. */
  readonly file: string;
  readonly weight: number;
  /** Words put into the prompt with the style; '' for none. */
  readonly trigger: string;
  /** Words put into the negative prompt with it; '' for none. */
  readonly negative: string;
  readonly description: string;
  readonly sha256?: string | undefined;
  /** Of the model that it was made for. */
  readonly base?: Fingerprint | undefined;
  /** Absent: a LoRA. Of a textual inversion `trigger` is the word that its vectors stand in for. */
  readonly kind?: 'embedding' | undefined;
  readonly origin: StyleOrigin;
  /** Of a style that was learnt here. */
  readonly made?: StyleMaking | undefined;
};

/** The style as a word that a prompt may name; undefined for a LoRA. */
export function wordOf({ kind, trigger: word, file, sha256 }: Style): EmbeddingUse | undefined {
  return kind === 'embedding' ? { word, file, ...(sha256 === undefined ? {} : { sha256 }) } : undefined;
}

/** The style at a share of its own weight. */
export function useOf({ id, file, weight, sha256, base }: Style, share: number): StyleUse {
  return {
    id,
    file,
    weight: weight * share,
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(base === undefined ? {} : { base }),
  };
}
