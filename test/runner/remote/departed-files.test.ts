/**
 * What a server brought, in the caches between its bot and the machines that draw: they hold a copy for a day after its
 * last use, so nothing is left there by the time at which the bot forgets a server that took it away.
 */
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { removeFaded } from '../../../src/runner/remote/files.ts';
import { RemoteRunner } from '../../../src/runner/remote/remote-runner.ts';
import { RemoteWorker } from '../../../src/runner/remote/worker.ts';
import { FileStore } from '../../../src/store/files.ts';
import { openMemory, type Stores, storesOn } from '../../../src/store/index.ts';
import { hasRedis, RedisServer } from '../../support/redis-server.ts';
import { createStubRunner } from '../../support/stub-runner.ts';
import { eventsOf, imagine } from '../../support/work.ts';

const DAY_MS = 24 * 3_600_000;
const SERVER = 'discord:1';

let folder: string;
let inbox: string;
let stores: Stores;
const toEnd: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-departed-'));
  inbox = join(folder, 'worker');
  stores = storesOn(openMemory(), new FileStore(folder));
});

afterEach(async () => {
  for (const end of toEnd.splice(0).toReversed()) {
    await end();
  }
  await rm(folder, { recursive: true, force: true });
});

it.skipIf(!hasRedis)(
  `a departed server’s style is in no worker’s folder and in no queue once a day has passed${hasRedis ? '' : ' (skipped: no redis-server here)'}`,
  async () => {
    const server = await RedisServer.start({ isForgetful: true });
    toEnd.push(async () => server.stop());
    const worker = new RemoteWorker({
      url: server.url,
      runner: createStubRunner(),
      slots: 1,
      filesFolder: inbox,
      eightBits: 'none',
    });
    toEnd.push(async () => worker.close(0));
    await worker.ready();
    const bot = new RemoteRunner({ url: server.url, pollMs: 50 });
    toEnd.push(async () => bot.close(0));
    await bot.ready();

    const lora = await stores.files.keep('loras', Buffer.from('the style of a server'), '.safetensors');
    const sha256 = lora.split('/').at(-1)?.split('.')[0] ?? '';
    const words = { model: 'moji', weight: 1, trigger: '', negative: '', description: '' };
    const added = { addedBy: 'discord:7', addedByName: 'Root', addedAtMs: 1 } as const;
    await stores.styles.save(SERVER, { id: 'neon', name: 'Neon', sha256, ...words, ...added });
    const request = { steps: 1, styles: [{ id: 'neon', file: lora, weight: 1 }] };
    await eventsOf(bot.run(imagine(request, 'styled'), new AbortController().signal));
    const name = `${sha256}.safetensors`;
    expect(await readdir(inbox)).toEqual([name]);

    // It leaves, and in its time the bot forgets it; what has travelled goes by itself.
    await stores.departures.forget(SERVER);
    expect(await stores.files.has(lora)).toBe(false);
    const redis = new Redis(server.url);
    toEnd.push(async () => redis.disconnect());
    const [key = ''] = await redis.keys(`*${sha256}*`);
    const keptMs = await redis.pttl(key);
    expect(keptMs).toBeGreaterThan(0);
    expect(keptMs).toBeLessThanOrEqual(DAY_MS);
    await removeFaded(inbox);
    expect(await readdir(inbox)).toEqual([name]);
    await utimes(join(inbox, name), new Date(Date.now() - DAY_MS - 1000), 0);
    await removeFaded(inbox);
    expect(await readdir(inbox)).toEqual([]);
  },
);
