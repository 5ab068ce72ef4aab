/**
 * The whole bot for journeys: the real handlers, queue, stores and chats over a stub runner. Closing or crashing and
 * opening again over the same database is a restart.
 */
import { type BotPorts, createBot, type FourstepBot } from '../../src/bot/index.ts';
import type { Adapter } from '../../src/core/chat.ts';
import type { Runner } from '../../src/core/work.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { FileStore } from '../../src/store/files.ts';
import { type Database, storesOn } from '../../src/store/index.ts';
import { botPorts, type GivenPorts } from './bot-ports.ts';
import { createStubRunner } from './stub-runner.ts';

export type WholeBotOptions = Pick<GivenPorts, 'options' | 'slots'> & {
  /** Holds the files, and the store unless a database is given. */
  readonly folder: string;
  /** Left open at the end. */
  readonly database?: Database;
  readonly files?: FileStore;
  /** Closed with the bot. */
  readonly runner?: Runner;
  readonly connect: (parts: BotParts) => Promise<readonly Adapter[]>;
  readonly ports?: Partial<Omit<BotPorts, 'options'>>;
};

/** What the composition root has at hand when it makes the chats. */
export type BotParts = Omit<BotPorts, 'chatOf'> & { readonly bot: FourstepBot };

export type WholeBot = BotParts & {
  readonly adapters: readonly Adapter[];
  /** Ends in order, as SIGTERM does. */
  readonly close: () => Promise<void>;
  /** Ends without drawing, keeping or answering anything more, as far as a process can do that to itself. */
  readonly crash: () => Promise<void>;
};

export async function openWholeBot({
  folder,
  database,
  files = new FileStore(folder),
  runner = createStubRunner(),
  connect,
  ports,
  ...more
}: WholeBotOptions): Promise<WholeBot> {
  let isCrashed = false;
  let adapters: readonly Adapter[] = [];
  const own = database ?? (await openEmbedded(folder));
  const stores = storesOn(
    mortal(own, () => isCrashed),
    files,
    more.options?.partition,
  );
  const chatOf: BotPorts['chatOf'] = (platform) => adapters.find((adapter) => adapter.platform === platform);
  const all = botPorts({ stores, runner, chatOf, ...ports, ...more });
  const bot = createBot(all);
  adapters = await connect({ ...all, bot });
  for (const adapter of adapters) {
    await adapter.start();
  }
  await bot.resume();
  const leave = async (connected: readonly Adapter[], drainMs: number) => {
    await Promise.all(connected.map((adapter) => adapter.stop()));
    await runner.close(drainMs);
    await (database === undefined ? own.close() : undefined);
  };
  return {
    ...all,
    bot,
    adapters,
    close: async () => {
      await bot.close(5000);
      await leave(adapters, 1000);
    },
    crash: async () => {
      isCrashed = true;
      const connected = adapters;
      adapters = [];
      await leave(connected, 0);
    },
  };
}

/** After a crash nothing is read or written any more, and nobody hears of it. */
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
