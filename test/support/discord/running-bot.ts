/** The bot as `start` puts it together, for Discord alone, on given stores, with a stub for the device. */
import { randomInt } from 'node:crypto';

import { createDiscordAdapter } from '../../../src/adapters/discord/index.ts';
import { createBot } from '../../../src/bot/index.ts';
import type { Bot, Invocation } from '../../../src/core/chat.ts';
import type { ModelManifest } from '../../../src/core/manifest.ts';
import { FairAdmission } from '../../../src/queue/index.ts';
import { FileStore } from '../../../src/store/files.ts';
import { storesOn } from '../../../src/store/index.ts';
import type { Database } from '../../../src/store/index.ts';
import type { FakeDiscord } from './index.ts';
import { createStubRunner } from '../stub-runner.ts';

export type DiscordBotOptions = {
  readonly fake: FakeDiscord;
  readonly database: Database;
  readonly folder: string;
  /** Awaited before each step of a picture. */
  readonly beforeStep?: () => Promise<void>;
};

export type DiscordBot = {
  /** Deliveries that the bot is done with; the stand-in's world tells of each. */
  readonly handled: readonly Invocation[];
  readonly stop: () => Promise<void>;
  /** Ends without drawing or answering anything more, as far as a process can do that to itself. */
  readonly crash: () => Promise<void>;
};

const model: ModelManifest = {
  id: 'moji',
  name: 'Moji',
  description: 'Small pictures',
  license: 'Apache-2.0',
  base: 'moji',
  lcmLora: 'lcm.safetensors',
  defaults: { width: 16, height: 16, steps: 4, guidance: 1, scheduler: 'lcm' },
  sizes: [16, 24],
  styles: [],
  upscalers: { '2': 'upscale' },
};

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export async function openDiscordBot({ fake, database, folder, beforeStep }: DiscordBotOptions): Promise<DiscordBot> {
  const { now } = fake.world.clock;
  let isCrashed = false;
  const runner = createStubRunner({ sizePx: 16, ...(beforeStep === undefined ? {} : { beforeStep }) });
  const bot = createBot({
    admission: new FairAdmission({ slots: 2 }),
    runner,
    chatOf: (platform) => (platform === 'discord' && !isCrashed ? adapter : undefined),
    stores: storesOn(
      mortal(database, () => isCrashed),
      new FileStore(folder),
    ),
    models: { list: () => [{ manifest: model, folder }] },
    loras: {
      fetch: async () => {
        throw new Error('nothing is fetched here');
      },
      inspect: async () => ({ kind: 'LoRA', rank: 8, base: 'moji', triggers: ['glow'] }),
    },
    clock: {
      now,
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
    random: { uint32: () => randomInt(0, 2 ** 32) },
    log: quiet,
    options: {
      model: 'moji',
      blockedWords: [],
      adultWords: [],
      queue: { perUser: 10, perServer: 100 },
      quota: { perUser: undefined, perServer: undefined },
      maxLoraBytes: 1_000_000,
      maxInitBytes: 1_000_000,
      maxStyles: 5,
    },
  });
  const handled: Invocation[] = [];
  const accept = bot.accept?.bind(bot);
  const watched: Bot = {
    ...(accept === undefined ? {} : { accept }),
    acknowledgement: (action) => bot.acknowledgement(action),
    form: async (invocation) => bot.form(invocation),
    suggest: async (...given) => bot.suggest(...given),
    handle: async (invocation, address) => {
      await bot.handle(invocation, address);
      handled.push(invocation);
      fake.world.changed();
    },
  };
  const adapter = createDiscordAdapter({
    token: fake.token,
    restUrl: fake.apiUrl,
    cdnUrl: fake.cdnUrl,
    bot: watched,
    log: quiet,
    now,
    drainMs: 500,
  });
  await adapter.start();
  await bot.resume();
  return {
    handled,
    stop: async () => {
      await bot.close(5000);
      await adapter.stop();
      await runner.close(0);
    },
    crash: async () => {
      isCrashed = true;
      await adapter.stop();
      await runner.close(0);
    },
  };
}

/** After a crash nothing is read or written any more; nobody gets an answer. */
function mortal(database: Database, isCrashed: () => boolean): Database {
  const unlessCrashed = async <T>(ask: () => Promise<T>): Promise<T> => (isCrashed() ? new Promise(() => {}) : ask());
  return {
    get: async (key) => unlessCrashed(async () => database.get(key)),
    getMany: async (keys) => unlessCrashed(async () => database.getMany(keys)),
    put: async (entries) => unlessCrashed(async () => database.put(entries)),
    delete: async (keys) => unlessCrashed(async () => database.delete(keys)),
    keys: async (prefix) => unlessCrashed(async () => database.keys(prefix)),
    close: async () => undefined,
  };
}
