/** Rules by role and user group, as an admin picks them and others meet them, through the real clients of both chats. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { deployCommands } from '../../src/adapters/discord/index.ts';
import { openMemory } from '../../src/store/index.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { openDiscordBot } from '../support/discord/running-bot.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import { openSlackBot } from '../support/slack/running-bot.ts';
import { PATIENT, shown } from '../support/slack/shown.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-rules-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('in Discord a role is picked from the guild’s list, and its people alone draw', async () => {
  const fake = await FakeDiscord.start({ time: 'still' });
  fake.world.roles.push({ id: '990000000000000001', name: 'Painters' });
  const running = await openDiscordBot({ fake, database: openMemory(), folder });
  try {
    await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
    const root = fake.user('root', { permissions: ['manageGuild'] });
    const ann = fake.user('ann', { roles: ['990000000000000001'] });
    const bo = fake.user('bo');
    const panel = await root.slash('settings').answer((message) => message.buttons.length > 0);
    await root.press('Rules', panel).acknowledged();
    const rules = await root.finds('the rules', (message) => message.text.includes('Rules of'));
    const opened = root.press('Who may draw', rules);
    expect((await opened.modal()).components[0]).toMatchObject({ component: { type: 6, max_values: 25 } });
    await root.submit(opened, { roles: '990000000000000001' });
    await root.finds('the change', (message) => message.text.includes('Who may draw: was everybody, is Painters'));
    const refused = await bo.slash('imagine', { prompt: 'a fox' }).answer();
    expect(refused).toMatchObject({ isPrivate: true, text: expect.stringContaining('drawn here for: Painters') });
    await ann.slash('imagine', { prompt: 'a fox' }).picture();

    // A channel's own style is chosen from the styles there are.
    const places = root.press('By channel', await root.finds('the rules', ({ text }) => text.includes('Rules of')));
    await root.submit(places, { place: fake.channel.id, placeStyle: 'none' });
    await root.finds('the change', ({ text }) => text.includes(`Usual in a channel: <#${fake.channel.id}>: none`));
  } finally {
    await running.close();
    await fake.stop();
  }
});

it('in Slack a user group is picked from the workspace’s, and its people alone draw', async () => {
  const fake = await FakeSlack.start();
  const [root, ana, ben] = [fake.person('Root', { isAdmin: true }), fake.person('Ana'), fake.person('Ben')];
  fake.state.groups.push({ id: 'S01PAINT', handle: 'painters', users: [ana.id] });
  const product = await openSlackBot(fake, { folder });
  try {
    await root.slash('/settings');
    await root.press('Rules', await shown(root, ({ words }) => words.includes('Settings of')));
    await root.press('Who', await shown(root, ({ words }) => words.includes('Rules of')));
    await vi.waitFor(() => expect(JSON.stringify(root.view())).toContain('multi_static_select'), PATIENT);
    await root.submit({ roles: 'S01PAINT' });
    await shown(root, ({ words }) => words.includes('Who may draw: was everybody, is painters'));
    await ben.slash('/imagine', 'a fox');
    await shown(ben, ({ isPrivate, words }) => isPrivate && words.includes('drawn here for: painters'));
    await ana.slash('/imagine', 'a hen --count 1');
    await shown(ana, ({ pictures, words }) => pictures.length > 0 && words.includes('a hen'));
  } finally {
    await product.close();
    await fake.stop();
  }
});
