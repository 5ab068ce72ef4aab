/** Answers that their person alone sees: asked for one by one or by the server's default, buttons and all, until shared. */
import { describe, expect, vi } from 'vitest';

import { discordTest, slackTest } from '../support/journey-tests.ts';
import type { Seen } from '../support/slack/screen.ts';
import { PATIENT, shown } from '../support/slack/shown.ts';

describe('in Discord', () => {
  discordTest(
    'a private picture and what its buttons draw are their person’s, until one is shared',
    async ({ fake }) => {
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
      const kept = await (await bo.submit(bo.press('Remix', shared), { private: 'yes' })).picture();
      expect(kept.isPrivate).toBe(true);
    },
  );

  discordTest(
    'where the server’s answers are private, so is every answer but the one asked for openly',
    async ({ fake }) => {
      const [ann, bo, root] = [fake.user('ann'), fake.user('bo'), fake.user('root', { permissions: ['manageGuild'] })];
      const panel = await root.slash('settings').answer((message) => message.buttons.length > 0);
      await root.press('Rules', panel).acknowledged();
      const rules = await root.finds('the rules', (message) => message.text.includes('Rules of'));
      await root.press('Private answers', rules).acknowledged();
      await root.finds('the change', (message) => message.text.includes('Private answers: was seen by everybody'));
      expect((await ann.slash('imagine', { prompt: 'a fox' }).picture()).isPrivate).toBe(true);
      // The form without words has it filled in; what is picked there goes before it, and what is typed before both.
      const form = (fields: Readonly<Record<string, string>>) =>
        ann.submit(ann.slash('imagine', { prompt: ' ' }), fields);
      expect((await (await form({ prompt: 'a shy owl' })).picture()).isPrivate).toBe(true);
      expect((await (await form({ prompt: 'an owl', private: 'no' })).picture()).isPrivate).toBe(false);
      expect((await (await form({ prompt: 'an owl', options: '--private no' })).picture()).isPrivate).toBe(false);
      const open = await ann.slash('imagine', { prompt: 'a hen --private no' }).picture();
      expect(open.isPrivate).toBe(false);
      expect((await bo.press('V1', open).picture()).isPrivate).toBe(true);
    },
  );
});

describe('in Slack', () => {
  slackTest('a private picture and what its buttons draw are their person’s, until one is shared', async ({ fake }) => {
    const [ana, ben] = [fake.person('Ana'), fake.person('Ben')];
    const picture = (fits: (message: Seen) => boolean): Promise<Seen> =>
      shown(ana, (message) => message.pictures.length > 0 && fits(message));
    await ana.slash('/imagine', 'a shy fox --private --count 1');
    const mine = await picture((message) => message.words.includes('a shy fox'));
    expect(mine.isPrivate).toBe(true);
    await ana.press('Reroll', mine);
    expect((await picture((message) => message.words.includes('reroll'))).isPrivate).toBe(true);
    await ana.press('Remix', mine);
    await vi.waitFor(() => expect(ana.view()).toBeDefined(), PATIENT);
    await ana.submit({ prompt: 'a shy hen' });
    expect((await picture((message) => message.words.includes('a shy hen'))).isPrivate).toBe(true);
    expect(ben.sees()).toEqual([]);

    await ana.press('Share', mine);
    const shared = await picture((message) => !message.isPrivate);
    expect(shared.words).toContain('a shy fox');
    expect(ben.sees().map(({ ts }) => ts)).toEqual([shared.ts]);

    // The form has it filled in, as a choice like that of a style.
    await ana.press('Remix', mine);
    await vi.waitFor(() => expect(ana.view()).toBeDefined(), PATIENT);
    await ana.submit({ prompt: 'a bold hen', private: 'no', style: 'neon' });
    const bold = await picture((message) => message.words.includes('a bold hen'));
    expect(bold).toMatchObject({ isPrivate: false, words: expect.stringContaining('Neon') });
  });
});
