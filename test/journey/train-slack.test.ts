/** A style learnt in Slack, by its form, its menu and its buttons: the real bot and the real Bolt; only the device is a stub. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { UserError } from '../../src/core/errors.ts';
import { installed, SMALL_MOJI } from '../support/manifests.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import type { Person } from '../support/slack/person.ts';
import { openSlackBot } from '../support/slack/running-bot.ts';
import type { Seen } from '../support/slack/screen.ts';
import { createStubRunner, type StubRunnerOptions } from '../support/stub-runner.ts';
import { pictureFiles } from '../support/style-pictures.ts';
import type { WholeBot } from '../support/whole-bot.ts';

let folder: string;
let fake: FakeSlack;
let product: WholeBot;
let root: Person;
let beforeStep: NonNullable<StubRunnerOptions['beforeStep']>;

function start(): Promise<WholeBot> {
  return openSlackBot(fake, {
    folder,
    runner: createStubRunner({ beforeStep: (...step) => beforeStep(...step) }),
    ports: { models: { list: () => [installed({ ...SMALL_MOJI, styles: [] }, folder)] } },
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-train-'));
  beforeStep = () => undefined;
  fake = await FakeSlack.start();
  product = await start();
  root = fake.person('Root', { isAdmin: true });
});
afterEach(async () => {
  await product.close();
  await fake.stop();
  await rm(folder, { recursive: true, force: true });
});

async function shown(words: string, who = root): Promise<Seen> {
  return vi.waitFor(
    () => {
      const message = who.sees().findLast((each) => each.words.includes(words));
      if (message === undefined) {
        const all = who.sees().map((each) => `${each.words} [${each.buttons.map(({ label }) => label).join(' ')}]`);
        throw new Error(`"${words}" is in none of these:\n${all.join('\n')}`);
      }
      return message;
    },
    { timeout: 40_000, interval: 20 },
  );
}

async function submit(count: number, from = 0): Promise<void> {
  await vi.waitFor(() => expect(root.view()).toBeDefined(), { timeout: 40_000 });
  const files = (await pictureFiles(count, from)).map(({ name, data }) => root.upload(name, data));
  await root.submit({ pictures: { files }, word: 'ours, with leave', captions: 'a red fox\na cat' });
}

async function gather(count: number): Promise<Seen> {
  await root.slash('/style', 'train paper --trigger papery');
  await submit(count);
  return shown(`${count} pictures of 1 person`);
}

const kept = async (kind: string): Promise<number> =>
  (await readdir(join(folder, kind), { recursive: true }).catch(() => [])).filter((name) => name.includes('.')).length;

describe('a style learnt in Slack', () => {
  it('is gathered, added to from a message, learnt, tried, saved and drawn with', async () => {
    const few = await gather(4);
    expect(few.words).toContain('Add at least 1 more.');
    await root.press('Add pictures', few);
    await submit(1, 4);
    await shown('5 pictures of 1 person');
    // From somebody's message, by its menu.
    const ben = fake.person('Ben');
    const [one] = await pictureFiles(1, 9);
    const file = ben.fileJson(ben.upload(one!.name, one!.data));
    await root.pictureShortcut('train', { user: ben.id, files: [file] });
    await shown('1 picture added to paper; it has 6 now');
    const ready = await shown('6 pictures of 2 people');
    expect(ready.ts).toBe(few.ts);
    await root.press('Start', ready);
    const learnt = await shown('Learnt here from 6 pictures');
    expect(learnt.pictures).toHaveLength(1);
    await root.press('Save', learnt);
    await shown('--style paper');
    expect(await kept('training')).toBe(0);
    await ben.slash('/imagine', 'a fox --style paper --count 1');
    expect((await shown('seed', ben)).words).toContain('paper');
    // Ben's picture was in it: what he deletes names the style.
    await ben.slash('/mydata', 'delete');
    expect((await shown('stop working', ben)).words).toContain('stay: paper');
  });

  it('goes on after a crash in the middle, and is stopped by its button', async () => {
    beforeStep = (work, _index, step) =>
      work.kind === 'train' && step === 3 ? new Promise<never>(() => undefined) : undefined;
    const message = await gather(5);
    await root.press('Start', message);
    await shown('step 1 of 4');
    await product.crash();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    beforeStep = (work, _index, step) => (work.kind === 'train' && step === 2 ? held : undefined);
    product = await start();
    await root.press('Stop', await shown('step 1 of 4'));
    release();
    const stopped = await shown('Stopped. Start goes on where it was.');
    expect(stopped.ts).toBe(message.ts);
    await root.press('Discard', stopped);
    await shown('Discarded, with its pictures.');
    expect(await kept('training')).toBe(0);
  });

  it('is for admins alone, and says when the disk is full', async () => {
    const ben = fake.person('Ben');
    await ben.slash('/style', 'train paper');
    await shown('admins', ben);
    expect(ben.view()).toBeUndefined();
    const message = await gather(5);
    await ben.press('Start', message);
    await vi.waitFor(() => expect(ben.sees().some(({ isPrivate }) => isPrivate)).toBe(true), { timeout: 40_000 });
    product.stores.files.keep = () => Promise.reject(new UserError('store.full', 'The disk is full.'));
    await root.press('Start', message);
    expect((await shown('disk')).ts).toBe(message.ts);
  });
});
