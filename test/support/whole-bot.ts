/**
 * The whole bot for journeys: the real handlers, queue and embedded store over a stub runner, with whatever chats a
 * journey connects. Closing and opening again over the same folder is a restart.
 */
import { join } from 'node:path';

import { type BotPorts, createBot, type FourstepBot, type Log } from '../../src/bot/index.ts';
import type { Adapter } from '../../src/core/chat.ts';
import type { ModelManifest } from '../../src/core/manifest.ts';
import type { Runner } from '../../src/core/work.ts';
import { FairAdmission } from '../../src/queue/index.ts';
import { openStores, type Stores } from '../../src/store/index.ts';
import { createStubRunner } from './stub-runner.ts';

/** A model like the embedded one, without its files. */
export const TINY_MODEL: ModelManifest = {
  id: 'tiny',
  name: 'Tiny',
  description: 'for tests',
  license: 'none',
  base: 'moji',
  lcmLora: undefined,
  defaults: { width: 64, height: 64, steps: 4, guidance: 1, scheduler: 'lcm' },
  sizes: [64],
  styles: [
    { id: 'ink', name: 'Ink', file: 'styles/ink.safetensors', weight: 1, trigger: '', description: 'black on paper' },
  ],
  upscalers: { '2': 'upscaler-x2', '4': 'upscaler-x4' },
};

export const SILENT_LOG: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export type WholeBotOptions = {
  /** Holds the store; the same folder again is the same bot after a restart. */
  readonly folder: string;
  readonly runner?: Runner;
  readonly connect: (parts: BotParts) => Promise<readonly Adapter[]>;
  readonly ports?: Partial<BotPorts>;
  readonly options?: Partial<BotPorts['options']>;
};

/** What the composition root has at hand when it makes the chats. */
export type BotParts = Pick<BotPorts, 'stores' | 'admission' | 'runner' | 'models' | 'options'> & {
  readonly bot: FourstepBot;
};

export type WholeBot = {
  readonly bot: FourstepBot;
  readonly stores: Stores;
  readonly admission: FairAdmission;
  readonly runner: Runner;
  readonly adapters: readonly Adapter[];
  /** Ends in order, as SIGTERM does. */
  readonly close: () => Promise<void>;
};

export async function openWholeBot({
  folder,
  runner = createStubRunner(),
  connect,
  ports,
  options,
}: WholeBotOptions): Promise<WholeBot> {
  const stores = await openStores({ folder, url: undefined });
  const admission = new FairAdmission({ slots: 2 });
  let adapters: readonly Adapter[] = [];
  let seed = 100;
  const settings: BotPorts['options'] = {
    model: TINY_MODEL.id,
    blockedWords: ['forbidden'],
    adultWords: [],
    queue: { perUser: 8, perServer: 64 },
    quota: { perUser: undefined, perServer: undefined },
    maxLoraBytes: 1_000_000,
    maxInitBytes: 10_000_000,
    maxStyles: 50,
    ...options,
  };
  const models: BotPorts['models'] = { list: () => [{ manifest: TINY_MODEL, folder: join(folder, 'tiny') }] };
  const bot = createBot({
    admission,
    runner,
    stores,
    chatOf: (platform) => adapters.find((adapter) => adapter.platform === platform),
    models,
    loras: {
      fetch: () => Promise.reject(new Error('this journey fetches nothing')),
      inspect: async () => ({ kind: 'LoRA', rank: 8, base: 'moji', triggers: ['glow'] }),
    },
    clock: {
      now: () => Date.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
    random: { uint32: () => (seed += 1) },
    log: SILENT_LOG,
    options: settings,
    ...ports,
  });
  adapters = await connect({ bot, stores, admission, runner, models, options: settings });
  for (const adapter of adapters) {
    await adapter.start();
  }
  await bot.resume();
  return {
    bot,
    stores,
    admission,
    runner,
    adapters,
    close: async () => {
      await bot.close(5000);
      await Promise.all(adapters.map((adapter) => adapter.stop()));
      await runner.close(0);
      await stores.close();
    },
  };
}
