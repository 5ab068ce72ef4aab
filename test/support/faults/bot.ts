/**
 * A whole bot as a program of its own, so that a test can kill it: one chat's adapter, a store, the fair
 * queue and a stub device in a real child process. Takes orders by messages: faults that a machine has, made to happen.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { createDiscordAdapter } from '../../../src/adapters/discord/index.ts';
import { createSlackAdapter } from '../../../src/adapters/slack/index.ts';
import type { FourstepBot, Log } from '../../../src/bot/index.ts';
import type { Adapter } from '../../../src/core/chat.ts';
import { UserError } from '../../../src/core/errors.ts';
import { ProcessRunner } from '../../../src/runner/process-runner.ts';
import type { Database, Entry } from '../../../src/store/database.ts';
import { openEmbedded } from '../../../src/store/embedded.ts';
import { openRedis } from '../../../src/store/redis.ts';
import { FileStore } from '../../../src/store/files.ts';
import { clockOf } from '../bot-ports.ts';
import { installed, SMALL_MOJI } from '../manifests.ts';
import { STUB_CHILD, type StubFactoryOptions } from '../stub-factory.ts';
import { openWholeBot } from '../whole-bot.ts';

const chat = z.discriminatedUnion('platform', [
  z.object({ platform: z.literal('discord'), token: z.string(), apiUrl: z.string(), cdnUrl: z.string() }),
  z.object({ platform: z.literal('slack'), botToken: z.string(), appToken: z.string(), apiUrl: z.string() }),
]);
/** Where the bot finds its chat, and with which tokens. */
export type ChatAssignment = z.infer<typeof chat>;

const assignment = z.object({
  folder: z.string(),
  slots: z.number(),
  chat,
  /** `redis://…`; absent: the embedded one in the folder. */
  storeUrl: z.string().optional(),
});
export type BotAssignment = z.infer<typeof assignment>;

const order = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('kill-child') }),
  /** Every write fails as on a full disk, until told otherwise. */
  z.object({ kind: z.literal('disk'), isFull: z.boolean() }),
  /** The machine's clock is set: so far from the truth. */
  z.object({ kind: z.literal('clock'), offsetMs: z.number() }),
  /** SIGTERM's path: drain, keep, end. */
  z.object({ kind: z.literal('stop') }),
]);
export type Order = z.infer<typeof order>;

const { folder, slots, chat: at, storeUrl } = assignment.parse(JSON.parse(process.argv[2] ?? ''));
let isDiskFull = false;
let offsetMs = 0;
const now = () => Date.now() + offsetMs;

/** What it has to say is there after a kill too, for whoever looks for the reason of a failure. */
const note = (level: string) => (fields: object, message: string) => {
  const said = Object.entries(fields).map(([name, value]) => `${name}=${value instanceof Error ? value.stack : value}`);
  const line = `${new Date().toISOString()} ${process.pid} ${level} ${message} ${said.join(' ')}`;
  appendFileSync(join(folder, 'bot.log'), `${line.replaceAll('\n', ' ')}\n`);
};
const log: Log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
class FullableFiles extends FileStore {
  override async keep(...args: Parameters<FileStore['keep']>): Promise<string> {
    refuseIfFull();
    return super.keep(...args);
  }
}
const stub: StubFactoryOptions = { stepMs: 1, device: 'stub' };
const runner = new ProcessRunner({ ...STUB_CHILD, factoryOptions: stub, maxActive: slots, restartMs: 10 });
await runner.ready();
const database = await (storeUrl === undefined ? openEmbedded(folder) : openRedis(storeUrl));
const whole = await openWholeBot({
  folder,
  database: fullable(database),
  files: new FullableFiles(folder),
  runner,
  slots,
  ports: { clock: clockOf(now), log, models: { list: () => [installed(SMALL_MOJI, folder)] } },
  options: { queue: { perUser: 100, perServer: 100_000 } },
  connect: async ({ bot }) => [adapterFor(bot)],
});

process.on('message', (raw: unknown) => {
  const message = order.parse(raw);
  switch (message.kind) {
    case 'kill-child':
      if (runner.pid !== undefined) {
        process.kill(runner.pid, 'SIGKILL');
      }
      return;
    case 'disk':
      isDiskFull = message.isFull;
      return;
    case 'clock':
      offsetMs = message.offsetMs;
      return;
    case 'stop':
      void stop();
      return;
    default:
      message satisfies never;
  }
});
process.on('disconnect', () => process.exit(1));
process.send?.('ready');

function adapterFor(bot: FourstepBot): Adapter {
  switch (at.platform) {
    case 'discord':
      return createDiscordAdapter({ token: at.token, restUrl: at.apiUrl, cdnUrl: at.cdnUrl, bot, log, now });
    case 'slack':
      return createSlackAdapter({
        botToken: at.botToken,
        transport: { kind: 'socket', appToken: at.appToken },
        apiUrl: at.apiUrl,
        bot,
        log,
        now,
      });
    default:
      return at satisfies never;
  }
}

async function stop(): Promise<void> {
  await whole.close();
  await database.close();
  process.exit(0);
}

function fullable(disk: Database): Database {
  return {
    get: (key) => disk.get(key),
    getMany: (keys) => disk.getMany(keys),
    put: async (entries: readonly Entry[]) => {
      refuseIfFull();
      await disk.put(entries);
    },
    delete: (keys) => disk.delete(keys),
    keys: (prefix) => disk.keys(prefix),
    close: () => disk.close(),
  };
}

function refuseIfFull(): void {
  if (isDiskFull) {
    throw new UserError('store.full', 'Expected room on the disk, but it is full. Free some and try again.');
  }
}
