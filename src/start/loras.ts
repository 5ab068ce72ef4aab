/** LoRA files for the bot: fetched under the store's rules, inspected by the engine's reader of headers. */
import { BASES, type Base } from '../core/manifest.ts';
import type { LoraFacts, Loras } from '../bot/index.ts';
import { inspectLora } from '../engine/weights/index.ts';
import { fetchFile, type FetchFileOptions } from '../store/index.ts';

export function createLoras(options: FetchFileOptions): Loras {
  return {
    fetch: (url) => fetchFile(url, options),
    inspect: async (file): Promise<LoraFacts> => {
      const { kind, ranks, base, triggers, madeFor } = await inspectLora(file);
      return { kind, rank: Math.max(0, ...ranks), base: baseOf(base), triggers, madeFor };
    },
  };
}

function baseOf(name: string | undefined): Base {
  return BASES.find((base) => base === name) ?? 'other';
}
