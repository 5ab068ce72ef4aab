/** Pictures from everywhere: other people's messages by their menu, one's own avatar, addresses; in both chats. */
import sharp from 'sharp';
import { describe, expect, vi } from 'vitest';

import { discordTest, slackTest } from '../support/journey-tests.ts';
import type { Seen } from '../support/slack/screen.ts';
import { PATIENT, shown } from '../support/slack/shown.ts';

const photo = await sharp({ create: { width: 40, height: 20, channels: 3, background: '#3366aa' } })
  .png()
  .toBuffer();

describe('in Discord', () => {
  discordTest('anybody’s picture is made larger, or drawn from, by its message’s menu', async ({ fake }) => {
    const [ann, bo] = [fake.user('ann'), fake.user('bo')];
    const said = bo.says('my cat', { name: 'cat.png', contentType: 'image/png', data: photo });
    const larger = await ann.menu('Upscale picture', said).picture();
    expect(larger.text).toContain('A picture that was not drawn here');
    expect(larger.buttons.map(({ label }) => label).join()).not.toMatch(/V1|Reroll|Remix/);

    const opened = ann.menu('Use as start', said);
    const drawn = await (await ann.submit(opened, { prompt: 'a lion' })).picture();
    expect(drawn.text).toContain('a lion');
    const info = await ann.press('Info', drawn).answer();
    expect(info.text).toContain('Started from a picture');

    const foreign = await ann.menu('Show generation info', said).answer();
    expect(foreign).toMatchObject({ isPrivate: true });
    expect(foreign.text).toContain('This picture was not drawn by this bot.');
    const wordsOnly = await ann.menu('Upscale picture', await ann.press('Info', drawn).answer()).answer();
    expect(wordsOnly).toMatchObject({ isPrivate: true });

    // Of ours, the picture itself is the start.
    const again = await (await ann.submit(ann.menu('Use as start', drawn), { prompt: 'a tiger' })).picture();
    expect((await ann.press('Info', again).answer()).text).toContain('Started from a picture');
  });

  discordTest('one’s own avatar is a start; another’s only where the server allows it', async ({ fake }) => {
    const [ann, bo, root] = [fake.user('ann'), fake.user('bo'), fake.user('root', { permissions: ['manageGuild'] })];
    fake.rest.avatars.set(ann.user.id, photo).set(bo.user.id, photo);
    const mine = await ann.slash('imagine', { prompt: 'a knight', from: 'me' }).picture();
    expect((await ann.press('Info', mine).answer()).text).toContain('Started from a picture');
    const refused = await ann.slash('imagine', { prompt: 'a knight', from: `<@${bo.user.id}>` }).answer();
    expect(refused.text).toContain('only your own avatar');
    const panel = await root.slash('settings').answer((message) => message.buttons.length > 0);
    await root.press('Rules', panel).acknowledged();
    const rules = await root.finds('the rules', (message) => message.text.includes('Rules of'));
    await root.press('Avatars', rules).acknowledged();
    await root.finds('the change', (message) => message.text.includes('Avatars: was'));
    await ann.slash('imagine', { prompt: 'a knight', from: `<@${bo.user.id}>` }).picture();
    const nobody = await ann.slash('imagine', { prompt: 'a knight', from: '<@99>' }).answer();
    expect(nobody.text).toContain('There is nobody here');
  });

  discordTest('what cannot be a start is said in a sentence', async ({ fake }) => {
    const ann = fake.user('ann');
    const words = await ann.slash('imagine', { prompt: 'a knight', from: 'there' }).answer();
    expect(words.text).toContain('from is the https address of a picture');
    const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic'), Buffer.alloc(40)]);
    const said = ann.says('from my phone', { name: 'IMG_1.HEIC', contentType: 'image/heic', data: heic });
    const refused = await ann.menu('Upscale picture', said).answer();
    expect(refused.text).toContain('HEIC');
  });
});

describe('in Slack', () => {
  slackTest('anybody’s picture is made larger, or drawn from, and so is one’s own avatar', async ({ fake }) => {
    const [ana, ben] = [fake.person('Ana'), fake.person('Ben')];
    const isDone = (message: Seen): boolean => message.buttons.some(({ label }) => label.includes('Delete'));
    const said = ben.says('my cat', ben.upload('cat.png', photo));
    await ana.shortcut('upscale', said);
    await shown(ana, (message) => isDone(message) && message.words.includes('A picture that was not drawn here'));

    await ana.shortcut('use', said);
    await vi.waitFor(() => expect(ana.view()).toBeDefined(), PATIENT);
    await ana.submit({ prompt: 'a lion' });
    const drawn = await shown(ana, (message) => isDone(message) && message.words.includes('a lion'));
    await ana.press('Info', drawn);
    await shown(ana, (message) => message.isPrivate && message.words.includes('Started from a picture'));

    fake.state.avatars.set(ana.id, photo);
    await ana.slash('/imagine', 'a knight --from me');
    await shown(ana, (message) => isDone(message) && message.words.includes('a knight'));
  });

  slackTest('what a thread began with is a start where that is said, and only there', async ({ fake }) => {
    const [ana, ben] = [fake.person('Ana'), fake.person('Ben')];
    const isDone = (message: Seen): boolean => message.buttons.some(({ label }) => label.includes('Delete'));
    const privately = () => ana.sees().filter(({ isPrivate }) => isPrivate);
    /** The answer with these words, and whether a picture was its start. */
    const drawn = async (words: string): Promise<{ readonly answer: Seen; readonly isStarted: boolean }> => {
      const answer = await shown(ana, (message) => isDone(message) && message.words.includes(words));
      const before = privately().length;
      await ana.press('Info', answer);
      await vi.waitFor(() => expect(privately().length).toBeGreaterThan(before), PATIENT);
      return { answer, isStarted: privately().at(-1)?.words.includes('Started from a picture') ?? false };
    };
    const refused = (words: string) => shown(ana, (message) => message.isPrivate && message.words.includes(words));
    const { ts: thread } = ben.says('my cat', ben.upload('cat.png', photo));
    await ana.mention('a lion --count 1', { thread });
    expect((await drawn('a lion')).isStarted).toBe(false);
    await ana.mention('a tiger --count 1 --from thread', { thread });
    const { answer, isStarted } = await drawn('a tiger');
    expect(isStarted).toBe(true);
    expect(fake.state.message(answer.channel, answer.ts)?.thread).toBe(thread);

    // Of ours, the picture itself is the start.
    await ana.slash('/imagine', 'a hen --count 1');
    const own = await drawn('a hen');
    await ana.mention('a duck --count 1 --from reply', { thread: own.answer.ts });
    expect([own.isStarted, (await drawn('a duck')).isStarted]).toEqual([false, true]);

    await ana.mention('a fish --from thread');
    await refused('--from thread means the picture');
    const talk = fake.state.add({ channel: fake.general.id, text: 'a talk', blocks: [], author: ben.id });
    await ana.mention('a fish --from thread', { thread: talk.ts });
    await refused('That message shows no picture');
    fake.settings.scopes.delete('channels:history');
    await ana.mention('a fish --from thread', { thread });
    await refused('The app may not read this thread.');
  });
});
