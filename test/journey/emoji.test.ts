/**
 * The button Emoji as people meet it, with the real adapters: in Discord a picture of a grid becomes an emoji or a sticker
 * of the server, is refused where slots or the permission lack, and is taken back; in Slack it is a file and a line.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { deployCommands } from '../../src/adapters/discord/index.ts';
import { permissionLink } from '../../src/adapters/discord/expressions.ts';
import { openOwnPicture } from '../../src/image/index.ts';
import { openMemory } from '../../src/store/index.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import type { Person } from '../support/discord/person.ts';
import { type DiscordBot, openDiscordBot } from '../support/discord/running-bot.ts';
import type { SeenMessage } from '../support/discord/seen.ts';
import { plainRunner } from '../support/plain-runner.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import { openSlackBot } from '../support/slack/running-bot.ts';
import { PATIENT, shown } from '../support/slack/shown.ts';
import type { WholeBot } from '../support/whole-bot.ts';

const SIDE = { sizePx: 64 };
/** As Discord's are: the application's id stands in it, which a link that asks for a permission needs. */
const APPLICATION = '1500000000000000001';
const TOKEN = `${Buffer.from(APPLICATION).toString('base64')}.test.token`;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-emoji-'));
});

/** Side, and alpha in the corner and in the middle. */
async function seenIn(png: Uint8Array | undefined): Promise<readonly (number | undefined)[]> {
  const { width, alpha } = await openOwnPicture(png ?? new Uint8Array());
  return [width, alpha?.[0], alpha?.[(width / 2) * width + width / 2]];
}

describe('in Discord', () => {
  let fake: FakeDiscord;
  let running: DiscordBot;
  let ann: Person;
  let bo: Person;

  beforeEach(async () => {
    fake = await FakeDiscord.start({ time: 'still', token: TOKEN });
    ann = fake.user('ann', { permissions: ['createExpressions'] });
    bo = fake.user('bo');
    await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
    running = await openDiscordBot({ fake, database: openMemory(), folder, runner: plainRunner(SIDE) });
  });
  afterEach(async () => {
    await running.close();
    await fake.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const add = async (on: SeenMessage, fields: Readonly<Record<string, string>> = {}): Promise<SeenMessage> =>
    (await ann.submit(ann.press('Emoji', on), fields)).answer();

  it('one picture of a grid becomes an emoji of the server under a name from its words, and is taken back', async () => {
    const grid = await bo.slash('imagine', { prompt: 'a happy cactus', count: 2 }).picture();
    const added = await add(grid, { picture: '2' });
    expect(added).toMatchObject({ isPrivate: true, text: expect.stringContaining(':happy\\_cactus: is added') });
    const [emoji] = fake.rest.expressions.all;
    expect(emoji).toMatchObject({ guild: fake.guild.id, kind: 'emoji', name: 'happy_cactus' });
    expect(await seenIn(emoji?.data)).toEqual([128, 0, 255]);
    ann.press('Undo', added);
    const undone = await ann.finds('the undoing', ({ text }) => text.includes('taken back'));
    expect([undone.id, undone.buttons]).toEqual([added.id, []]);
    expect(fake.rest.expressions.all).toEqual([]);
  });

  it('a sticker has 320 pixels and the name that was typed', async () => {
    const answer = await ann.slash('imagine', { prompt: 'a fox', count: 1 }).picture();
    await add(answer, { name: 'Red Fox', kind: 'sticker' });
    const [sticker] = fake.rest.expressions.all;
    expect(sticker).toMatchObject({ kind: 'sticker', name: 'red_fox' });
    expect(await seenIn(sticker?.data)).toEqual([320, 0, 255]);
  });

  it('full slots, a missing permission, a scene and a person who may not are each said, and nothing is added', async () => {
    const answer = await ann.slash('imagine', { prompt: 'a fox', count: 1 }).picture();
    fake.rest.expressions.slots = 0;
    expect((await add(answer)).text).toContain('taken');
    fake.rest.expressions.slots = 50;
    fake.rest.permissionsIn.set(fake.guild.id, '0');
    const lacking = await add(answer);
    expect(lacking.text).toContain('Create Expressions');
    expect(lacking.text).toContain(permissionLink(APPLICATION, fake.guild.id));
    expect(lacking.text).not.toContain('\\');
    fake.rest.permissionsIn.clear();
    const scene = await ann.slash('imagine', { prompt: 'a city', count: 1 }).picture();
    expect((await add(scene)).text).toContain('no plain ground');
    expect(await bo.press('Emoji', answer).answer()).toMatchObject({
      isPrivate: true,
      text: expect.stringContaining('Only who may add emoji'),
    });
    expect(fake.rest.expressions.all).toEqual([]);
  });

  it('a picture that was asked for as transparent is one, and its words keep that', async () => {
    const answer = await ann.slash('imagine', { prompt: 'a fox', count: 1, transparent: true, seed: 7 }).picture();
    const { alpha } = await openOwnPicture(answer.pictures[0]?.data ?? new Uint8Array());
    expect([alpha?.[0], alpha?.[20 * 64 + 20]]).toEqual([0, 255]);
    expect((await ann.press('Info', answer).answer()).text).toContain('--transparent yes');
  });
});

describe('in Slack', () => {
  let fake: FakeSlack;
  let product: WholeBot;
  beforeEach(async () => {
    fake = await FakeSlack.start();
    product = await openSlackBot(fake, { folder, runner: plainRunner(SIDE) });
  });
  afterEach(async () => {
    await product.close();
    await fake.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('the cut-out picture comes as a file with one line on how to add it', async () => {
    const root = fake.person('Root', { isAdmin: true });
    await root.slash('/imagine', 'a happy cactus --count 2 --transparent');
    const grid = await shown(root, ({ words, buttons }) => words.includes('cactus') && buttons.length > 3);
    await root.press('Emoji', grid);
    await vi.waitFor(() => expect(root.view()).toBeDefined(), PATIENT);
    await root.submit({ picture: '2' });
    const answer = await shown(root, ({ words }) => words.includes(':happy_cactus:'));
    expect(answer.words).toContain('Add emoji');
    expect(answer.isPrivate).toBe(true);
    // Slack keeps no file in what only one person sees: it comes as a direct message.
    const sent = await shown(root, ({ pictures }) => pictures[0]?.name === 'happy_cactus.png');
    expect(await seenIn(sent.pictures[0]?.data)).toEqual([128, 0, 255]);
  });
});
