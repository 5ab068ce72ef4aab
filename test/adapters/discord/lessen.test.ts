/** Answers that can never be delivered as they are: something less arrives at once, and no "thinking…" stays. */
import { createCipheriv } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { text } from '../../../src/bot/texts/index.ts';
import type { DeliverOptions } from '../../../src/core/chat.ts';
import type { ReplyAddress } from '../../../src/core/job.ts';
import type { MessageFile } from '../../../src/core/message.ts';
import { encodePng } from '../../../src/image/index.ts';
import type { Exchange } from '../../support/discord/exchange.ts';
import type { FakeUser } from '../../support/discord/world.ts';
import { pictureFile, say, stage } from './scripted-bot.ts';
import type { Stage } from './scripted-bot.ts';

const EDIT: DeliverOptions = { mode: 'edit', isFinal: true, key: 'job' };
const QUARTER_MS = 15 * 60_000 + 1;
const ROW = [
  { kind: 'button', id: '1.info.j', label: 'Info', emoji: undefined, tone: 'normal', isDisabled: false },
] as const;

async function asked(
  { fake, bot }: Stage,
  wanted: { readonly uploadLimitBytes?: number } = {},
): Promise<{ readonly exchange: Exchange; readonly address: ReplyAddress; readonly user: FakeUser }> {
  const next = bot.next();
  const exchange = fake.user('ann', wanted).slash('queue');
  return { exchange, address: (await next).address, user: exchange.interaction.user };
}

/** Of noise, which no encoding makes small. */
async function noise(side: number): Promise<MessageFile> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16));
  const data = cipher.update(Buffer.alloc(side * side * 3));
  const png = await encodePng({ width: side, height: side, data });
  return { name: 'noise.png', contentType: 'image/png', data: png.data, alt: 'noise', isSpoiler: false };
}

function direct({ fake }: Stage, user: FakeUser) {
  return fake.world.messages.in(fake.world.directOf(user.id));
}

describe('a picture that is too large', () => {
  it('is made lighter until it is taken', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set, { uploadLimitBytes: 40_000 });
    const picture = await noise(160);
    expect(picture.data.byteLength).toBeGreaterThan(70_000);
    await set.adapter.deliver(address, say('noise', { picture, rows: [ROW] }), EDIT);
    const answer = await exchange.answer();
    expect(answer.pictures.map(({ name, alt }) => [name, alt])).toEqual([['noise.jpg', 'noise']]);
    expect(answer.pictures[0]?.data.length).toBeLessThanOrEqual(40_000);
    expect(answer.buttons).toHaveLength(1);
  });

  it('leaves its words and buttons, which say so, where nothing of it is light enough', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set, { uploadLimitBytes: 1000 });
    const options = { ...EDIT, locale: 'de' } as const;
    await set.adapter.deliver(address, say('done', { picture: pictureFile(2000), rows: [ROW] }), options);
    const answer = await exchange.answer();
    expect([answer.pictures, answer.buttons.length]).toEqual([[], 1]);
    expect(answer.text).toContain(text('de', 'answer.too-large'));
  });

  it('obeys the bot’s own limit once the bot uploads it, whatever the asker’s was', async () => {
    const set = await stage();
    const { address } = await asked(set, { uploadLimitBytes: 100_000_000 });
    set.fake.world.clock.skip(QUARTER_MS);
    const picture = await noise(1900);
    expect(picture.data.byteLength).toBeGreaterThan(10_485_760);
    await set.adapter.deliver(address, say('noise', { picture }), EDIT);
    const [seen] = set.fake.user('carl').sees;
    expect(seen?.pictures[0]?.data.length).toBeLessThanOrEqual(10_485_760);
    expect(set.fake.rest.seen.filter(({ status }) => status === 413)).toEqual([]);
  });
});

describe('a channel that does not take the answer', () => {
  it('without Attach Files gets the words, with what an admin must do', async () => {
    const set = await stage();
    const { address, user } = await asked(set);
    set.fake.world.clock.skip(QUARTER_MS);
    set.fake.channel.botPermissions = ['viewChannel', 'sendMessages'];
    await set.adapter.deliver(address, say('a fox', { picture: pictureFile(), rows: [ROW] }), EDIT);
    const [seen, ...others] = set.fake.user('carl').sees;
    expect(others).toEqual([]);
    expect(seen?.text).toContain(text('en', 'answer.no-files'));
    expect([seen?.pictures.length, seen?.buttons.length, seen?.notified]).toEqual([0, 1, [user.id]]);
  });

  it.each([
    ['that the bot may not see any more', (set: Stage) => void (set.fake.channel.botPermissions = [])],
    ['that is gone', (set: Stage) => void set.fake.world.channels.delete(set.fake.channel.id)],
    ['that was locked', (set: Stage) => void (set.fake.channel.isLocked = true)],
  ])('%s has it sent to the person, picture and all', async (_, shut) => {
    const set = await stage();
    const { address, user } = await asked(set);
    set.fake.world.clock.skip(QUARTER_MS);
    shut(set);
    const reached = await set.adapter.deliver(address, say('a fox', { picture: pictureFile() }), EDIT);
    expect(direct(set, user).map(({ files }) => files.length)).toEqual([1]);
    await set.adapter.deliver(reached, say('edited'), EDIT);
    expect(direct(set, user).map(({ content }) => content)).toEqual(['edited']);
  });

  it('locked while the token lives has it sent to the person too', async () => {
    const set = await stage();
    const { address, user } = await asked(set);
    set.fake.channel.isLocked = true;
    await set.adapter.deliver(address, say('a fox', { picture: pictureFile() }), EDIT);
    expect(direct(set, user).map(({ files }) => files.length)).toEqual([1]);
  });
});

describe('an answer that is refused for good', () => {
  it('is a sentence with a number for the operator, and nothing is waited for', async () => {
    const set = await stage();
    const { exchange, address } = await asked(set);
    const refusal = { kind: 'status', status: 400, code: 50_035, message: 'Invalid Form Body' } as const;
    set.fake.faults.order({ method: 'PATCH', path: /@original$/ }, refusal, 2);
    await set.adapter.deliver(address, say('a fox', { picture: pictureFile() }), EDIT);
    expect((await exchange.answer()).text).toMatch(/Tell the operator this number: [0-9a-f]{8}/);
  });
});
