/**
 * A whole bot as a program of its own, so that a test can kill it: Discord's adapter, the embedded store, the fair
 * queue and a stub device in a real child process. Takes orders by messages: faults that a machine has, made to happen.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { createDiscordAdapter } from '../../src/adapters/discord/index.ts';
import { createBot, type FourstepBot } from '../../src/bot/index.ts';
import { UserError } from '../../src/core/errors.ts';
import { FairAdmission } from '../../src/queue/index.ts';
import { ProcessRunner } from '../../src/runner/process-runner.ts';
import type { Database, Entry } from '../../src/store/database.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { FileStore } from '../../src/store/files.ts';
import { storesOn } from '../../src/store/index.ts';
import { moji } from '../bot/world.ts';
import { STUB_CHILD, type StubFactoryOptions } from './stub-factory.ts';

const assignment = z.object({
  folder: z.string(),
  token: z.string(),
  apiUrl: z.string(),
  cdnUrl: z.string(),
  slots: z.number(),
});
export type FaultBotAssignment = z.infer<typeof assignment>;

const order = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('kill-child') }),
  /** Every write fails as on a full disk, until told otherwise. */
  z.object({ kind: z.literal('disk'), isFull: z.boolean() }),
  /** The machine's clock is set: so far from the truth. */
  z.object({ kind: z.literal('clock'), offsetMs: z.number() }),
  /** SIGTERM's path: drain, keep, end. */
  z.object({ kind: z.literal('stop') }),
]);
export type FaultOrder = z.infer<typeof order>;

const { folder, token, apiUrl, cdnUrl, slots } = assignment.parse(JSON.parse(process.argv[2] ?? ''));
let isDiskFull = false;
let offsetMs = 0;
const now = () => Date.now() + offsetMs;

class FullableFiles extends FileStore {
  override async keep(...args: Parameters<FileStore['keep']>): Promise<string> {
    refuseIfFull();
    return super.keep(...args);
  }
}

const database = await openEmbedded(folder);
const fullable: Database = {
  get: (key) => database.get(key),
  getMany: (keys) => database.getMany(keys),
  put: async (entries: readonly Entry[]) => {
    refuseIfFull();
    await database.put(entries);
  },
  delete: (keys) => database.delete(keys),
  keys: (prefix) => database.keys(prefix),
  close: () => database.close(),
};
const stub: StubFactoryOptions = { stepMs: 1, device: 'stub' };
const runner = new ProcessRunner({ ...STUB_CHILD, factoryOptions: stub, maxActive: slots, restartMs: 10 });
/** What it has to say is there after a kill too, for whoever looks for the reason of a failure. */
const note = (level: string) => (fields: object, message: string) => {
  const said = Object.entries(fields).map(([name, value]) => `${name}=${value instanceof Error ? value.stack : value}`);
  const line = `${new Date().toISOString()} ${process.pid} ${level} ${message} ${said.join(' ')}`;
  appendFileSync(join(folder, 'bot.log'), `${line.replaceAll('\n', ' ')}\n`);
};
const log = { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') };
const bot: FourstepBot = createBot({
  admission: new FairAdmission({ slots }),
  runner,
  chatOf: (platform) => (platform === 'discord' ? adapter : undefined),
  stores: storesOn(fullable, new FullableFiles(folder)),
  models: { list: () => [{ manifest: moji, folder: '/models/moji' }] },
  loras: {
    fetch: async () => {
      throw new Error('nothing is fetched here');
    },
    inspect: async () => ({ kind: 'LoRA', rank: 8, base: 'moji', triggers: [] }),
  },
  clock: {
    now,
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => {
        clearTimeout(timer);
      };
    },
  },
  random: { uint32: () => Math.floor(Math.random() * 2 ** 32) },
  log,
  options: {
    model: 'moji',
    blockedWords: [],
    adultWords: [],
    queue: { perUser: 100, perServer: 100_000 },
    quota: { perUser: undefined, perServer: undefined },
    maxLoraBytes: 1_000_000,
    maxInitBytes: 1_000_000,
    maxStyles: 5,
  },
});
const adapter = createDiscordAdapter({ token, restUrl: apiUrl, cdnUrl, bot, log, now });

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

await runner.ready();
await adapter.start();
await bot.resume();
process.send?.('ready');

async function stop(): Promise<void> {
  await adapter.stop();
  await bot.close(5000);
  await runner.close(1000);
  await database.close();
  process.exit(0);
}

function refuseIfFull(): void {
  if (isDiskFull) {
    throw new UserError('store.full', 'Expected room on the disk, but it is full. Free some and try again.');
  }
}
