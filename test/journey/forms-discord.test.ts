/** Discord's forms as a client fills them in: lists, radio groups and words in one, and what stands in them beforehand. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { deployCommands } from '../../src/adapters/discord/index.ts';
import { openMemory } from '../../src/store/index.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { type DiscordBot, openDiscordBot } from '../support/discord/running-bot.ts';
import { installed, SMALL_MOJI } from '../support/manifests.ts';

let folder: string;
let fake: FakeDiscord;
let running: DiscordBot;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-forms-'));
  fake = await FakeDiscord.start({ time: 'still' });
  const models = { list: () => [installed(SMALL_MOJI, folder)] };
  running = await openDiscordBot({ fake, database: openMemory(), folder, ports: { models } });
  await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
});

afterEach(async () => {
  await running.close();
  await fake.stop();
  await rm(folder, { recursive: true, force: true });
});

it('Remix offers styles in a list and who sees it in a radio group, filled in as the picture was drawn', async () => {
  const [ann, bo] = [fake.user('ann'), fake.user('bo')];
  const first = await ann.slash('imagine', { prompt: 'a fox', style: 'ink', count: 1 }).picture();
  const opened = ann.press('Remix', first);
  const inputs = (await opened.modal()).components.map((part) => ('component' in part ? part.component : undefined));
  expect(inputs).toMatchObject([
    { custom_id: 'prompt', type: 4, value: 'a fox' },
    {
      custom_id: 'style',
      type: 3,
      required: false,
      options: [
        { value: 'none', default: false },
        { value: 'ink', label: 'Ink', default: true },
        { value: 'neon', label: 'Neon', default: false },
      ],
    },
    {
      custom_id: 'private',
      type: 21,
      options: [
        { value: 'no', default: true },
        { value: 'yes', default: false },
      ],
    },
    { custom_id: 'options', type: 4 },
  ]);

  const kept = await (await ann.submit(opened, {})).picture();
  expect(kept).toMatchObject({ isPrivate: false, text: expect.stringContaining('Ink') });
  const picked = await (await ann.submit(ann.press('Remix', first), { style: 'neon', private: 'yes' })).picture();
  expect(picked).toMatchObject({ isPrivate: true, text: expect.stringContaining('Neon') });
  expect(bo.sees.map(({ id }) => id)).not.toContain(picked.id);
  // What is typed goes before what is picked.
  const typed = { prompt: 'a fox --style none', style: 'neon', private: 'yes', options: '--private no' };
  const plain = await (await ann.submit(ann.press('Remix', first), typed)).picture();
  expect(plain.isPrivate).toBe(false);
  expect(plain.text).not.toMatch(/Neon|Ink/);
});

it('a radio group that the client did not offer a value for is not sent, and a forged one is refused in words', async () => {
  const ann = fake.user('ann');
  const first = await ann.slash('imagine', { prompt: 'a fox', count: 1 }).picture();
  await expect(ann.submit(ann.press('Remix', first), { private: 'perhaps' })).rejects.toThrow('does not offer');
  const forged = await ann.submit(ann.press('Remix', first), { style: 'no such style' });
  expect(await forged.answer()).toMatchObject({ isPrivate: true, text: expect.stringContaining('no such style') });
});
