/**
 * Data that leaves: a server's, so many days after it took the bot away, and a person's, at once when they say so. In each
 * kind of store, by the bot's own clock.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Place, ServerKey } from '../../src/core/people.ts';
import { type Database, DEFAULT_SETTINGS, openMemory } from '../../src/store/index.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openRedis } from '../../src/store/redis.ts';
import { ada, admin, bob, guild, openWorld, type World } from './world.ts';

const DAY_MS = 24 * 3_600_000;
const FIRST_ROUND_MS = 60_000;
const ROUNDS_EVERY_MS = 6 * 3_600_000;
const redis = process.env['TEST_REDIS_URL'];
const postgres = process.env['TEST_POSTGRES_URL'];
const run = `leaving_${process.pid}_${Date.now()}`;

let folder: string;
let database: Database;
let world: World;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-leaving-'));
});

afterEach(async () => {
  await world.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const kinds: readonly [string, (() => Promise<Database>) | undefined][] = [
  ['memory', async () => openMemory()],
  ['the embedded store', async () => openEmbedded(folder)],
  ['Redis', redis === undefined ? undefined : async () => openRedis(redis, `${run}${count++}`)],
  ['PostgreSQL', postgres === undefined ? undefined : async () => openPostgres(postgres, `${run}${count++}`)],
];
let count = 0;

/** Time is a test's to set; what the bot does every so often is called by hand. */
class Hands {
  nowMs = Date.now();
  readonly #rounds: (() => void)[] = [];
  readonly clock = {
    now: () => this.nowMs,
    after: (ms: number, go: () => void) => {
      if (ms === FIRST_ROUND_MS || ms === ROUNDS_EVERY_MS) {
        this.#rounds.push(go);
        return () => undefined;
      }
      const timer = setTimeout(go, ms);
      return () => clearTimeout(timer);
    },
  };

  /** Lets days pass, and the round that comes after them. */
  async pass(days: number): Promise<void> {
    this.nowMs += days * DAY_MS;
    for (const go of this.#rounds.splice(0)) {
      go();
    }
    while (this.#rounds.length === 0) {
      await pause(5);
    }
  }
}

const placeOf = (server: ServerKey): Place => ({ ...guild, server });
const all = async (): Promise<string> => {
  const keys = await database.keys('');
  return JSON.stringify([keys.map(decodeURIComponent), await database.getMany(keys)]);
};

describe.each(kinds)('in %s', (name, open) => {
  const where = open === undefined ? ` (skipped: no server of ${name} is named for tests)` : '';

  it.skipIf(open === undefined)(
    `a server’s data is kept for two weeks after it left, and no longer${where}`,
    async () => {
      const hands = new Hands();
      database = await open!();
      world = await openWorld({ database, folder, ports: { clock: hands.clock } });
      const { bot, stores } = world;
      await bot.resume();
      const [gone, back, stays] = ['discord:11', 'discord:12', 'discord:13'] as const;
      for (const server of [gone, back, stays]) {
        // Private answers are kept like others, and leave like them.
        await stores.settings.save(server, { ...DEFAULT_SETTINGS, isPrivate: server === gone });
        const options = { prompt: `a fox of ${server}`, count: 1 };
        await world.act(ada, { kind: 'command', name: 'imagine', options }, { place: placeOf(server) });
      }
      await bot.record(
        { id: 'unheard', actor: bob, place: placeOf(gone), action: { kind: 'button', id: 'x' }, receivedAtMs: 1 },
        { platform: 'discord', data: {} },
      );
      await bot.left?.(gone);
      await bot.left?.(back);
      await hands.pass(13);
      await bot.joined?.(back);
      expect(await stores.jobs.recent(gone, 9)).toHaveLength(1);
      await hands.pass(1.1);
      const left = await all();
      expect(left).not.toContain(gone);
      for (const server of [back, stays]) {
        expect(await stores.jobs.recent(server, 9)).toHaveLength(1);
        expect(left).toContain(`a fox of ${server}`);
      }
      const pictures = await readdir(join(folder, 'pictures'), { recursive: true, withFileTypes: true });
      expect(pictures.filter((entry) => entry.isFile())).toHaveLength(2);
    },
  );

  it.skipIf(open === undefined)(`a person’s is gone once they say so, wherever they asked${where}`, async () => {
    database = await open!();
    world = await openWorld({ database, folder });
    const { stores } = world;
    for (const server of ['discord:11', 'discord:12'] as const) {
      const place = placeOf(server);
      for (const actor of [ada, bob]) {
        const options = { prompt: `a fox for ${actor.name}`, count: 1 };
        await world.act(actor, { kind: 'command', name: 'imagine', options }, { place });
      }
      await stores.people.saveStyle(ada.user, server, 'neon');
    }
    await stores.audit.add('discord:11', {
      atMs: Date.now(),
      user: admin.user,
      userName: admin.name,
      what: 'delete',
      params: { person: ada.name },
      about: ada.user,
      was: 'a fox for Ada',
      is: '',
    });
    expect(await all()).toContain(ada.user);
    const asked = await world.act(ada, { kind: 'command', name: 'mydata delete', options: {} });
    const button = world.chat.standing.get(asked) === undefined ? world.chat.privately.at(-1) : world.chat.at(asked);
    const id = button?.rows.flat().find((each) => each.kind === 'button')?.id ?? '';
    await world.act(ada, { kind: 'button', id });
    const kept = await all();
    expect(kept).not.toContain(ada.user);
    expect(kept).not.toContain('for Ada');
    expect(kept).toContain('a fox for Bob');
    const pictures = await readdir(join(folder, 'pictures'), { recursive: true, withFileTypes: true });
    expect(pictures.filter((entry) => entry.isFile())).toHaveLength(2);
  });
});
