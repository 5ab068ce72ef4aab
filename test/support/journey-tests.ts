/** A test of a whole bot in one chat: a stand-in of the platform and the bot in it, both of its own, in an empty folder. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test } from 'vitest';

import { deployCommands } from '../../src/adapters/discord/index.ts';
import { openMemory } from '../../src/store/index.ts';
import { FakeDiscord } from './discord/index.ts';
import { type DiscordBot, openDiscordBot } from './discord/running-bot.ts';
import { FakeSlack } from './slack/fake-slack.ts';
import { openSlackBot } from './slack/running-bot.ts';
import type { WholeBot } from './whole-bot.ts';

type InDiscord = { readonly folder: string; readonly fake: FakeDiscord; readonly running: DiscordBot };
type InSlack = { readonly folder: string; readonly fake: FakeSlack; readonly running: WholeBot };

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-journey-'));
  await use(folder);
  await rm(folder, { recursive: true, force: true });
}

/** Its commands are deployed and its clock stands still. */
export const discordTest = test.extend<InDiscord>({
  // oxlint-disable-next-line no-empty-pattern
  folder: ({}, use) => inFolder(use),
  // oxlint-disable-next-line no-empty-pattern
  fake: async ({}, use) => {
    const fake = await FakeDiscord.start({ time: 'still' });
    await use(fake);
    await fake.stop();
  },
  running: [
    async ({ fake, folder }, use) => {
      const running = await openDiscordBot({ fake, database: openMemory(), folder });
      await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
      await use(running);
      await running.close();
    },
    { auto: true },
  ],
});

export const slackTest = test.extend<InSlack>({
  // oxlint-disable-next-line no-empty-pattern
  folder: ({}, use) => inFolder(use),
  // oxlint-disable-next-line no-empty-pattern
  fake: async ({}, use) => {
    const fake = await FakeSlack.start();
    await use(fake);
    await fake.stop();
  },
  running: [
    async ({ fake, folder }, use) => {
      const running = await openSlackBot(fake, { folder });
      await use(running);
      await running.close();
    },
    { auto: true },
  ],
});
