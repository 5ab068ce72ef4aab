/** LoRA files and textual inversions for the bot: fetched under the store's rules, inspected by the engine's reader of headers. */
import { BASES } from '../core/manifest.ts';
import type { LoraFacts, Loras } from '../bot/index.ts';
import { UserError } from '../core/errors.ts';
import { describeEmbedding, inspectLora } from '../engine/weights/index.ts';
import { fetchFile, type FetchFileOptions } from '../store/index.ts';

export function createLoras(options: FetchFileOptions): Loras {
  return {
    fetch: (url) => fetchFile(url, options),
    inspect: async (file): Promise<LoraFacts> => {
      const report = await inspectLora(file).catch(elseEmbedding);
      if (report === undefined) {
        const { token, vectors, base } = await describeEmbedding(file);
        return { kind: 'textual inversion', rank: vectors, base: base ?? 'other', triggers: [], embedding: { token } };
      }
      const { kind, ranks, base, triggers, madeFor } = report;
      return { kind, rank: ranks.at(-1) ?? 0, base: BASES.find((name) => name === base) ?? 'other', triggers, madeFor };
    },
  };
}

/** Undefined for a textual inversion; throws what else was wrong. */
function elseEmbedding(error: unknown): undefined {
  if (!(error instanceof UserError) || error.code !== 'lora.embedding') {
    throw error;
  }
}
