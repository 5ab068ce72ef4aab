/**
 * A style learnt in Discord, from the admin's first picture to the server's first picture with it: the real bot, stores
 * and adapter against the stand-in; only the device is a stub. Stopped, killed in the middle, without room on the disk.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { deployCommands } from '../../src/adapters/discord/index.ts';
import { UserError } from '../../src/core/errors.ts';
import { openMemory, type Database } from '../../src/store/index.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { Person } from '../support/discord/person.ts';
import { type DiscordBot, openDiscordBot } from '../support/discord/running-bot.ts';
import type { SeenMessage } from '../support/discord/seen.ts';
import { gate } from '../support/gate.ts';
import { pictureFiles } from '../support/style-pictures.ts';

const WORD = { word: 'mine, use them' };
const labels = (message: SeenMessage): string => message.buttons.map(({ label }) => label).join(' | ');

describe('a style learnt in Discord', () => {
  let database: Database;
  let fake: FakeDiscord;
  let folder: string;
  let running: DiscordBot;
  let root: Person;
  let bo: Person;

  const start = async (beforeStep?: () => Promise<void>): Promise<void> => {
    running = await openDiscordBot({ fake, database, folder, ...(beforeStep === undefined ? {} : { beforeStep }) });
  };
  /** Once more, and it comes no further than its second step until the returned function is called. */
  const startHeld = async (): Promise<() => void> => {
    await running.close();
    const held = gate();
    let steps = 0;
    await start(async () => {
      steps += 1;
      await (steps === 2 ? held.promise : undefined);
    });
    return held.resolve;
  };
  const kept = async (kind: string): Promise<number> =>
    (await readdir(join(folder, kind), { recursive: true }).catch(() => [])).filter((name) => name.includes('.'))
      .length;
  /** `/style train paper` with so many pictures, and its message. */
  const gather = async (count: number): Promise<SeenMessage> => {
    const asked = root.slash('style train', { name: 'paper', trigger: 'papery' });
    const answered = await root.submit(asked, WORD, { pictures: await pictureFiles(count) });
    return answered.answer((message) => message.text.includes('paper'));
  };
  const shows = (message: SeenMessage, part: string): Promise<SeenMessage> =>
    root.finds(`"${part}"`, ({ id, text }) => id === message.id && text.includes(part));

  beforeEach(async () => {
    database = openMemory();
    fake = await FakeDiscord.start({ time: 'still' });
    folder = await mkdtemp(join(tmpdir(), 'fourstep-train-'));
    root = fake.user('root', { permissions: ['manageGuild'] });
    bo = fake.user('bo');
    await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
    await start();
  });
  afterEach(async () => {
    await running.close();
    await fake.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('is gathered, learnt, tried, trained on, saved and drawn with, and its pictures go', async () => {
    const few = await gather(3);
    expect(few.text).toContain('3 pictures of 1 person');
    expect(few.text).toContain('Add at least 2 more.');
    expect(few.text).toContain('The pictures stay on this machine.');
    expect(labels(few)).toBe('Add pictures | Discard');

    // More of them; one comes twice and one is too small.
    const more = root.press('Add pictures', few);
    const [again] = await pictureFiles(1);
    const [small] = await pictureFiles(1, 90, 8);
    await root.submit(more, WORD, { pictures: [...(await pictureFiles(2, 3)), again!, small!] });
    const ready = await shows(few, '5 pictures');
    expect(ready.text).toContain('are the same picture');
    expect(ready.text).toContain('has 8 × 8 pixels, and 11 a side are needed');
    expect(labels(ready)).toBe('Add pictures | Start | Discard');
    expect(await kept('training')).toBe(5);

    root.press('Start', ready);
    const learnt = await shows(few, 'Learnt here from 5 pictures');
    expect(learnt.pictures).toHaveLength(1);
    expect(learnt.text).toContain('4 steps, rank 8, 16 × 16');
    expect(labels(learnt)).toBe('Save | Weight − | Weight + | Discard | Train on | Keep pictures');
    root.press('Weight +', learnt);
    await shows(few, 'Weight 1.2');
    root.press('Train on', await shows(few, 'Weight 1.2'));
    const further = await shows(few, '6 steps, rank 8');
    root.press('Save', further);
    await shows(few, '--style paper');
    expect(await kept('training')).toBe(0);
    expect(await kept('loras')).toBe(1);

    const shown = await root.slash('style show', { name: 'paper' }).answer();
    expect(shown.text).toContain('Learnt here from 5 pictures');
    expect(shown.text).toContain('papery');
    const drawn = await bo.slash('imagine', { prompt: 'a fox --style paper', count: 1 }).picture();
    expect(drawn.text).toContain('paper');
    const audit = await running.stores.audit.last(`discord:${fake.world.guilds[0]!.id}`, 10);
    expect(audit.find(({ what }) => what === 'style-train')?.params).toMatchObject({ word: 'mine, use them' });
    const mine = await root.slash('mydata delete').answer();
    expect(mine.text).toContain('belong to their servers and stay: paper');
  });

  it('goes on after the bot was killed in the middle, in the same message', async () => {
    await running.close();
    let steps = 0;
    await start(async () => {
      steps += 1;
      await (steps === 3 ? new Promise(() => undefined) : undefined);
    });
    const message = await gather(5);
    root.press('Start', message);
    const going = await shows(message, 'step 1 of 4');
    expect(labels(going)).toBe('Stop');
    await running.crash();
    await start();
    expect((await shows(message, 'Learnt here from 5 pictures')).pictures).toHaveLength(1);
  });

  it('is stopped at once, starts again, and is discarded with its pictures', async () => {
    const release = await startHeld();
    const message = await gather(5);
    root.press('Start', message);
    const press = root.press('Stop', await shows(message, 'step 1 of 4'));
    await fake.world.until('the stopping', () => running.handled.find(({ id }) => id === press.interaction.id));
    release();
    const stopped = await shows(message, 'Stopped. Start goes on where it was.');
    root.press('Start', stopped);
    root.press('Discard', await shows(message, 'Learnt here'));
    await shows(message, 'iscarded');
    expect([await kept('training'), await kept('loras')]).toEqual([0, 0]);
  });

  it('reaches its admin where answers are private and the way to them has closed, and goes on in the server', async () => {
    await running.stores.settings.save(`discord:${fake.world.guilds[0]!.id}`, {
      ...(await running.stores.settings.of(`discord:${fake.world.guilds[0]!.id}`)),
      isPrivate: true,
    });
    const release = await startHeld();
    const message = await gather(5);
    expect(message.isPrivate).toBe(true);
    root.press('Start', message);
    await shows(message, 'step 1 of 4');
    // A quarter of an hour, and nobody can change what one person alone sees.
    fake.world.clock.skip(16 * 60_000);
    release();
    const direct = await fake.world.until('a direct message', () =>
      root.direct.find(({ text, pictures }) => text.includes('Learnt here from 5 pictures') && pictures.length > 0),
    );
    const inDirect = new Person(fake, root.user, fake.world.directOf(root.user.id));
    const refused = await inDirect.press('Save', direct).answer();
    expect(refused.text).toContain('/style show paper');
    const again = await root.slash('style show', { name: 'paper' }).answer(({ pictures }) => pictures.length > 0);
    expect(again).toMatchObject({ isPrivate: true, text: expect.stringContaining('Learnt here from 5 pictures') });
    expect(await bo.slash('style show', { name: 'paper' }).answer()).toMatchObject({ buttons: [] });
    await root.press('Save', again).acknowledged();
    await fake.world.until('the style', async () => (await kept('loras')) === 1 && (await kept('training')) === 0);
    expect(await root.slash('style show', { name: 'paper' }).answer()).toMatchObject({ buttons: [] });
  });

  it('takes pictures from other messages, and forgets them for whose they are', async () => {
    const message = await gather(5);
    const theirs = await bo.slash('imagine', { prompt: 'a fox', count: 1 }).picture();
    const added = await root.menu('Add to a style’s pictures', theirs).answer();
    expect(added.isPrivate).toBe(true);
    expect(added.text).toContain('1 picture added to paper; it has 6 now');
    root.press('Delete my data', await root.slash('mydata delete').answer());
    await fake.world.until('no pictures', async () => ((await kept('training')) === 0 ? true : undefined));
    const gone = await root.press('Add pictures', message).answer();
    expect(gone.text).toContain('no longer in the making');
  });

  it('is for admins alone, one at a time, with room on the disk and a word of who owns the pictures', async () => {
    const refused = await bo.slash('style train', { name: 'paper' }).answer();
    expect(refused).toMatchObject({ isPrivate: true, text: expect.stringContaining('admins') });
    const message = await gather(5);
    const pressed = await bo.press('Start', message).answer();
    expect(pressed).toMatchObject({ isPrivate: true, text: expect.stringContaining('admins') });
    const { files } = running.stores;
    const keep = files.keep.bind(files);
    files.keep = () => Promise.reject(new UserError('store.full', 'The disk is full.'));
    const more = await root.submit(root.press('Add pictures', message), WORD, { pictures: await pictureFiles(1, 8) });
    expect((await more.answer()).text).toContain('disk');
    root.press('Start', await shows(message, '5 pictures'));
    const full = await shows(message, 'disk');
    files.keep = keep;
    root.press('Start', full);
    await shows(message, 'Learnt here');
  });
});
