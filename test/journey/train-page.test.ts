/**
 * A style learnt at the page, over HTTP as its scripts speak it: the real bot, stores and adapter; only the device is a
 * stub. Looked at on the way, stopped, killed in the middle, without room on the disk, kept with its pictures.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { UserError } from '../../src/core/errors.ts';
import type { Runner } from '../../src/core/work.ts';
import { installed, SMALL_MOJI } from '../support/manifests.ts';
import { createStubRunner, type StubRunnerOptions } from '../support/stub-runner.ts';
import { openedCookies, OPERATOR_TOKEN } from '../support/web/stub-page.ts';
import { labelsOf, operatorAt, type Shown, Visitor, wordsOf } from '../support/web/visitor.ts';
import { openWholePage, type WholePage } from '../support/web/whole-page.ts';

let folder: string;
let page: WholePage;
let root: Visitor;
let beforeStep: NonNullable<StubRunnerOptions['beforeStep']>;

async function open(runner?: Runner): Promise<void> {
  page = await openWholePage({
    folder,
    bot: {
      runner: runner ?? createStubRunner({ sizePx: 16, beforeStep: (...step) => beforeStep(...step) }),
      ports: { models: { list: () => [installed({ ...SMALL_MOJI, styles: [] }, folder)] } },
    },
  });
}

const operator = (): Promise<Visitor> => operatorAt(() => page.url, OPERATOR_TOKEN);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-train-'));
  beforeStep = () => undefined;
  await open();
  root = await operator();
});
afterEach(async () => {
  await page.close();
  await rm(folder, { recursive: true, force: true });
});

const kept = async (kind: string): Promise<number> =>
  (await readdir(join(folder, kind), { recursive: true }).catch(() => [])).filter((name) => name.includes('.')).length;

/** `/style train paper` with five pictures, ready to start. */
async function gather(count = 5): Promise<Shown> {
  const form = await root.form({ kind: 'command', name: 'style train', options: { name: 'paper', trigger: 'papery' } });
  await root.submit(form, null, count);
  return root.shown(`${count} pictures of 1 person`);
}

describe('a style learnt at the page', () => {
  it('is gathered in two forms, learnt, tried at another weight, saved with its pictures and drawn with', async () => {
    const few = await gather(3);
    expect(wordsOf(few)).toContain('Add at least 2 more.');
    const more = await root.form({ kind: 'button', id: few.rows[0]![0]!.id, message: few.id });
    await root.submit(more, few.id, 3, 3);
    const ready = await root.shown('6 pictures of 1 person', few.id);
    await root.press('Start', ready);
    const learnt = await root.shown('Learnt here from 6 pictures', few.id);
    expect(learnt.picture).not.toBeNull();
    await root.press('Weight −', learnt);
    await root.shown('Weight 0.8', few.id);
    // Kept on purpose, they outlive Save, and the next style of that name begins with them.
    await root.press('Keep pictures', await root.shown('Weight 0.8', few.id));
    await root.press('Save', await root.shown('kept after Save', few.id));
    await root.shown('--style paper', few.id);
    expect([await kept('training'), await kept('loras')]).toEqual([6, 1]);
    const guest = new Visitor(() => page.url, await openedCookies(page.url));
    await guest.act({ kind: 'command', name: 'imagine', options: { prompt: 'a fox --style paper', count: 1 } });
    expect(wordsOf(await guest.shown('a fox'))).toContain('paper');
  });

  it('shows on the way what was learnt so far', async () => {
    await page.whole.close();
    const seen = new AbortController();
    const runner = createStubRunner({ sizePx: 16 });
    // A device that has long to go, and tells in the middle what it has.
    const slow: Runner = {
      health: () => runner.health(),
      close: (limitMs) => runner.close(limitMs),
      run: async function* (work, signal) {
        for await (const event of runner.run(work, signal)) {
          yield event.kind === 'learning' ? { ...event, secondsLeft: 300 } : event;
          if (event.kind === 'learning' && event.step === 2) {
            yield { kind: 'learnt', step: 2, steps: 4, rank: 8, deviceMs: 200, lora: new Uint8Array([1]) };
            for (; !seen.signal.aborted; await sleep(20)) {
              yield { ...event, secondsLeft: 200 };
            }
          }
        }
      },
    };
    await open(slow);
    const message = await gather();
    await root.press('Start', message);
    await root.shown('step 2 of 4', message.id);
    const soFar = await root.shown('What it has learnt so far', message.id);
    expect(soFar.picture).not.toBeNull();
    expect(labelsOf(soFar)).toBe('Stop');
    seen.abort();
    await root.shown('Learnt here from 5 pictures', message.id);
  });

  it('goes on after a kill in the middle, in the same message', async () => {
    beforeStep = (work, _index, step) =>
      work.kind === 'train' && step === 3 ? new Promise<never>(() => undefined) : undefined;
    const message = await gather();
    await root.press('Start', message);
    expect(labelsOf(await root.shown('step 1 of 4', message.id))).toBe('Stop');
    await page.whole.crash();
    beforeStep = () => undefined;
    await open();
    expect((await root.shown('Learnt here from 5 pictures', message.id)).picture).not.toBeNull();
  });

  it('is stopped by its button, goes on, and is discarded with its pictures', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    beforeStep = (work, _index, step) => (work.kind === 'train' && step === 2 ? held : undefined);
    const message = await gather();
    await root.press('Start', message);
    await root.press('Stop', await root.shown('step 1 of 4', message.id));
    release();
    await root.press('Start', await root.shown('Stopped. Start goes on where it was.', message.id));
    await root.press('Discard', await root.shown('Learnt here from 5 pictures', message.id));
    await root.shown('iscarded', message.id);
    expect([await kept('training'), await kept('loras')]).toEqual([0, 0]);
  });

  it('is for the operator alone, and says when the disk is full', async () => {
    const guest = new Visitor(() => page.url, await openedCookies(page.url));
    const refused = await guest.act({ kind: 'command', name: 'style train', options: { name: 'paper' } });
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.body).toContain('admins');
    expect(await page.whole.stores.trainings.all()).toEqual([]);
    const message = await gather();
    await guest.press('Start', message);
    await guest.shown('admins');
    expect((await page.whole.stores.trainings.all()).map(({ state }) => state.kind)).toEqual(['collecting']);
    const { files } = page.whole.stores;
    const keep = files.keep.bind(files);
    files.keep = () => Promise.reject(new UserError('store.full', 'The disk is full.'));
    await root.press('Start', message);
    const full = await root.shown('disk', message.id);
    files.keep = keep;
    await root.press('Start', full);
    await root.shown('Learnt here from 5 pictures', message.id);
  });
});
