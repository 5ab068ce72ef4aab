/**
 * A bot of 3,000 guilds on two shards: in one process, and in two on one store. Each interaction reaches its own guild's
 * settings, line and picture, whichever shard it came by. Real client, real sockets; only the device is a stub.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { jobIdOf } from '../../src/bot/jobs/ids.ts';
import { deployCommands } from '../../src/adapters/discord/index.ts';
import type { Partition } from '../../src/core/partition.ts';
import { openMemory } from '../../src/store/index.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { Person } from '../support/discord/person.ts';
import { type DiscordBot, openDiscordBot } from '../support/discord/running-bot.ts';
import type { FakeGuild } from '../support/discord/world.ts';
import { gate } from '../support/gate.ts';

const GUILDS = 3000;
const ASKED = 60;

/** A Discord of so many guilds, with a channel and an admin in some of them. */
async function discordOf(size: number) {
  const fake = await FakeDiscord.start({ time: 'still', shards: 2 });
  const guilds = Array.from({ length: size }, (_, k) => fake.addGuild(`Guild ${k}`));
  const admins = new Map<FakeGuild, Person>();
  for (const guild of guilds.filter((_, k) => k % Math.max(1, Math.floor(size / ASKED)) < 2)) {
    const channel = fake.addChannel({ name: 'pictures', guild });
    admins.set(guild, fake.user(`admin of ${guild.name}`, { channel, permissions: ['manageGuild'] }));
  }
  await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
  const shardOf = (guild: FakeGuild): number => Number((BigInt(guild.id) >> 22n) % 2n);
  const adminOn = (shard: number): Person => [...admins].find(([guild]) => shardOf(guild) === shard)![1];
  return { fake, guilds, admins, shardOf, adminOn };
}

const serverOf = ({ channel }: Person): string => `discord:${channel.guild?.id}`;

describe('3,000 guilds on two shards of one process', () => {
  const database = openMemory();
  let folder: string;
  let running: DiscordBot;
  let set: Awaited<ReturnType<typeof discordOf>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fourstep-shards-'));
    set = await discordOf(GUILDS);
    running = await openDiscordBot({ fake: set.fake, database, folder });
  });

  afterAll(async () => {
    await running.close();
    await set.fake.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('are all heard of, half by each', () => {
    expect(set.fake.gateway.connected).toEqual([0, 1]);
    expect(running.adapters[0]?.readiness()).toMatchObject({ isReady: true, detail: 'Discord: connected, 2 shards' });
    const halves = [0, 1].map((shard) => set.guilds.filter((guild) => set.shardOf(guild) === shard).length);
    expect(halves).toEqual([GUILDS / 2, GUILDS / 2]);
  });

  it('have each their own pictures, by their own names', async () => {
    const asked = [...set.admins.values()].slice(0, ASKED);
    expect(new Set(asked.map(({ channel }) => channel.guild && set.shardOf(channel.guild))).size).toBe(2);
    const answers = await Promise.all(
      asked.map(async (admin, k) => admin.slash('imagine', { prompt: `a fox ${k}`, count: 1, seed: k }).picture()),
    );
    expect(answers.map(({ text }) => /a fox \d+/.exec(text)?.[0])).toEqual(asked.map((_, k) => `a fox ${k}`));
    await set.fake.world.until('the ends', () => (running.handled.length >= ASKED ? true : undefined));
    const places = new Map(running.handled.map(({ actor, place }) => [actor.name, place]));
    for (const admin of asked) {
      const name = admin.channel.guild?.name;
      expect(places.get(admin.user.name)).toMatchObject({ server: serverOf(admin), serverName: name });
    }
    const jobs = await Promise.all(
      asked.map(async (admin) => running.stores.jobs.recent(serverOf(admin) as 'web:', 9)),
    );
    expect(jobs.map(({ length }) => length)).toEqual(asked.map(() => 1));
  });

  it('have each their own settings, whatever another chose', async () => {
    const [one, other] = [set.adminOn(0), set.adminOn(1)];
    await running.stores.settings.save(serverOf(one) as 'web:', {
      ...(await running.stores.settings.of(serverOf(one) as 'web:')),
      count: 2,
    });
    const two = await one.slash('imagine', { prompt: 'two foxes' }).picture();
    const four = await other.slash('imagine', { prompt: 'four foxes' }).picture();
    expect([two, four].map(({ buttons }) => buttons.filter(({ label }) => /U\d/.test(label)).length)).toEqual([2, 4]);
  });

  it('are answered on one shard while the other’s socket is gone, and on that one once it is back', async () => {
    const { fake } = set;
    fake.gateway.refuse(true);
    fake.gateway.drop(1);
    await fake.world.until('the loss', () => (fake.gateway.connected.join() === '0' ? true : undefined));
    const late = set.adminOn(1).slash('queue');
    expect((await set.adminOn(0).slash('queue').answer()).text).not.toBe('');
    expect(running.adapters[0]?.readiness()).toMatchObject({
      isReady: false,
      detail: expect.stringContaining('shard 1'),
    });
    expect(late.answers).toEqual([]);
    fake.gateway.refuse(false);
    expect((await late.answer()).text).not.toBe('');
    expect(fake.gateway.connected).toEqual([0, 1]);
  });
});

describe('two processes on one store, a shard each', () => {
  const database = openMemory();
  let folder: string;
  let set: Awaited<ReturnType<typeof discordOf>>;
  const processes: DiscordBot[] = [];

  const start = async (shard: number, beforeStep?: () => Promise<void>): Promise<DiscordBot> => {
    const partition: Partition = { first: shard, last: shard, of: 2 };
    const more = beforeStep === undefined ? {} : { beforeStep };
    processes[shard] = await openDiscordBot({ fake: set.fake, database, folder, partition, ...more });
    return processes[shard];
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fourstep-processes-'));
    set = await discordOf(20);
    await start(0);
    await start(1);
  });

  afterAll(async () => {
    await Promise.all(processes.map(async (each) => each.close()));
    await set.fake.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('hear each of its own guilds alone', async () => {
    for (const shard of [0, 1]) {
      const admin = set.adminOn(shard);
      const answer = await admin.slash('imagine', { prompt: `a fox on ${shard}`, count: 1 }).picture();
      expect(answer.text).toContain(`a fox on ${shard}`);
      const handled = await set.fake.world.until('the end', () => processes[shard]?.handled.at(-1));
      expect(handled.place.server).toBe(serverOf(admin));
    }
    const heard = processes.map(({ handled }) => new Set(handled.map(({ place }) => place.server)));
    expect([...heard[0]!].filter((server) => heard[1]!.has(server))).toEqual([]);
  });

  it('take up their own jobs after a crash, and none of each other’s', async () => {
    const { fake } = set;
    let isHeld = true;
    let steps = 0;
    const begun = gate();
    const held = gate();
    await processes[1]!.close();
    await start(1, async () => {
      steps += 1;
      begun.resolve();
      await (isHeld ? held.promise : undefined);
    });
    const exchange = set.adminOn(1).slash('imagine', { prompt: 'a patient turtle', count: 1 });
    await begun.promise;
    await processes[1]!.crash();
    // The other one starts meanwhile: nothing of it is its own.
    await processes[0]!.close();
    await start(0);
    expect(await processes[0]!.stores.jobs.open()).toEqual([]);
    const requests = fake.rest.seen.length;
    expect((await set.adminOn(0).slash('imagine', { prompt: 'a hare', count: 1 }).picture()).text).toContain('a hare');
    expect(fake.rest.seen.slice(requests).filter(({ path }) => path.includes(exchange.interaction.token))).toEqual([]);
    isHeld = false;
    held.resolve();
    await start(1);
    expect((await exchange.picture()).text).toContain('a patient turtle');
    expect(exchange.answers).toHaveLength(1);
    expect(steps).toBeGreaterThan(0);
  });

  it('end and forget the picture that the other one draws for somebody who is to be forgotten', async () => {
    const { fake } = set;
    const begun = gate();
    await processes[1]!.close();
    await start(1, async () => {
      begun.resolve();
      await sleep(200);
    });
    const there = set.adminOn(1);
    const here = new Person(fake, there.user, set.adminOn(0).channel);
    const drawing = there.slash('imagine', { prompt: 'a secret turtle', count: 4, steps: 8 });
    await begun.promise;
    await here.slash('mydata delete').answer((message) => message.buttons.length > 0);
    await here.press('Delete').acknowledged();
    await here.finds('the end', (message) => message.text.includes('Deleted: '));
    const left = await drawing.answer((message) => !message.buttons.some(({ label }) => label.includes('Cancel')));
    expect([left.pictures, left.text]).toEqual([[], expect.stringContaining('ancelled')]);
    // Its process keeps nothing either, however long it goes on.
    const { jobs } = processes[0]!.stores;
    await processes[1]!.close();
    expect(await jobs.ofUser(`discord:${there.user.id}`)).toEqual([]);
    expect((await database.keys('')).filter((key) => /^(?:job|open|by-server)/.test(key)).join()).not.toContain(
      jobIdOf('discord', drawing.interaction.id),
    );
    await start(1);
  });

  it('forget each what belongs to the guilds that left it, and to no other', async () => {
    const left = [0, 1].map((shard) => serverOf(set.adminOn(shard)) as 'discord:1');
    const { departures } = processes[0]!.stores;
    for (const server of left) {
      await departures.left(server, 1);
    }
    for (const shard of [0, 1]) {
      set.fake.world.guilds.splice(set.fake.world.guilds.indexOf(set.adminOn(shard).channel.guild!), 1);
      await processes[shard]!.close();
      await start(shard);
    }
    expect(new Set(await departures.due(set.fake.world.clock.now()))).toEqual(new Set(left));
  });
});
