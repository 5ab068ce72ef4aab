/** Answers reach their place, once, whatever happens on the way: real client, faults of the stand-in, its own clock. */
import { setTimeout } from 'node:timers/promises';
import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { createDiscordAdapter } from '../../../src/adapters/discord/index.ts';
import type { DeliverOptions, ServerChannel } from '../../../src/core/chat.ts';
import type { ReplyAddress } from '../../../src/core/job.ts';
import type { Exchange } from '../../support/discord/exchange.ts';
import type { Fault } from '../../support/discord/faults.ts';
import { pictureFile, quietLog, say, stage } from './scripted-bot.ts';
import type { Stage } from './scripted-bot.ts';

const EDIT: DeliverOptions = { mode: 'edit', isFinal: true, key: 'job' };
const PROGRESS: DeliverOptions = { mode: 'edit', isFinal: false, key: 'job' };
const NEW: DeliverOptions = { mode: 'new', isFinal: true, key: 'job' };
const PRIVATE: DeliverOptions = { mode: 'private', isFinal: true, key: 'job' };
/** A moment longer than a token lives. */
const QUARTER_MS = 15 * 60_000 + 1;

/** Somebody has asked, the "thinking…" stands there, and the bot holds the address. */
async function asked(
  { fake, bot }: Stage,
  how: 'public' | 'private' = 'public',
): Promise<{ readonly exchange: Exchange; readonly address: ReplyAddress }> {
  bot.how = how;
  const next = bot.next();
  const exchange = fake.user('ann').slash('queue');
  return { exchange, address: (await next).address };
}

function ownChannel({ fake }: Stage): ServerChannel {
  return { server: `discord:${fake.guild.id}`, id: fake.channel.id };
}

/** discord.js counts the windows of limits in real time; here everybody does. */
async function realStage(): Promise<Stage> {
  const wait = async (ms: number): Promise<void> => setTimeout(ms);
  return stage({ now: Date.now, monotonicMs: Date.now, wait }, { time: 'real' });
}

const edits = /^\/webhooks\/.*@original$/;

describe('a final answer', () => {
  const troubles: readonly (readonly [string, Fault, number])[] = [
    ['connections that are reset', { kind: 'reset', moment: 'before' }, 3],
    ['an answer that is lost on its way back', { kind: 'reset', moment: 'after' }, 1],
    ['an outage longer than the client’s own retries', { kind: 'status', status: 503 }, 7],
    ['a limit of its own', { kind: 'rate-limit', scope: 'user', retryAfterS: 2 }, 2],
    ['a limit shared with others', { kind: 'rate-limit', scope: 'shared', retryAfterS: 2 }, 2],
    ['the global limit', { kind: 'rate-limit', scope: 'global', retryAfterS: 0.2 }, 1],
    ['a limit without a body', { kind: 'rate-limit', scope: 'user', retryAfterS: 1, hasBody: false }, 1],
    ['a limit that does not say how long', { kind: 'rate-limit', scope: 'user', retryAfterS: 1, hasHeader: false }, 2],
  ];
  it.each(troubles)('arrives once through %s', async (_, fault, times) => {
    // The client keeps the global limit by its own clock.
    const isGlobal = fault.kind === 'rate-limit' && fault.scope === 'global';
    const set = isGlobal ? await realStage() : await stage();
    const { exchange, address } = await asked(set);
    set.fake.faults.order({ method: 'PATCH', path: edits }, fault, times);
    await set.adapter.deliver(address, say('done', { picture: pictureFile() }), EDIT);
    expect(set.fake.faults.struck).toBe(times);
    expect(exchange.answers.map(({ text, pictures }) => [text, pictures.length])).toEqual([['done', 1]]);
  });

  it('is given up only when patience ends, and then says so', async () => {
    const set = await stage({ patienceMs: 5_000 });
    const { address } = await asked(set);
    set.fake.faults.order({ path: edits }, { kind: 'status', status: 500 }, 99);
    await expect(set.adapter.deliver(address, say('done'), EDIT)).rejects.toThrow(/500|Internal/);
    expect(set.fake.faults.struck).toBe(4);
  });

  it('that is refused for good says why, and tells a log neither token nor words', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    // Not even the sentence that says so is taken.
    const refusal = { kind: 'status', status: 400, code: 50_035, message: 'Invalid Form Body' } as const;
    set.fake.faults.order({ path: edits }, refusal, 2);
    const error: unknown = await set.adapter
      .deliver(address, say('a secret fox'), EDIT)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/PATCH \/webhooks\/\d+\/…\/messages\/%40original: 400 50035 Invalid Form Body/);
    const told = inspect(error, { depth: 9 });
    expect(told).not.toContain(exchange.interaction.token);
    expect(told).not.toContain('secret fox');
  });

  it('replaces what stood there: words, pictures and buttons', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    const row = [
      { kind: 'button', id: '1.cancel.j', label: 'Cancel', emoji: '✖', tone: 'danger', isDisabled: false },
    ] as const;
    const shown = await set.adapter.deliver(address, say('in line', { picture: pictureFile(), rows: [row] }), PROGRESS);
    await set.adapter.deliver(shown, say('failed'), EDIT);
    const answer = await exchange.answer();
    expect([answer.text, answer.pictures, answer.buttons]).toEqual(['failed', [], []]);
  });

  it('is not put back where somebody has deleted the message', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    await set.adapter.remove(address);
    await set.adapter.remove(address);
    await set.adapter.deliver(address, say('done'), EDIT);
    expect(exchange.answers).toEqual([]);
  });
});

describe('an answer after the token has expired', () => {
  it('is a message of its own that calls who asked, and the stale line is gone', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    const shown = await set.adapter.deliver(address, say('in line: 3rd'), PROGRESS);
    set.fake.world.clock.skip(QUARTER_MS);
    const reached = await set.adapter.deliver(shown, say('done', { picture: pictureFile() }), EDIT);
    const ann = exchange.interaction.user;
    const [answer, ...others] = set.fake.user('carl').sees;
    expect(others).toEqual([]);
    expect(answer).toMatchObject({ text: `<@${ann.id}>\ndone`, notified: [ann.id], isPrivate: false });
    await set.adapter.deliver(reached, say('edited'), EDIT);
    expect(set.fake.user('carl').sees.map((message) => message.text)).toEqual(['edited']);
  });

  it('is none as long as the token lives, however our own clock is set, so that it comes once', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    const shown = await set.adapter.deliver(address, say('in line'), PROGRESS);
    let offsetMs = 0;
    const ahead = createDiscordAdapter({
      token: set.fake.token,
      restUrl: set.fake.apiUrl,
      cdnUrl: set.fake.cdnUrl,
      bot: set.bot,
      log: quietLog,
      now: () => set.fake.world.clock.now() + offsetMs,
      monotonicMs: set.fake.world.clock.now,
    });
    offsetMs = 3_600_000;
    await ahead.deliver(shown, say('done'), EDIT);
    await ahead.stop();
    await set.adapter.deliver(shown, say('done'), EDIT);
    expect((await exchange.answer()).text).toBe('done');
    expect(set.fake.user('carl').sees).toHaveLength(1);
  });

  it('goes the same way when Discord’s clock ends the token before ours', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    set.fake.faults.order(
      { method: 'PATCH', path: edits },
      { kind: 'status', status: 401, code: 50_027, message: 'Invalid Webhook Token' },
    );
    await set.adapter.deliver(address, say('done'), EDIT);
    expect(set.fake.user('carl').sees.map((message) => message.notified)).toEqual([[exchange.interaction.user.id]]);
  });

  it('is posted once when its acknowledgement is lost, and once when a restart delivers it again', async () => {
    const set = await stage();
    const { address } = await asked(set);
    set.fake.world.clock.skip(QUARTER_MS);
    set.fake.faults.order({ method: 'POST', path: /^\/channels\// }, { kind: 'reset', moment: 'after' });
    await set.adapter.deliver(address, say('done'), EDIT);
    const other = createDiscordAdapter({
      token: set.fake.token,
      restUrl: set.fake.apiUrl,
      cdnUrl: set.fake.cdnUrl,
      bot: set.bot,
      log: quietLog,
      now: set.fake.world.clock.now,
    });
    await other.deliver(address, say('done'), EDIT);
    await other.stop();
    expect(set.fake.user('carl').sees).toHaveLength(1);
  });

  it('that was private is a direct message, and nobody else sees it', async () => {
    for (const options of [PRIVATE, EDIT]) {
      const set = await stage();
      const { exchange, address } = await asked(set, 'private');
      set.fake.world.clock.skip(QUARTER_MS);
      await set.adapter.deliver(address, say('secret'), options);
      expect(set.fake.world.messages.in(set.fake.world.directOf(exchange.interaction.user.id))).toHaveLength(1);
      expect(set.fake.user('carl').sees).toEqual([]);
    }
  });

  it('that was private is given up where the person takes no direct messages', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set, 'private');
    set.fake.world.clock.skip(QUARTER_MS);
    set.fake.world.closed.add(set.fake.world.directOf(exchange.interaction.user.id).id);
    await expect(set.adapter.deliver(address, say('secret'), PRIVATE)).rejects.toMatchObject({ code: 'job.expired' });
    expect(set.fake.user('carl').sees).toEqual([]);
  });

  it('leaves no placeholder behind where it may not be said to all', async () => {
    const set = await stage();
    const { address } = await asked(set);
    set.fake.world.clock.skip(QUARTER_MS);
    await set.adapter.deliver(address, say('secret'), PRIVATE);
    expect(set.fake.user('carl').sees).toEqual([]);
  });

  it('leaves the bot’s own token in use although the expired one was answered with 401', async () => {
    const set = await stage();
    const { address } = await asked(set);
    set.fake.faults.order({ path: edits }, { kind: 'status', status: 401, code: 50_027 });
    await set.adapter.deliver(address, say('done'), EDIT);
    await set.adapter.post(ownChannel(set), say('audit'), 'audit-1');
    expect(set.fake.user('carl').sees.map((message) => message.text)).toContain('audit');
  });

  it('says what the bot lacks where it may not post', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    set.fake.world.closed.add(set.fake.world.directOf(exchange.interaction.user.id).id);
    set.fake.world.clock.skip(QUARTER_MS);
    for (const permissions of [['viewChannel'], []] as const) {
      set.fake.channel.botPermissions = permissions;
      await expect(set.adapter.deliver(address, say('done'), EDIT)).rejects.toMatchObject({ code: 'chat.forbidden' });
    }
  });
});

describe('an edit that leaves the picture as it is', () => {
  const row = (tone: 'normal' | 'primary') =>
    [[{ kind: 'button', id: '1.upscale.j.0', label: 'U1', emoji: undefined, tone, isDisabled: false }]] as const;
  const drawn = (tone: 'normal' | 'primary') => say('a fox', { picture: pictureFile(), rows: row(tone) });

  it('does not send it again, while the token lives and after', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    let at = await set.adapter.deliver(address, drawn('normal'), EDIT);
    const fileIds = () => [...set.fake.world.messages.values()].flatMap(({ files }) => files.map(({ id }) => id));
    const [first] = fileIds();
    at = await set.adapter.deliver(at, drawn('primary'), PROGRESS);
    set.fake.world.clock.skip(QUARTER_MS);
    at = await set.adapter.deliver(at, drawn('normal'), PROGRESS);
    at = await set.adapter.deliver(at, drawn('primary'), PROGRESS);
    expect(fileIds()).toEqual([first]);
    const answer = await exchange.answer();
    expect([answer.text, answer.pictures.length, answer.buttons.length]).toEqual(['a fox', 1, 1]);
  });

  it('sends another picture, and takes one away', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    let at = await set.adapter.deliver(address, drawn('normal'), EDIT);
    at = await set.adapter.deliver(at, say('a bear', { picture: pictureFile(65, 'bear.png') }), EDIT);
    expect((await exchange.answer()).pictures.map(({ data }) => data.length)).toEqual([65]);
    await set.adapter.deliver(at, say('no more'), EDIT);
    expect((await exchange.answer()).pictures).toEqual([]);
  });
});

describe('a post into a channel', () => {
  it('reaches a channel of the server, asking whose it is once', async () => {
    const set = await stage();
    await set.adapter.post(ownChannel(set), say('one'), 'audit-1');
    await set.adapter.post(ownChannel(set), say('two'), 'audit-2');
    expect(set.fake.user('carl').sees.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(set.fake.rest.seen.filter(({ path }) => path === `/channels/${set.fake.channel.id}`)).toHaveLength(1);
  });

  it('of another server, or of nobody, is refused: no admin speaks where they have no say', async () => {
    const set = await stage();
    const { server } = ownChannel(set);
    const other = set.fake.addChannel({ name: 'theirs', guild: set.fake.addGuild('Another Guild') });
    const direct = set.fake.addChannel({ name: 'somebody' });
    for (const id of [other.id, direct.id, set.fake.world.clock.nextId()]) {
      await expect(set.adapter.post({ server, id }, say('spam'), 'audit-1')).rejects.toMatchObject({
        code: 'settings.channel',
      });
    }
    expect([...set.fake.world.messages.values()]).toEqual([]);
  });

  it('that is no number at all asks for nothing', async () => {
    const set = await stage();
    const asked = set.fake.rest.seen.length;
    const channel = { server: ownChannel(set).server, id: '../../users/@me/channels' };
    await expect(set.adapter.post(channel, say('spam'), 'k')).rejects.toMatchObject({ code: 'settings.channel' });
    expect(set.fake.rest.seen).toHaveLength(asked);
  });
});

describe('an answer after the machine’s clock was set an hour ahead', () => {
  /** The token lives: only our clock says otherwise. */
  async function askedBefore(how: 'public' | 'private'): Promise<Stage & Awaited<ReturnType<typeof asked>>> {
    let offsetMs = 0;
    const set = await stage({ offsetMs: () => offsetMs });
    const question = await asked(set, how);
    offsetMs = 4 * QUARTER_MS;
    return { ...set, ...question };
  }

  it('reaches the one person it is for, and no placeholder stays', async () => {
    for (const how of ['public', 'private'] as const) {
      const { adapter, exchange, address, fake } = await askedBefore(how);
      await adapter.deliver(address, say('yours'), PRIVATE);
      expect(exchange.answers).toMatchObject([{ text: 'yours', isPrivate: true }]);
      expect(fake.user('carl').sees).toEqual([]);
    }
  });

  it('fills a private placeholder in place', async () => {
    const { adapter, exchange, address } = await askedBefore('private');
    await adapter.deliver(address, say('yours'), EDIT);
    expect(exchange.answers).toMatchObject([{ text: 'yours', isPrivate: true }]);
  });

  it('can be taken away again, private or not', async () => {
    for (const how of ['public', 'private'] as const) {
      const { adapter, exchange, address } = await askedBefore(how);
      await adapter.remove(address);
      expect(exchange.answers).toEqual([]);
    }
  });
});

describe('progress', () => {
  it('is dropped when it cannot be shown at once, and the answer comes all the same', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    set.fake.faults.order({ path: edits }, { kind: 'rate-limit', scope: 'user', retryAfterS: 3600 });
    await expect(set.adapter.deliver(address, say('2/4'), PROGRESS)).resolves.toEqual(address);
    expect(set.fake.user('carl').sees.every((message) => message.isLoading)).toBe(true);
    await set.adapter.deliver(address, say('done'), EDIT);
    expect((await exchange.answer()).text).toBe('done');
  });

  it('never overtakes the answer, and of what waits only the newest is sent', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    set.fake.faults.order({ path: edits }, { kind: 'delay', ms: 100 });
    const sent = ['1/8', '2/8', '3/8', '4/8'].map(async (text) => set.adapter.deliver(address, say(text), PROGRESS));
    sent.push(set.adapter.deliver(address, say('done'), EDIT));
    await Promise.all(sent);
    const answer = await exchange.answer();
    expect(answer.text).toBe('done');
    // The first was on its way already; the others were overtaken by the answer.
    expect(answer.edits).toBe(2);
  });

  it('in a burst beyond Discord’s limit does not keep the answer from arriving', async () => {
    const set = await realStage();
    const { exchange, address } = await asked(set);
    for (let step = 0; step < 12; step += 1) {
      await set.adapter.deliver(address, say(`${step}/12`), PROGRESS);
    }
    await set.adapter.deliver(address, say('done'), EDIT);
    expect((await exchange.answer()).text).toBe('done');
    expect(set.fake.limits.invalidRequests).toBeLessThan(5);
  });
});

describe('a private answer', () => {
  it('fills a private placeholder', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set, 'private');
    await set.adapter.deliver(address, say('yours'), PRIVATE);
    expect(exchange.answers).toMatchObject([{ text: 'yours', isPrivate: true }]);
  });

  it('to a public question removes the public placeholder and is seen by one person', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    await set.adapter.deliver(address, say('steps can be 1 to 8'), PRIVATE);
    expect(exchange.answers).toMatchObject([{ text: 'steps can be 1 to 8', isPrivate: true }]);
    expect(set.fake.user('carl').sees).toEqual([]);
  });

  it('beside a public answer leaves it alone', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    const shown = await set.adapter.deliver(address, say('picture'), EDIT);
    await set.adapter.deliver(shown, say('for you'), PRIVATE);
    expect(exchange.answers).toMatchObject([
      { text: 'picture', isPrivate: false },
      { text: 'for you', isPrivate: true },
    ]);
  });
});

describe('another message in the same place', () => {
  it('stands beside the first, once for a key', async () => {
    const set = await stage();
    const { address } = await asked(set);
    const shown = await set.adapter.deliver(address, say('one'), EDIT);
    set.fake.faults.order({ method: 'POST', path: /^\/channels\// }, { kind: 'reset', moment: 'after' });
    await set.adapter.deliver(shown, say('two'), NEW);
    await set.adapter.deliver(shown, say('two'), NEW);
    expect(set.fake.user('carl').sees.map((message) => message.text)).toEqual(['one', 'two']);
  });

  it('goes by the interaction where the bot may not post', async () => {
    const set = await stage();
    set.fake.channel.botPermissions = [];
    const { exchange, address } = await asked(set);
    const shown = await set.adapter.deliver(address, say('one'), EDIT);
    const second = await set.adapter.deliver(shown, say('two'), NEW);
    await set.adapter.deliver(second, say('two, edited'), EDIT);
    expect(exchange.answers.map((message) => message.text)).toEqual(['one', 'two, edited']);
  });
});

describe('a pressed message', () => {
  it('is edited in place, and removed in place', async () => {
    const set = await stage();
    const { address } = await asked(set);
    const row = [
      { kind: 'button', id: '1.delete.j', label: 'Delete', emoji: '🗑️', tone: 'danger', isDisabled: false },
    ] as const;
    await set.adapter.deliver(address, say('a fox', { rows: [row] }), EDIT);
    set.bot.how = 'update';
    set.bot.act = async (_, pressed) => {
      await set.adapter.deliver(pressed, say('deleting', { rows: [row] }), PROGRESS);
    };
    const carl = set.fake.user('carl');
    const press = carl.press('Delete');
    expect(await press.acknowledged()).toBe(6);
    await carl.finds('the edit', (message) => message.text === 'deleting');
    expect(carl.sees).toHaveLength(1);
    set.bot.act = async (_, pressed) => set.adapter.remove(pressed);
    carl.press('Delete');
    await set.fake.world.until('its removal', () => (carl.sees.length === 0 ? true : undefined));
  });
});
