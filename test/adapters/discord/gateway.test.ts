/** The connection: how it is lost, found again, and known to be dead. Real client, real sockets. */
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it, vi } from 'vitest';

import type { ScriptedBot, Stage } from './scripted-bot.ts';
import { say, stage } from './scripted-bot.ts';

const FINAL = { mode: 'edit', isFinal: true, key: 'k' } as const;

async function echoing(set: Stage): Promise<ScriptedBot> {
  set.bot.act = async (_, address) => {
    await set.adapter.deliver(address, say('here'), FINAL);
  };
  return set.bot;
}

async function reconnected({ fake }: Stage): Promise<void> {
  await fake.world.until('the loss', () => (fake.gateway.isConnected ? undefined : true));
  await fake.world.until('the return', () => (fake.gateway.isConnected ? true : undefined));
}

async function isReady({ adapter }: Stage, expected: boolean): Promise<void> {
  await vi.waitFor(() => expect(adapter.readiness().isReady).toBe(expected), { timeout: 30_000 });
}

describe('a guild', () => {
  it('that takes the bot away is told of, one that is out for a while is not', async () => {
    const set = await stage();
    const { fake, bot } = set;
    const other = fake.addGuild('Other');
    const told: string[] = [];
    bot.left = async (server) => void told.push(`left ${server}`);
    bot.joined = async (server) => void told.push(`joined ${server}`);
    fake.gateway.dispatch('GUILD_DELETE', { id: fake.guild.id, unavailable: true });
    fake.gateway.dispatch('GUILD_CREATE', fake.gateway.guildJson(other));
    fake.gateway.dispatch('GUILD_DELETE', { id: other.id });
    await vi.waitFor(() => expect(told).toEqual([`joined discord:${other.id}`, `left discord:${other.id}`]));
  });
});

describe('a lost socket', () => {
  it('is resumed, and what was said meanwhile is answered', async () => {
    const set = await stage();
    await echoing(set);
    const { fake, adapter } = set;
    expect(adapter.readiness().isReady).toBe(true);
    fake.gateway.drop();
    await fake.world.until('the loss', () => (fake.gateway.isConnected ? undefined : true));
    const exchange = fake.user('ann').slash('queue');
    expect((await exchange.answer()).text).toBe('here');
    expect([fake.gateway.identifies, fake.gateway.resumes]).toEqual([1, 1]);
  });

  it('is resumed when Discord asks for it', async () => {
    const set = await stage();
    await echoing(set);
    set.fake.gateway.askToReconnect();
    await reconnected(set);
    expect((await set.fake.user('ann').slash('queue').answer()).text).toBe('here');
    expect(set.fake.gateway.resumes).toBe(1);
  });

  it('whose session is over begins a new one', async () => {
    const set = await stage();
    await echoing(set);
    set.fake.gateway.invalidate(false);
    await set.fake.world.until('a new session', () => (set.fake.gateway.identifies === 2 ? true : undefined));
    expect((await set.fake.user('ann').slash('queue').answer()).text).toBe('here');
  });
});

describe('a connection that hears nothing', () => {
  it('and is given up while it is still being made does not end the program', async () => {
    const { fake, adapter } = await stage();
    fake.gateway.stall();
    fake.gateway.drop();
    await fake.world.until('a new try', () => (fake.gateway.stalled > 0 ? true : undefined));
    await adapter.stop();
    const failed = vi.fn();
    process.once('uncaughtException', failed);
    fake.gateway.cutStalled();
    await sleep(200);
    process.removeListener('uncaughtException', failed);
    expect(failed).not.toHaveBeenCalled();
  });

  it('is known to be dead when heartbeats stay unanswered, and is replaced', async () => {
    const set = await stage({}, { heartbeatMs: 300 });
    await echoing(set);
    set.fake.gateway.mute(true);
    set.fake.gateway.refuse(true);
    await isReady(set, false);
    set.fake.gateway.mute(false);
    set.fake.gateway.refuse(false);
    expect((await set.fake.user('ann').slash('queue').answer()).text).toBe('here');
  });

  it('is not ready when nothing has come for longer than two heartbeats', async () => {
    const set = await stage({ silentAfterMs: 100_000 });
    expect(set.adapter.readiness().isReady).toBe(true);
    set.fake.world.clock.skip(100_001);
    expect(set.adapter.readiness()).toMatchObject({ isReady: false, detail: expect.stringContaining('nothing heard') });
  });

  it('is not taken for one because the machine’s clock is set', async () => {
    let offsetMs = 0;
    const set = await stage({ offsetMs: () => offsetMs });
    for (offsetMs of [3_600_000, -3_600_000]) {
      expect(set.adapter.readiness().isReady).toBe(true);
    }
  });
});

describe('starting and stopping', () => {
  it('refuses a token that Discord does not know with a sentence', async () => {
    await expect(stage({ token: 'wrong' })).rejects.toMatchObject({ name: 'UserError', code: 'discord.token' });
  });

  it('is not ready while the gateway is down, and is when it comes back', async () => {
    const set = await stage();
    const { fake, adapter } = set;
    fake.gateway.refuse(true);
    fake.gateway.drop();
    await isReady(set, false);
    expect(adapter.readiness().detail).toContain('not connected');
    fake.gateway.refuse(false);
    await isReady(set, true);
    expect(fake.gateway.resumes).toBe(1);
  });

  it('stops after what was accepted has been answered, and accepts nothing new', async () => {
    const set = await stage({ drainMs: 20_000 });
    let finish = (): void => undefined;
    set.bot.act = async (_, address) => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      await set.adapter.deliver(address, say('finished'), FINAL);
    };
    const next = set.bot.next();
    const first = set.fake.user('ann').slash('queue');
    await next;
    const stopped = set.adapter.stop();
    expect(set.adapter.readiness().isReady).toBe(false);
    const second = await set.fake.user('bo').slash('queue').answer();
    expect(second).toMatchObject({ isPrivate: true, text: 'This bot is being restarted. Try again in a moment.' });
    finish();
    await stopped;
    expect(first.answers.map((message) => message.text)).toEqual(['finished']);
    expect(set.fake.gateway.isConnected).toBe(false);
    expect(set.bot.handled).toHaveLength(1);
  });
});

describe('a client that does not get through', () => {
  it('is replaced after a minute, and the bot has not ended for it', async () => {
    const set = await stage({ renewAfterMs: 60_000 }, {}, (fake) => {
      fake.faults.order({ path: /^\/gateway\/bot$/ }, { kind: 'status', status: 503 }, 4);
    });
    expect(set.adapter.readiness().isReady).toBe(false);
    await echoing(set);
    set.fake.world.clock.skip(60_000);
    await isReady(set, true);
    expect((await set.fake.user('ann').slash('queue').answer()).text).toBe('here');
  });
});

describe('a guild’s name', () => {
  it('is known from the gateway', async () => {
    const set = await stage();
    const next = set.bot.next();
    set.fake.user('ann').slash('queue');
    expect((await next).invocation.place.serverName).toBe('Test Guild');
  });
});
