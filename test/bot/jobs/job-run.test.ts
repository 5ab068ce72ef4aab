/** What waits, what is interrupted, what fails to arrive: every conversation ends. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Work } from '../../../src/core/work.ts';
import { UserError } from '../../../src/core/errors.ts';
import { openMemory } from '../../../src/store/index.ts';
import { ada, admin, bob, buttonOf, buttonsOf, FakeChat, guild, openWorld, type World, wordsOf } from '../world.ts';
import { gate } from '../../support/gate.ts';

let world: World;
afterEach(async () => {
  await world.close();
});

/** However slow the machine is. */
const PATIENCE = { timeout: 40_000, interval: 10 };
const until = async (isTrue: () => boolean) => {
  await vi.waitFor(() => {
    expect(isTrue()).toBe(true);
  }, PATIENCE);
};
const progress = (chat: FakeChat) =>
  chat.history.filter(({ options }) => !options.isFinal).map(({ message }) => message);

describe('a job that waits', () => {
  it('is shown its place with a button to cancel, and ends as cancelled', async () => {
    const { resolve: open, promise: opened } = gate();
    const begun: string[] = [];
    world = await openWorld({
      slots: 1,
      runner: {
        beforeStep: async (work: Work) => {
          begun.push(work.id);
          await opened;
        },
      },
    });
    const received = { receivedAtMs: Date.now() - 10_000 };
    const first = world.act(ada, { kind: 'command', name: 'imagine', options: { prompt: 'first' } }, received);
    await until(() => begun.length > 0);
    const waiting = { ...received, at: 'second' };
    const second = world.act(bob, { kind: 'command', name: 'imagine', options: { prompt: 'second' } }, waiting);
    await until(() => world.chat.standing.has('second'));
    const line = world.chat.at('second');
    expect(wordsOf(line)).toEqual(['second · Bob', expect.stringMatching(/^In line: 1st · about \d+ s$/u)]);
    expect(buttonsOf(line).map(({ label }) => label)).toEqual(['Cancel']);

    await world.act(ada, { kind: 'button', id: buttonOf(line, 'Cancel').id }, { at: 'second' });
    expect(wordsOf(world.chat.privately[0])[0]).toContain('Only Bob');
    await world.act(bob, { kind: 'button', id: buttonOf(line, 'Cancel').id }, { at: 'second' });
    await second;
    expect(wordsOf(world.chat.at('second'))[1]).toBe('Cancelled.');
    open();
    expect(world.chat.at(await first).picture).toBeDefined();
    expect(begun.length).toBeGreaterThan(0);
    expect(await world.stores.jobs.open()).toEqual([]);
    await world.act(bob, { kind: 'button', id: buttonOf(line, 'Cancel').id }, { at: 'second' });
    expect(wordsOf(world.chat.privately[1])[0]).toBe('This is over already; there is nothing to cancel.');
  });

  it('is told where the model is made ready first', async () => {
    const { resolve: open, promise: opened } = gate();
    world = await openWorld({ runner: { preparingPrompt: 'fox', beforeStep: () => opened } });
    const received = { receivedAtMs: Date.now() - 10_000, at: 'first' };
    const drawing = world.act(ada, { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } }, received);
    await until(() =>
      progress(world.chat).some((message) => wordsOf(message)[1]?.startsWith('Making the model ready')),
    );
    open();
    await drawing;
    expect(world.chat.at('first').picture).toBeDefined();
  });

  it('is cancelled at the next step while it is drawn, by a moderator too, and is not counted', async () => {
    const { resolve: open, promise: opened } = gate();
    world = await openWorld({
      runner: { beforeStep: async (_work, _index, step) => (step === 2 ? await opened : undefined) },
      options: { quota: { perUser: 4, perServer: undefined } },
    });
    const drawing = world.act(ada, { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } }, { at: 'x' });
    await until(() => world.bot !== undefined);
    let id = '';
    await vi.waitFor(async () => {
      const [job] = await world.stores.jobs.ofUser(ada.user);
      expect(job?.state.kind).toBe('running');
      id = job?.id ?? '';
    });
    await world.act(admin, { kind: 'button', id: `1.cancel.${id}` }, { at: 'x' });
    open();
    await drawing;
    expect(wordsOf(world.chat.at('x'))[1]).toBe('Cancelled.');
    expect(await world.stores.jobs.get(id)).toMatchObject({ state: { kind: 'cancelled', by: admin.user } });
    const at = await world.imagine('another');
    expect(world.chat.at(at).picture).toBeDefined();
  });

  it('is refused where the line is full, privately, with nothing kept or counted', async () => {
    const { resolve: open, promise: opened } = gate();
    const ends: string[] = [];
    world = await openWorld({
      ports: { onEnd: (outcome) => ends.push(outcome) },
      slots: 1,
      runner: { beforeStep: async () => await opened },
      options: { queue: { perUser: 1, perServer: 10 }, quota: { perUser: 8, perServer: undefined } },
    });
    const first = world.imagine('first');
    await vi.waitFor(async () => {
      expect(await world.stores.jobs.ofUser(ada.user)).toHaveLength(1);
    });
    await world.imagine('second');
    expect(wordsOf(world.chat.privately[0])[0]).toMatch(/in line already/u);
    expect(await world.stores.jobs.ofUser(ada.user)).toHaveLength(1);
    open();
    await first;
    expect(ends).toEqual(['refused', 'done']);
    const balance = await world.stores.quotas.balances(
      { server: guild.server, user: ada.user, perUser: 8, perServer: undefined },
      Date.now(),
    );
    expect(balance.user?.left).toBe(4);
  });
});

describe('a job that takes long', () => {
  it('is shown one preview, marked as such', async () => {
    const { resolve: open, promise: opened } = gate();
    world = await openWorld({
      runner: { beforeStep: async (_work, index, step) => (index === 3 && step === 4 ? await opened : undefined) },
    });
    const received = { receivedAtMs: Date.now() - 10_000, at: 'x' };
    const drawing = world.act(ada, { kind: 'command', name: 'imagine', options: { prompt: 'a fox' } }, received);
    await until(() => progress(world.chat).some(({ picture }) => picture !== undefined));
    const shown = world.chat.at('x');
    expect(wordsOf(shown)[1]).toBe('preview · 2/4');
    expect(buttonsOf(shown).map(({ label }) => label)).toEqual(['Cancel']);
    open();
    await drawing;
    expect(progress(world.chat).filter(({ picture }) => picture !== undefined)).toHaveLength(1);
    expect(buttonsOf(world.chat.at('x'))).toHaveLength(13);
  });
});

describe('a bot that stops', () => {
  it('leaves what waits and what runs to the next start, which answers in the same places', async () => {
    const database = openMemory();
    const chat = new FakeChat();
    const { promise: opened } = gate();
    const before = await openWorld({ database, chat, slots: 1, runner: { beforeStep: async () => await opened } });
    const running = before.act(
      ada,
      { kind: 'command', name: 'imagine', options: { prompt: 'first' } },
      { at: 'first' },
    );
    const waiting = before.act(
      bob,
      { kind: 'command', name: 'imagine', options: { prompt: 'second' } },
      { at: 'second' },
    );
    await vi.waitFor(async () => {
      expect(await before.stores.jobs.open()).toHaveLength(2);
    });
    await vi.waitFor(async () => {
      expect((await before.stores.jobs.ofUser(ada.user))[0]?.state.kind).toBe('running');
    });
    await before.bot.close(20);
    await Promise.all([running, waiting]);
    expect(chat.standing.size).toBe(0);

    world = await openWorld({ database, chat, folder: before.folder });
    await world.bot.resume();
    await until(() => chat.standing.size === 2);
    await vi.waitFor(async () => {
      expect(await world.stores.jobs.open()).toEqual([]);
    });
    expect(wordsOf(chat.at('first'))[0]).toBe('first · Ada');
    expect(wordsOf(chat.at('second'))[0]).toBe('second · Bob');
    expect(chat.history).toHaveLength(2);
    const [job] = await world.stores.jobs.ofUser(ada.user);
    expect(job?.attempts).toBe(2);
  }, 15_000);

  it('keeps where a place in line was being shown that had no message yet', async () => {
    const chat = new FakeChat();
    const { promise: drawn } = gate();
    const { resolve: post, promise: posted } = gate();
    const { resolve: begin, promise: begun } = gate();
    chat.deliver = async (address, _message, { isFinal }) => {
      begin();
      await posted;
      return isFinal ? address : { platform: 'discord', data: { message: 'made anew' } };
    };
    world = await openWorld({ chat, slots: 1, runner: { beforeStep: async () => await drawn } });
    const first = world.imagine('first');
    await vi.waitFor(async () => {
      expect((await world.stores.jobs.ofUser(ada.user))[0]?.state.kind).toBe('running');
    });
    const received = { receivedAtMs: Date.now() - 10_000 };
    const second = world.act(bob, { kind: 'command', name: 'imagine', options: { prompt: 'second' } }, received);
    await begun;
    const closed = world.bot.close(20);
    setTimeout(post, 200);
    await closed;
    // From here on the store is closed: what is not kept by now never is.
    expect((await world.stores.jobs.ofUser(bob.user))[0]?.address.data).toEqual({ message: 'made anew' });
    await Promise.all([first, second]);
  });

  it('takes a press up again whose lost picture it was drawing anew', async () => {
    const database = openMemory();
    const chat = new FakeChat();
    const { promise: opened } = gate();
    const { resolve: begin, promise: begun } = gate();
    let isSlow = false;
    const beforeStep = async () => {
      if (isSlow) {
        begin();
        await opened;
      }
    };
    const before = await openWorld({ database, chat, runner: { beforeStep } });
    const grid = await before.imagine('a fox');
    await before.stores.files.prune('pictures', 0);
    isSlow = true;
    const action = { kind: 'button', id: buttonOf(chat.at(grid), 'V2').id } as const;
    const invocation = { id: 'press', actor: ada, place: guild, action, receivedAtMs: Date.now() };
    const address = { platform: 'discord', data: { message: 'variation' } } as const;
    await before.bot.record?.(invocation, address);
    const pressed = before.bot.handle(invocation, address);
    await begun;
    await before.bot.close(20);
    await pressed;
    expect(chat.standing.has('variation')).toBe(false);

    world = await openWorld({ database, chat, folder: before.folder });
    await world.bot.resume();
    await until(() => chat.standing.has('variation'));
    expect(wordsOf(chat.at('variation'))[1]).toContain('variation of 2');
  });

  it('leaves to its chat what that has heard while the start was not over', async () => {
    world = await openWorld();
    const action = { kind: 'command', name: 'imagine', options: { prompt: 'a fox', count: 1 } } as const;
    const invocation = { id: 'early', actor: ada, place: guild, action, receivedAtMs: Date.now() };
    const expected = { platform: 'discord', data: { message: 'expected' } } as const;
    await world.bot.record?.(invocation, expected);
    await world.bot.resume();
    // Only now is there a message in which the answer belongs.
    await world.bot.handle(invocation, { platform: 'discord', data: { message: 'known' } });
    expect([...world.chat.standing.keys()]).toEqual(['known']);
  });

  it('says so to who comes while it does', async () => {
    world = await openWorld();
    await world.bot.close(10);
    await world.imagine('a fox');
    expect(wordsOf(world.chat.privately[0])[0]).toContain('being restarted');
  });
});

describe('an answer that does not arrive', () => {
  it('is owed, and delivered at the next start with the same key', async () => {
    const database = openMemory();
    const chat = new FakeChat();
    chat.failure = (_message, { isFinal }) => (isFinal ? new Error('the platform is down') : undefined);
    const before = await openWorld({ database, chat });
    await before.imagine('a fox --seed 7');
    const [owed] = await before.stores.jobs.open();
    expect(owed).toMatchObject({ state: { kind: 'done', isAnswered: false } });
    await before.bot.close(10);
    chat.failure = undefined;
    world = await openWorld({ database, chat, folder: before.folder });
    await world.bot.resume();
    await until(() => chat.history.length === 1);
    expect(chat.history[0]?.options).toEqual({ mode: 'edit', key: owed?.id, isFinal: true, locale: 'en' });
    expect(chat.history[0]?.message.picture).toBeDefined();
  });

  it('is given up at once where no later try can succeed', async () => {
    const chat = new FakeChat();
    chat.failure = (_message, { isFinal }) => (isFinal ? new UserError('chat.forbidden', 'No.') : undefined);
    world = await openWorld({ chat });
    await world.imagine('a fox --seed 7');
    expect(await world.stores.jobs.open()).toEqual([]);
  });

  it('is drawn again where its pictures are gone by then', async () => {
    const database = openMemory();
    const chat = new FakeChat();
    chat.failure = () => new Error('the platform is down');
    const before = await openWorld({ database, chat });
    await before.imagine('a fox --seed 7');
    await before.stores.files.prune('pictures', 0);
    await before.bot.close(10);
    chat.failure = undefined;
    world = await openWorld({ database, chat, folder: before.folder });
    await world.bot.resume();
    await until(() => chat.history.length === 1);
    expect(wordsOf(chat.history[0]?.message)[1]).toMatch(/^seed 7 · /u);
  });

  it('says that it failed where a device has failed three times before', async () => {
    const database = openMemory();
    const { promise: opened } = gate();
    const before = await openWorld({ database, runner: { beforeStep: async () => await opened } });
    void before.imagine('a fox');
    await vi.waitFor(async () => {
      const [running] = await before.stores.jobs.open();
      expect(running?.state.kind).toBe('running');
    });
    // As three crashes would leave it.
    const [job] = await before.stores.jobs.open();
    await before.stores.jobs.save({ ...job!, attempts: 3 });
    world = await openWorld({ database });
    await world.bot.resume();
    await until(() => world.chat.history.length === 1);
    expect(wordsOf(world.chat.history[0]?.message)[1]).toContain('The device failed 3 times');
    await before.close();
  });
});

describe('a full disk', () => {
  it('is said in a sentence, and loses and counts nothing', async () => {
    const database = openMemory();
    let isFull = false;
    world = await openWorld({
      options: { quota: { perUser: 4, perServer: undefined } },
      database: {
        get: (key) => database.get(key),
        getMany: (keys) => database.getMany(keys),
        keys: (prefix) => database.keys(prefix),
        delete: (keys) => database.delete(keys),
        close: () => database.close(),
        put: async (entries) => {
          if (isFull && entries.some(({ key }) => key.startsWith('job/'))) {
            const { writeFailure } = await import('../../../src/store/database.ts');
            throw writeFailure(Object.assign(new Error('write'), { code: 'ENOSPC' }));
          }
          await database.put(entries);
        },
      },
    });
    isFull = true;
    await world.imagine('a fox');
    expect(wordsOf(world.chat.privately[0])[0]).toContain('The disk of this bot is full');
    isFull = false;
    const at = await world.imagine('a fox');
    expect(world.chat.at(at).picture).toBeDefined();
  });
});
