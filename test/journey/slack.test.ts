/**
 * One person's way through Slack, with the real bot, the real Bolt, the embedded store and a device without a model:
 * ask, watch, press every button, come back after a restart, delete; and an admin's, who adds a style.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { FakeSlack } from '../support/slack/fake-slack.ts';
import type { Person } from '../support/slack/person.ts';
import { openSlackBot } from '../support/slack/running-bot.ts';
import type { Seen } from '../support/slack/screen.ts';
import { createStubRunner, type StubRunnerOptions } from '../support/stub-runner.ts';
import type { WholeBot } from '../support/whole-bot.ts';

let folder: string;
let fake: FakeSlack;
let product: WholeBot;
let beforeStep: NonNullable<StubRunnerOptions['beforeStep']>;

function startProduct(): Promise<WholeBot> {
  return openSlackBot(fake, {
    folder,
    runner: createStubRunner({ beforeStep: (...step) => beforeStep(...step) }),
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-journey-'));
  beforeStep = () => undefined;
  fake = await FakeSlack.start();
  product = await startProduct();
});

afterEach(async () => {
  await product.close();
  await fake.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Waits, however slow the machine, for a message in the channel that fits, and gives it. */
async function shown(fits: (message: Seen) => boolean, who?: Person): Promise<Seen> {
  const messages = (): readonly Seen[] => who?.sees() ?? fake.messages();
  return vi.waitFor(
    () => {
      const message = messages().findLast(fits);
      if (message === undefined) {
        const all = messages().map(({ words, buttons }) => `${words} [${buttons.map(({ label }) => label).join(' ')}]`);
        throw new Error(`none of these:\n${all.join('\n')}`);
      }
      return message;
    },
    { timeout: 40_000, interval: 20 },
  );
}

const isFinished = (message: Seen): boolean => message.buttons.some(({ label }) => label.includes('Delete'));
const labels = (message: Seen): readonly string[] => message.buttons.map(({ label }) => label);
const has = (words: string) => (message: Seen) => message.words.includes(words);

async function sizeOf(message: Seen): Promise<readonly [number | undefined, number | undefined]> {
  const { width, height } = await sharp(message.pictures[0]?.data).metadata();
  return [width, height];
}

describe('in Slack', () => {
  it('a person asks, watches, varies, enlarges, remixes, comes back after a restart and deletes', async () => {
    const ana = fake.person('Ana');
    const ben = fake.person('Ben');

    // Ask; the device waits in the middle until the preview has been seen.
    let seenHalf = (): void => undefined;
    const half = new Promise<void>((resolve) => {
      seenHalf = resolve;
    });
    beforeStep = (_work, _index, step) => (step === 3 ? half : undefined);
    const outcome = await ana.slash('/imagine', 'a fox on blue --seed 7 --count 1');
    expect(outcome.isAcknowledged).toBe(true);
    const preview = await shown(has('preview'));
    expect(labels(preview)).toEqual(['✖️ Cancel']);
    expect(preview.pictures).toHaveLength(1);
    seenHalf();
    const first = await shown(isFinished);
    expect(first.ts).toBe(preview.ts);
    expect(fake.messages()).toHaveLength(1);
    expect(first.words).toContain('a fox on blue');
    expect(first.words).toMatch(/seed 7 · 4 steps · \d+\.\d s/);
    expect(first.words).toContain('@Ana');
    expect(first.mentions).toEqual([]);
    expect(labels(first)).toEqual([
      'U1',
      'V1',
      '🔄 Reroll',
      '✏️ Remix',
      'Subtle',
      'Strong',
      '😀 Emoji',
      'ℹ️ Info',
      '🗑️ Delete',
    ]);
    expect(first.pictures).toHaveLength(1);
    expect(first.pictures[0]?.alt).toContain('a fox on blue');
    expect(await sizeOf(first)).toEqual([16, 16]);
    // Only the answer's own file is left of all that was uploaded.
    await vi.waitFor(() => expect(fake.state.files.size).toBe(1), { timeout: 40_000 });
    beforeStep = () => undefined;

    // Reroll: another message, another seed, the first one untouched.
    await ana.press('Reroll', first);
    const rerolled = await shown((message) => isFinished(message) && message.words.includes('reroll'));
    expect(rerolled.words).not.toContain('seed 7 ');
    expect(fake.messages()).toHaveLength(2);

    // Vary, and a grid of four.
    await ana.press('V1', first);
    const varied = await shown((message) => isFinished(message) && message.words.includes('variation of 1'));
    expect(varied.pictures).toHaveLength(1);
    await ana.slash('/imagine', 'four foxes');
    const grid = await shown((message) => isFinished(message) && message.words.includes('four foxes'));
    expect(labels(grid)).toEqual([
      'U1',
      'U2',
      'U3',
      'U4',
      '🔄 Reroll',
      'V1',
      'V2',
      'V3',
      'V4',
      '✏️ Remix',
      '😀 Emoji',
      'ℹ️ Info',
      '🗑️ Delete',
    ]);
    expect(grid.pictures).toHaveLength(1);

    // Enlarge; the second press gives the picture that was made, and marks stay.
    await ana.press('U3', grid);
    const larger = await shown((message) => isFinished(message) && message.words.includes('upscale of 3'));
    await ana.press('U3', grid);
    await vi.waitFor(
      () => {
        expect(fake.messages().filter(has('upscale of 3')).filter(isFinished)).toHaveLength(2);
      },
      { timeout: 40_000 },
    );
    expect(fake.messages().at(-1)?.pictures[0]?.data.equals(larger.pictures[0]!.data)).toBe(true);

    // Remix: the words come back in a form, and go out changed.
    await ana.press('Remix', first);
    await vi.waitFor(
      () => {
        expect(JSON.stringify(ana.view())).toContain('a fox on blue');
      },
      { timeout: 40_000 },
    );
    await ana.submit({ prompt: 'a hen on red' });
    const remixed = await shown((message) => isFinished(message) && message.words.includes('a hen on red'));
    expect(remixed.words).toContain('remix');

    // Info is for who asked for it alone.
    await ben.press('Info', first);
    const info = await shown((message) => message.isPrivate && message.words.includes('Seed'), ben);
    expect(info.words).toContain('7');
    expect(ana.sees().some((message) => message.isPrivate)).toBe(false);

    // A restart: the old message's old button still works.
    await product.close();
    product = await startProduct();
    const before = fake.messages().length;
    await ana.press('V1', first);
    await vi.waitFor(
      () => {
        const after = fake.messages().slice(before);
        expect(after.filter(isFinished).map((message) => message.words)).toEqual([
          expect.stringContaining('variation of 1'),
        ]);
      },
      { timeout: 40_000 },
    );

    // Only who asked may delete; then message and picture are gone.
    await ben.press('Delete', first);
    await shown((message) => message.isPrivate && message.words.includes('Only Ana'), ben);
    expect(fake.messages().some((message) => message.ts === first.ts)).toBe(true);
    await ana.press('Delete', first);
    await vi.waitFor(
      () => {
        expect(fake.messages().some((message) => message.ts === first.ts)).toBe(false);
        expect([...fake.state.files.keys()]).not.toContain(first.pictures[0]?.fileId);
      },
      { timeout: 40_000 },
    );
  });

  it('a picture asked for before a crash is answered after it, once, where it was asked', async () => {
    const ana = fake.person('Ana');
    beforeStep = () => new Promise(() => undefined);
    await ana.slash('/imagine', 'a patient fox');
    const waiting = await shown(has('…'));
    await vi.waitFor(async () => {
      expect(await product.stores.jobs.open()).toHaveLength(1);
    });
    // The process is gone without a word: its socket closes, nothing is drained.
    await product.crash();
    beforeStep = () => undefined;
    product = await startProduct();
    const answer = await shown(isFinished);
    expect(answer.ts).toBe(waiting.ts);
    expect(fake.messages()).toHaveLength(1);
  });

  it('a picture taken up without a message has one, though the bot stops while it posts its place in line', async () => {
    const ana = fake.person('Ana');
    const toldSlack = () =>
      vi.waitFor(() => expect(fake.faults.left('chat.postMessage')).toBe(0), { timeout: 40_000, interval: 20 });
    let draw = (): void => undefined;
    const drawing = new Promise<void>((resolve) => {
      draw = resolve;
    });
    beforeStep = () => drawing;
    await ana.slash('/imagine', 'a fox');
    await ana.slash('/imagine', 'a bear');
    await vi.waitFor(() => expect(fake.messages()).toHaveLength(2));
    fake.faults.next('chat.postMessage', { kind: 'error', code: 'a_bad_moment' }, 2);
    await ana.slash('/imagine', 'a patient owl');
    await toldSlack();
    await product.crash();
    // Nothing but what the bot keeps leads back to its messages.
    fake.settings.scopes.delete('channels:history');
    fake.faults.next('chat.postMessage', { kind: 'delay', ms: 2500 });
    product = await startProduct();
    await toldSlack();
    const closed = product.close();
    draw();
    await closed;
    await vi.waitFor(() => expect(fake.messages()).toHaveLength(3), { timeout: 40_000 });
    expect(fake.messages().filter(has('In line'))).toHaveLength(1);
    product = await startProduct();
    await shown((message) => isFinished(message) && has('a patient owl')(message));
    expect(fake.messages().filter(has('a patient owl'))).toHaveLength(1);
  });

  it('a quality is drawn as the model has it', async () => {
    await fake.person('Ana').slash('/imagine', 'a red hen --quality fine --count 1 --seed 12');
    const answer = await shown((message) => isFinished(message) && message.words.includes('a red hen'));
    expect(answer.words).toMatch(/seed 12 · 8 steps/);
  });

  it('/imagine without words opens a form that takes a picture to start from', async () => {
    const ana = fake.person('Ana');
    await ana.slash('/imagine');
    await vi.waitFor(
      () => {
        expect(ana.view()).toBeDefined();
      },
      { timeout: 40_000 },
    );
    const photo = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#369' } })
      .png()
      .toBuffer();
    await ana.submit({ prompt: 'a blue fox', image: { file: ana.upload('photo.png', photo) }, strength: '0.5' });
    const answer = await shown(isFinished);
    expect(answer.words).toContain('a blue fox');
  });

  it('a mask beside it says what of the picture is drawn anew', async () => {
    const ana = fake.person('Ana');
    await ana.slash('/imagine');
    await vi.waitFor(
      () => {
        expect(ana.view()).toBeDefined();
      },
      { timeout: 40_000 },
    );
    const plain = (background: string): Promise<Buffer> =>
      sharp({ create: { width: 40, height: 30, channels: 3, background } })
        .png()
        .toBuffer();
    const [photo, mask] = [await plain('#369'), await plain('#fff')];
    const files = {
      image: { file: ana.upload('photo.png', photo) },
      mask: { file: ana.upload('mask.png', mask) },
    };
    await ana.submit({ prompt: 'a hat on it', ...files });
    const answer = await shown((message) => isFinished(message) && message.words.includes('a hat on it'));
    await ana.press('Info', answer);
    const info = await shown((message) => message.isPrivate && message.words.includes('a hat on it'), ana);
    expect(info.words).toContain('Of that picture only what a mask covers');
  });

  it('an admin adds a style by a file, sees it first, and everybody draws with it; others are refused', async () => {
    const root = fake.person('Root', { isAdmin: true });
    const ana = fake.person('Ana');
    await root.slash('/style', 'add glow --weight 0.8');
    await vi.waitFor(
      () => {
        expect(root.view()).toBeDefined();
      },
      { timeout: 40_000 },
    );
    await root.submit({ file: { file: root.upload('glow.safetensors', loraFile()) } });
    const trial = await shown((message) => message.isPrivate && message.pictures.length > 0, root);
    expect(labels(trial)).toEqual(expect.arrayContaining(['Save', 'Discard']));
    await root.press('Weight −', trial);
    const lighter = await shown((message) => message.pictures.length > 0 && message.words.includes('0.6'), root);
    expect(lighter.ts).toBe(trial.ts);
    await root.press('Save', lighter);
    await shown((message) => message.isPrivate && message.buttons.length === 0, root);
    await root.slash('/style', 'list');
    await shown((message) => message.isPrivate && message.words.includes('glow'), root);

    await ana.slash('/imagine', 'a fox --style glow');
    const styled = await shown(isFinished);
    expect(styled.words).toContain('glow');

    await ana.slash('/style', 'add mine --url https://example.com/mine.safetensors');
    const refused = await shown((message) => message.isPrivate, ana);
    expect(refused.words).toBe('Only admins of this server can do this. Ask one of them.');
    // Whose rights ended while the form was open is refused too.
    await root.slash('/style', 'add late');
    await vi.waitFor(
      () => {
        expect(root.view()).toBeDefined();
      },
      { timeout: 40_000 },
    );
    fake.state.people.get(root.id)!.isAdmin = false;
    await root.submit({ url: 'https://example.com/late.safetensors' });
    await shown(has('Only admins'), root);
    const audit = await product.stores.audit.last('slack:T0FAKE', 10);
    expect(audit.length).toBeGreaterThan(0);
  });

  it('an admin changes a setting in the panel, and the panel stays one message', async () => {
    const root = fake.person('Root', { isAdmin: true });
    await root.slash('/settings');
    const panel = await shown((message) => message.isPrivate && message.buttons.length > 0, root);
    expect(fake.messages()).toEqual([]);
    const before = root.sees().length;
    for (const language of ['English', 'Deutsch']) {
      await root.press('Language');
      const changed = await shown(has(`answers: ${language}`), root);
      expect(changed.ts).toBe(panel.ts);
    }
    expect(root.sees()).toHaveLength(before);
    await root.slash('/imagine', 'ein Fuchs');
    await shown((message) => message.buttons.some(({ label }) => label.includes('Löschen')));
  });

  it('an admin picks the channel for reports, and it says so there', async () => {
    const root = fake.person('Root', { isAdmin: true });
    const audit = fake.channel('audit');
    await root.slash('/settings');
    await shown((message) => message.isPrivate && message.buttons.length > 0, root);
    await root.press('Audit');
    await vi.waitFor(() => {
      expect(root.view()).toBeDefined();
    });
    await root.submit({ audit: audit.id });
    await shown(has(`posted in: <#${audit.id}>`), root);
    expect(fake.messages(audit.id).map((message) => message.words)[0]).toContain('posted here from now on');
  });

  it('somebody who asks for the impossible is told privately what is possible', async () => {
    const ana = fake.person('Ana');
    await ana.slash('/imagine', 'a fox --steps 99');
    const refused = await shown((message) => message.isPrivate, ana);
    expect(refused.words).toBe('Steps can be 1 to 8; you asked for 99. Leave it out and 4 are used.');
    await vi.waitFor(
      () => {
        expect(fake.messages()).toEqual([]);
      },
      { timeout: 40_000 },
    );
  });
});

/** The smallest safetensors file: a length, a header, no tensors. */
function loraFile(): Uint8Array {
  const header = Buffer.from('{"__metadata__":{}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}
