/**
 * One server's day in Discord: the real bot, queue, stores and adapter with the real client, against the stand-in; only
 * the device is a stub. Each step goes on from the one before, as people do.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { deployCommands } from '../../src/adapters/discord/index.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import type { Person } from '../support/discord/person.ts';
import type { SeenMessage } from '../support/discord/seen.ts';
import { encodePng } from '../../src/image/index.ts';
import { openMemory } from '../../src/store/index.ts';
import { openDiscordBot } from '../support/discord/running-bot.ts';
import { gate } from '../support/gate.ts';
import type { DiscordBot } from '../support/discord/running-bot.ts';

const labels = (message: SeenMessage): readonly string[] => message.buttons.map((button) => button.label);
const endingIn = (message: SeenMessage, word: string): string | undefined =>
  labels(message).find((label) => label.endsWith(word));

describe('a day in a server', () => {
  const database = openMemory();
  let fake: FakeDiscord;
  let folder: string;
  let running: DiscordBot;
  let ann: Person;
  let bo: Person;
  let root: Person;
  let first: SeenMessage;

  const start = async (beforeStep?: () => Promise<void>): Promise<void> => {
    running = await openDiscordBot({ fake, database, folder, ...(beforeStep === undefined ? {} : { beforeStep }) });
  };

  beforeAll(async () => {
    fake = await FakeDiscord.start({ time: 'still' });
    folder = await mkdtemp(join(tmpdir(), 'fourstep-discord-'));
    ann = fake.user('ann');
    bo = fake.user('bo');
    root = fake.user('root', { permissions: ['manageGuild'] });
    await start();
  });

  afterAll(async () => {
    await running.close();
    await fake.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('begins with the commands being registered, once', async () => {
    const at = { token: fake.token, restUrl: fake.apiUrl };
    expect((await deployCommands(at)).added).toContain('imagine');
    expect(await deployCommands(at)).toMatchObject({ added: [], changed: [], removed: [] });
  });

  it('/imagine is answered with one grid, its seed and its buttons', async () => {
    first = await ann.slash('imagine', { prompt: 'a fox on *blue* @everyone', seed: 7, count: 4 }).picture();
    expect(first.pictures).toHaveLength(1);
    expect(first.pictures[0]?.alt).toContain('a fox on *blue*');
    expect(first.text).toContain(`**a fox on \\*blue\\* @\u2060everyone** · <@${ann.user.id}>`);
    expect(first.text).toContain('seed 7');
    expect(first.notified).toEqual([]);
    for (const word of ['U1', 'U4', 'V1', 'V4', 'Reroll', 'Remix', 'Info', 'Delete']) {
      expect(endingIn(first, word)).toBeDefined();
    }
  });

  it('parameters at the end of a prompt count', async () => {
    const answer = await ann.slash('imagine', { prompt: 'a red mushroom --seed 11 --steps 2' }).picture();
    expect(answer.text).toContain('seed 11');
    expect(answer.text).toContain('2 steps');
    expect(answer.text).not.toContain('--');
  });

  it('a quality is drawn as the model has it, chosen or written, and Info says by what', async () => {
    const chosen = await ann.slash('imagine', { prompt: 'a fox', seed: 7, count: 1, quality: 'fine' }).picture();
    expect(chosen.text).toContain('8 steps');
    const written = await ann.slash('imagine', { prompt: 'a fox --quality draft --count 1' }).picture();
    expect(written.text).toContain('2 steps');
    const info = await ann.press('Info', chosen).answer();
    expect(info.text).toContain('**Accelerator** lcm · LCM: LCM, guidance 1 to 2');
    expect(info.text).toContain('--quality fine');
  });

  it('a mistake is told to the one who made it and leaves nothing in the channel', async () => {
    const before = bo.sees.length;
    const exchange = ann.slash('imagine', { prompt: 'a fox --steps 99' });
    const answer = await exchange.answer();
    expect(answer).toMatchObject({ isPrivate: true, text: expect.stringContaining('Steps can be 1 to 8') });
    expect(bo.sees).toHaveLength(before);
  });

  it('what takes longer shows a preview, and can be cancelled', async () => {
    await running.close();
    const held = gate();
    let steps = 0;
    await start(async () => {
      steps += 1;
      await (steps === 3 ? held.promise : undefined);
    });
    const exchange = ann.slash('imagine', { prompt: 'a slow snail', count: 1 });
    const preview = await exchange.answer((message) => message.text.includes('preview'));
    expect(preview.pictures).toHaveLength(1);
    expect(labels(preview).join()).toContain('Cancel');
    const press = ann.press('Cancel', preview);
    await fake.world.until('the cancelling', () => running.handled.find(({ id }) => id === press.interaction.id));
    held.resolve();
    const cancelled = await exchange.answer((message) => message.text.includes('Cancelled'));
    expect([cancelled.id, cancelled.pictures]).toEqual([preview.id, []]);
    const again = await ann.press('Try again', cancelled).acknowledged();
    expect(again).toBe(6);
    const retried = await ann.finds('the picture', (message) => message.text.includes('second try'));
    expect(retried.id).toBe(preview.id);
  });

  it('reroll draws the same words with another seed, in a message that answers the first', async () => {
    const reroll = await bo.press('Reroll', first).picture();
    expect(reroll).toMatchObject({ replyTo: first.id, text: expect.stringContaining('reroll') });
    expect(reroll.text).toContain(`<@${bo.user.id}>`);
    expect(reroll.text).not.toContain('seed 7 ');
    expect(endingIn(reroll, 'U1')).toBeDefined();
  });

  it('V2 draws variations of the second picture', async () => {
    const varied = await ann.press('V2', first).picture();
    expect(varied).toMatchObject({ replyTo: first.id, text: expect.stringContaining('variation of 2') });
  });

  it('U1 makes the picture larger, and pressed again shows the one that is there', async () => {
    const upscaled = await ann.press('U1', first).picture();
    expect(upscaled.text).toContain('upscale of 1');
    const again = await bo.press('U1', first).picture();
    expect(again.pictures[0]?.data).toEqual(upscaled.pictures[0]?.data);
  });

  it('remix opens a form with the words, and draws what they become', async () => {
    const press = ann.press('Remix', first);
    const modal = await press.modal();
    const inputs = modal.components.map((part) => (part.type === 18 ? part.component : part.components[0]));
    expect(inputs[0]).toMatchObject({ type: 4, value: 'a fox on *blue* @everyone' });
    const prompt = inputs[0]?.custom_id ?? '';
    const remixed = await (await ann.submit(press, { [prompt]: 'a fox in snow' })).picture();
    expect(remixed.text).toContain('a fox in snow');
    expect(remixed.text).toContain('remix');
  });

  it('info is private', async () => {
    const info = await bo.press('Info', first).answer();
    expect(info).toMatchObject({ isPrivate: true, text: expect.stringContaining('7') });
    expect((await bo.menu('Show generation info', first).answer()).text).toBe(info.text);
  });

  it('a button works after a restart and days later', async () => {
    await running.close();
    fake.world.clock.skip(3 * 24 * 3_600_000);
    await start();
    const reroll = await bo.press('Reroll', first).picture();
    expect(reroll.replyTo).toBe(first.id);
  });

  it('what was being drawn at a crash is answered afterwards, in the old message', async () => {
    const [begun, held] = [gate(), gate()];
    await running.close();
    await start(async () => {
      begun.resolve();
      await held.promise;
    });
    const exchange = ann.slash('imagine', { prompt: 'a patient turtle' });
    await begun.promise;
    await running.crash();
    held.resolve();
    await start();
    const answer = await exchange.picture();
    expect(exchange.answers.map((message) => message.id)).toEqual([answer.id]);
  });

  it('and with a message that calls who asked, when the token has expired by then', async () => {
    const [begun, held] = [gate(), gate()];
    await running.close();
    await start(async () => {
      begun.resolve();
      await held.promise;
    });
    const exchange = ann.slash('imagine', { prompt: 'a very patient turtle' });
    await begun.promise;
    await running.crash();
    held.resolve();
    fake.world.clock.skip(16 * 60_000);
    await start();
    const answer = await bo.finds('the late answer', (message) => message.text.includes('very patient'));
    expect(answer.notified).toEqual([ann.user.id]);
    expect(answer.pictures).toHaveLength(1);
    await fake.world.until('the stale line’s removal', () => (exchange.answers.length === 0 ? true : undefined));
    const rerolled = await bo.press('Reroll', answer).picture();
    expect(rerolled.text).toContain('very patient');
  });

  it('a mask attached beside a picture says what of it is drawn anew', async () => {
    const file = async (name: string, grey: number) => {
      const { data } = await encodePng({ width: 40, height: 30, data: new Uint8Array(3600).fill(grey) });
      return { name, contentType: 'image/png', data: Buffer.from(data) };
    };
    const files = { image: await file('photo.png', 90), mask: await file('mask.png', 255) };
    const answer = await ann.slash('imagine', { prompt: 'a hat on it', ...files }).picture();
    const info = await ann.press('Info', answer).answer();
    expect(info.text).toContain('Of that picture only what a mask covers');
    const alone = await ann.slash('imagine', { prompt: 'a hat', mask: files.mask }).answer();
    expect(alone.text).toContain('needs that picture too');
  });

  it('an admin adds a style, sees it first, and everybody is offered it', async () => {
    const file = { name: 'glow.safetensors', contentType: 'application/octet-stream', data: loraFile() };
    const trial = root.slash('style add', { name: 'glow', file, weight: 0.8 });
    const shown = await trial.answer((message) => message.pictures.length > 0);
    expect(shown.isPrivate).toBe(true);
    expect(labels(shown)).toEqual(expect.arrayContaining(['Save', 'Discard']));
    root.press('Save', shown);
    await trial.answer((message) => message.buttons.length === 0);
    expect(await ann.autocomplete('imagine', 'style', 'glo')).toMatchObject([{ value: 'glow' }]);
    const styled = await ann.slash('imagine', { prompt: 'a fox', style: 'glow' }).picture();
    expect(styled.text).toContain('glow');
  });

  it('nobody else does, whatever they send', async () => {
    const file = { name: 'mine.safetensors', contentType: 'application/octet-stream', data: loraFile() };
    const refused = await bo.slash('style add', { name: 'mine', file }).answer();
    expect(refused).toMatchObject({
      isPrivate: true,
      text: 'Only admins of this server can do this. Ask one of them.',
    });
    expect(() => bo.slash('settings')).toThrow('hidden');
    expect(await ann.autocomplete('imagine', 'style', 'mine')).toEqual([]);
  });

  it('an admin picks the channels, and is told where it goes wrong', async () => {
    const other = fake.addChannel({ name: 'other', guild: fake.guild });
    const shown = await root.slash('settings').answer((message) => message.buttons.length > 0);
    const opened = root.press('Channels', shown);
    expect((await opened.modal()).components[0]).toMatchObject({ component: { type: 8, max_values: 25 } });
    await root.submit(opened, { channels: other.id });
    const panel = await root.finds('the panel', (message) => message.text.includes(`Channels: <#${other.id}>`));
    const refused = await ann.slash('imagine', { prompt: 'a fox' }).answer();
    expect(refused).toMatchObject({
      isPrivate: true,
      text: `Pictures are not drawn in this channel. Try <#${other.id}>.`,
    });
    await root.submit(root.press('Channels', panel), { channels: '' });
    await root.finds('the panel', (message) => message.text.includes('Channels: all'));
  });

  it('a picture is deleted by who asked for it and by moderators, and by nobody else', async () => {
    const kept = await bo.press('Delete', first).answer();
    expect(kept.isPrivate).toBe(true);
    expect(ann.sees.some((message) => message.id === first.id)).toBe(true);
    ann.press('Delete', first);
    await fake.world.until('its removal', () =>
      ann.sees.some((message) => message.id === first.id) ? undefined : true,
    );
    const moderated = await ann.slash('imagine', { prompt: 'a rude fox' }).picture();
    const warden = fake.user('warden', { permissions: ['manageMessages'] });
    warden.press('Delete', moderated);
    await fake.world.until('its removal', () =>
      warden.sees.some((message) => message.id === moderated.id) ? undefined : true,
    );
  });

  it('leaves no conversation open and Discord no reason to complain', () => {
    expect(ann.sees.filter((message) => message.isLoading)).toEqual([]);
    expect(fake.limits.invalidRequests).toBe(0);
    expect(fake.rest.seen.filter((request) => request.status === 400)).toEqual([]);
  });
});

/** The smallest safetensors file: a length, a header, no tensors. */
function loraFile(): Uint8Array {
  const header = Buffer.from('{"__metadata__":{}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}
