/**
 * A style learnt by the built program, with its embedded model and its page, killed in the middle with all that it has: started
 * again, it goes on from what it kept, in the same message.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { openSafetensors } from '../../src/engine/weights/index.ts';
import { startBot, type StartedBot } from '../support/web/started-bot.ts';
import { operatorAt } from '../support/web/visitor.ts';

const TOKEN = 'the operator of a journey';
const STEPS = 24;
const PATIENCE = { timeout: 150_000, interval: 100 };
let folder = '';
let bot: StartedBot;

const start = async (): Promise<void> => {
  bot = await startBot(folder, { OPERATOR_TOKEN: TOKEN, TRAIN_STEPS: String(STEPS) });
};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-killed-'));
  await start();
}, 120_000);
afterAll(async () => {
  await bot.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** The step that was kept last; undefined while there is none. */
async function keptStep(): Promise<number | undefined> {
  const runs = join(folder, 'training-runs');
  const [run = ''] = await readdir(runs).catch(() => []);
  const opened = await openSafetensors(join(runs, run, 'checkpoint.safetensors')).catch(() => undefined);
  const note = opened?.metadata.get('fourstep_training');
  return note === undefined ? undefined : (JSON.parse(note) as { readonly step: number }).step;
}

describe('a style that is being learnt when the program is killed', () => {
  it('is learnt to its end by the next one', { timeout: 400_000 }, async () => {
    const root = await operatorAt(() => bot.url, TOKEN);
    const form = await root.form({ kind: 'command', name: 'style train', options: { name: 'paper' } });
    await root.submit(form, null, 5, 0, 128);
    const message = await root.shown('5 pictures of 1 person');
    await root.press('Start', message);
    const kept = await vi.waitFor(async () => {
      const step = await keptStep();
      expect(step).toBeGreaterThan(0);
      return step;
    }, PATIENCE);
    expect(kept).toBeLessThan(STEPS);
    await bot.kill();
    await start();
    const learnt = await root.shown('Learnt here from 5 pictures', message.id, PATIENCE);
    expect(learnt.picture).not.toBeNull();
    expect(await keptStep()).toBe(STEPS);
  });
});
