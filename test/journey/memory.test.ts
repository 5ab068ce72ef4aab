/**
 * The memory of a bot that has been at it for long: jobs through the real queue, job life and embedded store with a
 * device that takes no time. What is alive after many jobs is what was alive after few.
 *
 * MEMORY_JOBS=50000 makes it the long run; the default keeps it short.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Chat } from '../../src/core/chat.ts';
import type { Message } from '../../src/core/message.ts';
import type { UserKey } from '../../src/core/people.ts';
import { createBot, type FourstepBot } from '../../src/bot/index.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { FileStore } from '../../src/store/files.ts';
import { storesOn, type Stores } from '../../src/store/index.ts';
import { guild } from '../bot/world.ts';
import { botPorts } from '../support/bot-ports.ts';
import { createStubRunner } from '../support/stub-runner.ts';

const JOBS = Number(process.env['MEMORY_JOBS'] ?? 1000);
/** First so many fill the caches that are meant to be filled. */
const WARM_UP = Math.min(1000, JOBS / 2);
const TOGETHER = 20;
/** Bytes a job that may stay: a leak of a job, a message or a picture is some kilobytes. */
const STAYS_BYTES = 500;

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What a collection frees outside the heap is only counted after the turns in which its finalizers run. */
async function aliveBytes(): Promise<number> {
  for (let pass = 0; pass < 3; pass++) {
    collectGarbage();
    await sleep(50);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let folder = '';
let stores: Stores;
let bot: FourstepBot;
let pictures = 0;

const chat: Chat = {
  platform: 'discord',
  deliver: async (address, message: Message, options) => {
    pictures += Number(options.isFinal && message.picture !== undefined);
    return address;
  },
  remove: async () => {},
  post: async () => {},
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-memory-'));
  stores = storesOn(await openEmbedded(folder), new FileStore(folder));
  bot = createBot(
    botPorts({
      stores,
      runner: createStubRunner(),
      chatOf: () => chat,
      slots: 4,
      options: { queue: { perUser: 1000, perServer: 100_000 } },
    }),
  );
});

afterAll(async () => {
  await bot.close(1000);
  await stores.close();
  await rm(folder, { recursive: true, force: true });
});

async function draw(from: number, to: number): Promise<void> {
  let next = from;
  const person = async (name: number) => {
    const user: UserKey = `discord:person-${name}`;
    for (let k = next++; k < to; k = next++) {
      await bot.handle(
        {
          id: `delivery-${k}`,
          actor: { user, name: `person ${name}`, isAdmin: false, isModerator: false, locale: 'en' },
          place: { ...guild, server: `discord:guild-${k % 50}` },
          action: { kind: 'command', name: 'imagine', options: { prompt: `thing ${k}`, count: 1 } },
          receivedAtMs: Date.now(),
        },
        { platform: 'discord', data: { message: `m${k}` } },
      );
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, (_, name) => person(name)));
}

describe('memory', () => {
  it(
    `is flat over ${JOBS} jobs`,
    async () => {
      await draw(0, WARM_UP);
      const before = await aliveBytes();
      await draw(WARM_UP, JOBS);
      const grown = (await aliveBytes()) - before;
      expect(pictures).toBe(JOBS);
      expect(grown / (JOBS - WARM_UP)).toBeLessThan(STAYS_BYTES);
    },
    60_000 + JOBS * 60,
  );
});
