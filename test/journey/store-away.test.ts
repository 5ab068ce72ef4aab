/**
 * A store on a server that is away for longer than the platforms wait: whoever asks is heard within their three seconds all
 * the same, and gets the picture when it is back, or the sentence that it is away; never both, and nobody is left waiting.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { deployCommands } from '../../src/adapters/discord/index.ts';
import { DEFAULT_SETTINGS, type Database, openMemory } from '../../src/store/index.ts';
import { steadied } from '../../src/store/steadied.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { type DiscordBot, openDiscordBot } from '../support/discord/running-bot.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import { openSlackBot } from '../support/slack/running-bot.ts';
import { PATIENT, shown } from '../support/slack/shown.ts';
import type { WholeBot } from '../support/whole-bot.ts';

/** The product waits half a minute for its store; here it is long enough to come after the platforms' three seconds. */
const PATIENCE_MS = 5000;

/**
 * Answers nothing while it is away, as the client of a server does that waits for it, and all of it, in the order in which
 * it was asked, when it is back.
 */
class Absent {
  readonly #memory = openMemory();
  #back: Promise<void> | undefined;
  #return: () => void = () => undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** Events whose records are gone: their answers are given. */
  writtenOff = 0;

  leave(): void {
    this.#back = new Promise((resolve) => {
      this.#return = resolve;
    });
  }

  comeBack(): void {
    this.#return();
    this.#back = undefined;
  }

  get database(): Database {
    const memory = this.#memory;
    const once = <Result>(ask: () => Promise<Result>): Promise<Result> => {
      const before = this.#last;
      const asked = (async () => {
        await before;
        await this.#back;
        return ask();
      })();
      this.#last = asked.catch(() => undefined);
      return asked;
    };
    return steadied(
      {
        get: async (key) => once(async () => memory.get(key)),
        getMany: async (keys) => once(async () => memory.getMany(keys)),
        put: async (entries) => once(async () => memory.put(entries)),
        delete: async (keys) =>
          once(async () => {
            await memory.delete(keys);
            this.writtenOff += keys.filter((key) => key.startsWith('accepted/')).length;
          }),
        keys: async (prefix) => once(async () => memory.keys(prefix)),
        close: async () => memory.close(),
      },
      PATIENCE_MS,
    );
  }
}

let folder: string;
let store: Absent;

/** Nothing is left to be carried out: what was asked has been answered and written off. */
async function isIdle({ stores }: WholeBot): Promise<void> {
  const left = async () => [...(await stores.inbox.recorded()), ...(await stores.jobs.open())];
  await vi.waitFor(async () => expect(await left()).toEqual([]), PATIENT);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-away-'));
  store = new Absent();
});

afterEach(async () => {
  store.comeBack();
  await rm(folder, { recursive: true, force: true });
});

describe('in Discord', () => {
  let fake: FakeDiscord;
  let running: DiscordBot;

  beforeEach(async () => {
    fake = await FakeDiscord.start();
    running = await openDiscordBot({ fake, database: store.database, folder });
    await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
  });

  afterEach(async () => {
    store.comeBack();
    await running.close();
    await fake.stop();
  });

  it('/imagine is heard in time and drawn when the store is back', async () => {
    const ann = fake.user('ann');
    await ann.slash('imagine', { prompt: 'a fox', count: 1 }).picture();
    await isIdle(running);
    store.leave();
    const exchange = ann.slash('imagine', { prompt: 'a patient fox', count: 1 });
    await exchange.acknowledged();
    const { acknowledgedAtMs = Infinity, createdAtMs } = exchange.interaction;
    expect(acknowledgedAtMs - createdAtMs).toBeLessThan(3000);
    store.comeBack();
    // As it was usual when the store was last heard.
    expect(await exchange.picture()).toMatchObject({ isPrivate: false });
    expect(exchange.answers).toHaveLength(1);
  });

  it('/imagine is told that the store is away where it stays away, privately, and is not drawn later besides', async () => {
    const ann = fake.user('ann');
    await isIdle(running);
    const before = store.writtenOff;
    store.leave();
    const exchange = ann.slash('imagine', { prompt: 'a fox', count: 1 });
    const said = await exchange.answer((message) => message.text.includes('does not answer'));
    const { acknowledgedAtMs = Infinity, createdAtMs } = exchange.interaction;
    expect(acknowledgedAtMs - createdAtMs).toBeLessThan(3000);
    expect(said.isPrivate).toBe(true);
    expect(ann.sees.filter(({ isLoading }) => isLoading)).toEqual([]);
    store.comeBack();
    await vi.waitFor(() => expect(store.writtenOff).toBeGreaterThan(before), PATIENT);
    const later = await ann.slash('imagine', { prompt: 'a hen', count: 1 }).picture();
    expect(later.text).toContain('a hen');
    await isIdle(running);
    await running.bot.resume();
    expect(ann.sees.map(({ id }) => id)).toEqual([said.id, later.id]);
  });

  it('a form that cannot be made ready in time is refused in its place', async () => {
    const ann = fake.user('ann');
    const first = await ann.slash('imagine', { prompt: 'a fox', count: 1 }).picture();
    await isIdle(running);
    store.leave();
    const exchange = ann.press('Remix', first);
    expect(await exchange.answer()).toMatchObject({
      isPrivate: true,
      text: expect.stringContaining('does not answer'),
    });
    const { acknowledgedAtMs = Infinity, createdAtMs } = exchange.interaction;
    expect(acknowledgedAtMs - createdAtMs).toBeLessThan(3000);
  });
});

describe('in Slack', () => {
  let fake: FakeSlack;
  let running: WholeBot;

  beforeEach(async () => {
    fake = await FakeSlack.start();
    running = await openSlackBot(fake, { folder, database: store.database });
    await running.stores.settings.save('slack:T0FAKE', { ...DEFAULT_SETTINGS, count: 1 });
  });

  afterEach(async () => {
    store.comeBack();
    await running.close();
    await fake.stop();
  });

  it('/imagine is heard in time and drawn when the store is back', async () => {
    const ana = fake.person('Ana');
    await ana.slash('/imagine', 'a fox');
    await shown(ana, (message) => message.pictures.length > 0);
    await isIdle(running);
    store.leave();
    const outcome = await ana.slash('/imagine', 'a patient fox');
    expect(outcome).toMatchObject({ isAcknowledged: true });
    expect(outcome.ms).toBeLessThan(3000);
    store.comeBack();
    const answer = await shown(
      ana,
      (message) => message.words.includes('a patient fox') && message.pictures.length > 0,
    );
    expect(answer.isPrivate).toBe(false);
  });

  it('/imagine is told that the store is away where it stays away, privately, and no first line stays', async () => {
    const ana = fake.person('Ana');
    await ana.slash('/imagine', 'a fox');
    const first = await shown(ana, (message) => message.pictures.length > 0);
    await isIdle(running);
    const before = store.writtenOff;
    store.leave();
    const outcome = await ana.slash('/imagine', 'a lost fox');
    expect(outcome).toMatchObject({ isAcknowledged: true });
    expect(outcome.ms).toBeLessThan(3000);
    const said = await shown(ana, (message) => message.words.includes('does not answer'));
    expect(said.isPrivate).toBe(true);
    store.comeBack();
    await vi.waitFor(() => expect(store.writtenOff).toBeGreaterThan(before), PATIENT);
    await isIdle(running);
    await running.bot.resume();
    await ana.slash('/imagine', 'a hen');
    await shown(ana, (message) => message.words.includes('a hen') && message.pictures.length > 0);
    expect(fake.messages().map(({ words }) => words)).toEqual([first.words, expect.stringContaining('a hen')]);
  });
});
