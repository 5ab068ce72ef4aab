/**
 * What people find in Slack besides commands, with the real bot and the real Bolt: the Home tab, the shortcut in the menu of
 * everything, forms that say what to mend, answers as direct messages, and an admin who is told what the app lacks.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeSlack } from '../support/slack/fake-slack.ts';
import type { FillIn, Person } from '../support/slack/person.ts';
import { openSlackBot } from '../support/slack/running-bot.ts';
import type { Seen } from '../support/slack/screen.ts';
import { PATIENT, shown } from '../support/slack/shown.ts';
import { createStubRunner, type StubRunnerOptions } from '../support/stub-runner.ts';
import type { WholeBot } from '../support/whole-bot.ts';

let folder: string;
let fake: FakeSlack;
let product: WholeBot;
let ana: Person;
let root: Person;
let beforeStep: NonNullable<StubRunnerOptions['beforeStep']>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-home-'));
  beforeStep = () => undefined;
  fake = await FakeSlack.start();
  const runner = createStubRunner({ beforeStep: (...step) => beforeStep(...step) });
  product = await openSlackBot(fake, { folder, runner });
  [ana, root] = [fake.person('Ana'), fake.person('Root', { isAdmin: true })];
});

afterEach(async () => {
  await product.close();
  await fake.stop();
  await rm(folder, { recursive: true, force: true });
});

async function atHome(who: Person, fits: (home: Seen) => boolean): Promise<Seen> {
  return vi.waitFor(() => {
    const home = who.home();
    if (!fits(home)) {
      throw new Error(`at home: ${home.words}`);
    }
    return home;
  }, PATIENT);
}

const isFinished = (message: Seen): boolean => message.buttons.some(({ label }) => label.includes('Delete'));
const answers = (prompt: string) => (message: Seen) => isFinished(message) && message.words.includes(prompt);
const labels = (message: Seen): readonly string[] => message.buttons.map(({ label }) => label);

async function opened(who: Person): Promise<void> {
  await vi.waitFor(() => expect(who.view()).toBeDefined(), PATIENT);
}

/** What stands under the fields of the form that was sent; it is still open then. */
async function faults(who: Person, values: FillIn): Promise<unknown> {
  const outcome = await who.submit(values);
  expect(outcome.isAcknowledged).toBe(true);
  return outcome.body['errors'];
}

describe('the Home tab', () => {
  it('shows what the bot is, the person’s own pictures and the styles, and its buttons draw', async () => {
    await ana.slash('/imagine', 'a fox --count 1');
    const answer = await shown(ana, answers('a fox'));
    await root.slash('/imagine', 'a secret of root --count 1');
    await shown(root, answers('a secret'));
    await ana.openHome();
    const home = await atHome(ana, ({ words }) => words.includes('/imagine'));
    expect(home.words).toContain('Your latest pictures');
    expect(home.words).toContain('a fox');
    expect(home.words).not.toContain('secret');
    expect(home.words).toContain('Styles');
    expect(home.pictures.map(({ fileId, alt }) => [fileId, alt])).toEqual([[answer.pictures[0]?.fileId, 'a fox']]);
    expect(labels(home)).toEqual(['Draw a picture', 'Reroll', 'Remix', 'Info']);

    // What is drawn from there comes as a direct message, and its buttons work there.
    await ana.pressAtHome('Reroll');
    const rerolled = await shown(ana, answers('reroll'));
    expect(rerolled.channel).toBe(`D${ana.id.slice(1)}`);
    await ana.press('V1', rerolled);
    expect((await shown(ana, answers('variation of 1'))).channel).toBe(rerolled.channel);
    await ana.pressAtHome('Info');
    expect((await shown(ana, ({ words }) => words.includes('Seed'))).channel).toBe(rerolled.channel);
    await ana.pressAtHome('Draw');
    await opened(ana);
    await ana.submit({ prompt: 'a hen', options: '--count 1' });
    expect((await shown(ana, answers('a hen'))).channel).toBe(rerolled.channel);
  });

  it('has the settings for admins, changed where they stand, and for nobody else', async () => {
    await root.openHome();
    await atHome(root, ({ buttons }) => buttons.some(({ label }) => label === 'Language'));
    await root.pressAtHome('Language');
    await atHome(root, ({ words }) => words.includes('answers: English'));
    await root.pressAtHome('Limits');
    await opened(root);
    expect(await faults(root, { perUser: 'many' })).toEqual({ perUser: expect.stringContaining('you wrote “many”') });
    await root.submit({ perUser: '2' });
    await atHome(root, ({ words }) => words.includes('is 2 and 100 at a time'));
    expect((await product.stores.settings.of('slack:T0FAKE')).perUser).toBe(2);
    expect(fake.messages()).toEqual([]);
    // One whose rights ended meanwhile is refused, beside it.
    fake.state.people.get(root.id)!.isAdmin = false;
    fake.state.advance(60_000);
    await root.openHome();
    await ana.openHome();
    expect(labels(await atHome(ana, ({ words }) => words !== ''))).toEqual(['Draw a picture']);
  });
});

describe('the shortcut in the menu of everything', () => {
  it('opens the form, and the answer comes where it says', async () => {
    const other = fake.channel('other');
    await ana.globalShortcut('imagine');
    await opened(ana);
    await ana.submit({ prompt: 'a fox', where: other.id, count: '1' });
    expect((await shown(ana, answers('a fox'))).channel).toBe(other.id);
    await ana.globalShortcut('imagine');
    await vi.waitFor(() => expect(JSON.stringify(ana.view())).toContain('Answer in'), PATIENT);
    await ana.submit({ prompt: 'a hen', count: '1' });
    expect((await shown(ana, answers('a hen'))).channel).toBe(`D${ana.id.slice(1)}`);
  });
});

describe('a form with something to mend', () => {
  it('says so under the field and stays open with all that was written', async () => {
    await product.stores.settings.save('slack:T0FAKE', {
      ...(await product.stores.settings.of('slack:T0FAKE')),
      blockedWords: ['goblin'],
      drawRoles: [{ id: 'S1', name: 'artists' }],
    });
    fake.state.groups.push({ id: 'S1', handle: 'artists', users: [ana.id] });
    await ana.slash('/imagine');
    await opened(ana);
    const written = { prompt: 'a fox', count: '1' };
    expect(await faults(ana, { ...written, steps: '99' })).toEqual({
      steps: 'Steps can be 1 to 8; you asked for 99. Leave it out and 4 are used.',
    });
    expect(await faults(ana, { ...written, style: 'no-such' })).toEqual({ style: expect.stringContaining('no-such') });
    expect(await faults(ana, { ...written, prompt: 'a goblin' })).toEqual({
      prompt: expect.stringContaining('goblin'),
    });
    expect(await faults(ana, { ...written, prompt: '\u200b' })).toEqual({ prompt: expect.any(String) });
    expect(await faults(ana, { ...written, strength: '0.5' })).toEqual({ strength: expect.any(String) });
    const heavy = { ...ana.upload('photo.png', new Uint8Array(8)), length: 30_000_000 };
    expect(await faults(ana, { ...written, image: { file: heavy } })).toEqual({ image: expect.stringContaining('MB') });
    const hole = { mask: { file: ana.upload('hole.png', new Uint8Array(8)) } };
    expect(await faults(ana, { ...written, ...hole })).toEqual({ mask: expect.any(String) });
    expect(await faults(ana, written)).toBeUndefined();
    const answer = await shown(ana, answers('a fox'));

    await ana.press('Remix', answer);
    await opened(ana);
    expect(await faults(ana, { prompt: 'a hen', options: '--count 1 --steps 99' })).toEqual({
      options: expect.stringContaining('99'),
    });
    expect(await faults(ana, { prompt: 'a hen', options: '--nosuch 3' })).toEqual({ options: expect.any(String) });
    expect(await faults(ana, { prompt: 'a goblin', options: '--count 1' })).toEqual({ prompt: expect.any(String) });
    expect(await faults(ana, { prompt: 'a hen', options: '--count 1' })).toBeUndefined();
    await shown(ana, answers('a hen'));
    expect(ana.sees().filter(({ isPrivate }) => isPrivate)).toEqual([]);
  });

  it('of an admin’s, too', async () => {
    await root.slash('/style', 'add');
    await opened(root);
    expect(await faults(root, { name: 'none', url: 'https://huggingface.co/x.safetensors' })).toEqual({
      name: expect.stringContaining('none'),
    });
    expect(await faults(root, { name: 'glow' })).toEqual({ file: expect.stringContaining('.safetensors') });
    expect(await faults(root, { name: 'glow', model: 'no-such', url: 'https://huggingface.co/x' })).toEqual({
      model: expect.stringContaining('no-such'),
    });
  });
});

it('the form of an emoji offers what there is, and says under the field what is not', async () => {
  await root.slash('/imagine', 'a fox --count 2');
  const grid = await shown(root, answers('a fox'));
  await root.press('Emoji', grid);
  await opened(root);
  expect(root.view()).toMatchObject({
    blocks: [
      { block_id: 'name' },
      { block_id: 'picture', element: { options: [{ value: '1' }, { value: '2' }] } },
      { block_id: 'kind', element: { options: [{ value: 'emoji' }, { value: 'sticker' }] } },
    ],
  });
  expect(await faults(root, { name: 'fox', picture: '9' })).toEqual({ picture: expect.stringContaining('1 to 2') });
  expect(await faults(root, { name: 'fox', picture: '1.5' })).toEqual({ picture: expect.stringContaining('1.5') });
  expect(await faults(root, { name: 'fox', kind: 'gif' })).toEqual({ kind: expect.stringContaining('gif') });
  expect(root.sees().filter(({ isPrivate }) => isPrivate)).toEqual([]);
  expect(await faults(root, { name: 'fox', picture: '2', kind: 'sticker' })).toBeUndefined();
  expect(root.view()).toBeUndefined();
});

it('an answer that could only come as a direct message has buttons that work', async () => {
  let draw = (): void => undefined;
  const drawing = new Promise<void>((resolve) => {
    draw = resolve;
  });
  beforeStep = () => drawing;
  const closed = fake.channel('closed', { kind: 'private', hasBot: false });
  await ana.slash('/imagine', 'a shy fox --private --count 1', closed.id);
  await vi.waitFor(async () => expect(await product.stores.jobs.open()).toHaveLength(1), PATIENT);
  // Slack forgets the address that came with the command.
  fake.state.advance(31 * 60_000);
  draw();
  const answer = await shown(ana, answers('a shy fox'));
  expect(answer.channel).toBe(`D${ana.id.slice(1)}`);
  await ana.press('Reroll', answer);
  const rerolled = await shown(ana, answers('reroll'));
  expect(rerolled.channel).toBe(answer.channel);
  await ana.press('Delete', answer);
  await vi.waitFor(() => expect(ana.sees().some(({ ts }) => ts === answer.ts)).toBe(false), PATIENT);
});

it('an admin is told once, by a direct message, which scope the app lacks', async () => {
  fake.settings.scopes.delete('files:write');
  const told = () => root.sees().filter(({ words }) => words.includes('files:write') && words.includes('OAuth'));
  await ana.slash('/imagine', 'a fox --count 1');
  await shown(ana, answers('a fox'));
  await vi.waitFor(() => expect(told()).toHaveLength(1), PATIENT);
  expect(told()[0]?.channel).toBe(`D${root.id.slice(1)}`);
  await product.close();
  product = await openSlackBot(fake, { folder });
  await ana.slash('/imagine', 'a hen --count 1');
  await shown(ana, answers('a hen'));
  expect(told()).toHaveLength(1);
});
