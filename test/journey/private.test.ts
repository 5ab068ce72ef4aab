/** Answers that their person alone sees: asked for one by one or by the server's default, buttons and all, until shared. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { deployCommands } from '../../src/adapters/discord/index.ts';
import { openMemory } from '../../src/store/index.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { type DiscordBot, openDiscordBot } from '../support/discord/running-bot.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import { openSlackBot } from '../support/slack/running-bot.ts';
import type { Seen } from '../support/slack/screen.ts';
import type { WholeBot } from '../support/whole-bot.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-private-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('in Discord', () => {
  let fake: FakeDiscord;
  let running: DiscordBot;

  beforeEach(async () => {
    fake = await FakeDiscord.start({ time: 'still' });
    running = await openDiscordBot({ fake, database: openMemory(), folder });
    await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
  });

  afterEach(async () => {
    await running.close();
    await fake.stop();
  });

  it('a private picture and what its buttons draw are their person’s, until one is shared', async () => {
    const [ann, bo] = [fake.user('ann'), fake.user('bo')];
    const mine = await ann.slash('imagine', { prompt: 'a shy fox', private: true, count: 1 }).picture();
    expect(mine.isPrivate).toBe(true);
    const reroll = await ann.press('Reroll', mine).picture();
    expect(reroll).toMatchObject({ isPrivate: true, text: expect.stringContaining('reroll') });
    const remixed = await (await ann.submit(ann.press('Remix', mine), {})).picture();
    expect(remixed.isPrivate).toBe(true);
    const typed = await ann.slash('imagine', { prompt: 'a shy hen --private' }).picture();
    expect(typed.isPrivate).toBe(true);
    expect(bo.sees).toEqual([]);

    const shared = await ann.press('Share', mine).picture();
    expect(shared.isPrivate).toBe(false);
    expect(shared.pictures[0]?.data).toEqual(mine.pictures[0]?.data);
    expect(shared.buttons.map(({ label }) => label).join()).not.toContain('Share');
    // From now on it is everybody's to press.
    const others = await bo.press('Reroll', shared).picture();
    expect(others.isPrivate).toBe(false);
  });

  it('where the server’s answers are private, so is every answer but the one asked for openly', async () => {
    const [ann, bo, root] = [fake.user('ann'), fake.user('bo'), fake.user('root', { permissions: ['manageGuild'] })];
    const panel = await root.slash('settings').answer((message) => message.buttons.length > 0);
    await root.press('Rules', panel).acknowledged();
    const rules = await root.finds('the rules', (message) => message.text.includes('Rules of'));
    await root.press('Private answers', rules).acknowledged();
    await root.finds('the change', (message) => message.text.includes('Private answers: was seen by everybody'));
    expect((await ann.slash('imagine', { prompt: 'a fox' }).picture()).isPrivate).toBe(true);
    const open = await ann.slash('imagine', { prompt: 'a hen --private no' }).picture();
    expect(open.isPrivate).toBe(false);
    expect((await bo.press('V1', open).picture()).isPrivate).toBe(true);
  });
});

describe('in Slack', () => {
  let fake: FakeSlack;
  let product: WholeBot;

  beforeEach(async () => {
    fake = await FakeSlack.start();
    product = await openSlackBot(fake, { folder });
  });

  afterEach(async () => {
    await product.close();
    await fake.stop();
  });

  it('a private picture and what its buttons draw are their person’s, until one is shared', async () => {
    const [ana, ben] = [fake.person('Ana'), fake.person('Ben')];
    const shown = async (fits: (message: Seen) => boolean): Promise<Seen> =>
      vi.waitFor(() => {
        const found = ana.sees().findLast((message) => message.pictures.length > 0 && fits(message));
        expect(found).toBeDefined();
        return found!;
      }, 40_000);
    await ana.slash('/imagine', 'a shy fox --private --count 1');
    const mine = await shown((message) => message.words.includes('a shy fox'));
    expect(mine.isPrivate).toBe(true);
    await ana.press('Reroll', mine);
    expect((await shown((message) => message.words.includes('reroll'))).isPrivate).toBe(true);
    await ana.press('Remix', mine);
    await vi.waitFor(() => expect(ana.view()).toBeDefined(), 40_000);
    await ana.submit({ prompt: 'a shy hen' });
    expect((await shown((message) => message.words.includes('a shy hen'))).isPrivate).toBe(true);
    expect(ben.sees()).toEqual([]);

    await ana.press('Share', mine);
    const shared = await shown((message) => !message.isPrivate);
    expect(shared.words).toContain('a shy fox');
    expect(ben.sees().map(({ ts }) => ts)).toEqual([shared.ts]);
  });
});
