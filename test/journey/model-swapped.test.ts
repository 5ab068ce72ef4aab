/**
 * A model whose files are replaced by another's under the same name while the bot is down, as a new version of the
 * program does: whoever asks for a picture of before again is told, nothing is drawn by the other in silence, not even what was
 * being drawn when the bot went down, and its words are drawn anew on asking. Real files, fingerprints, catalog and chats; no device.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Catalog } from '../../models/catalog.ts';
import { Fingerprints } from '../../models/fingerprint.ts';
import { deployCommands } from '../../src/adapters/discord/index.ts';
import { InstalledModels } from '../../src/start/installed-models.ts';
import { openMemory, type Database } from '../../src/store/index.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { openDiscordBot } from '../support/discord/running-bot.ts';
import { gate } from '../support/gate.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import { openSlackBot } from '../support/slack/running-bot.ts';
import { shown } from '../support/slack/shown.ts';
import { writeTensors } from '../support/safetensors-file.ts';

const CHANGED = 'The model Small has changed since this picture was drawn; another would come.';

let folder: string;
let database: Database;
let models: InstalledModels;

/** The model's files, whose weights are `value`. */
function writeModel(value: number): void {
  const source = join(folder, 'embedded/small');
  mkdirSync(join(source, 'unet'), { recursive: true });
  const defaults = { width: 16, height: 16, steps: 4, guidance: 1, scheduler: 'lcm' };
  const manifest = { id: 'small', name: 'Small', base: 'other', defaults, sizes: [16], styles: [] };
  writeFileSync(join(source, 'fourstep.json'), JSON.stringify(manifest));
  const weights = [{ name: 'conv_in.weight', shape: [2], data: new Float32Array([value, 1]) }];
  writeTensors(join(source, 'unet/diffusion_pytorch_model.safetensors'), weights);
}

async function openModels(): Promise<InstalledModels> {
  const catalog = new Catalog({ embedded: join(folder, 'embedded'), data: join(folder, 'data') });
  const fingerprints = new Fingerprints(join(folder, 'fingerprints'));
  const sources = { catalog, fingerprints };
  return InstalledModels.open(sources, 'small', (error) => {
    throw error;
  });
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-swapped-'));
  database = openMemory();
  writeModel(1);
  models = await openModels();
});
afterEach(() => {
  models.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Another version of the model, as the bot finds it when it starts again. */
async function swap(): Promise<void> {
  models.close();
  writeModel(2);
  const before = models.list()[0]?.fingerprint;
  models = await openModels();
  expect(before).toBeDefined();
  expect(models.list()[0]?.fingerprint).not.toBe(before);
}

describe('in Discord', () => {
  it('what was drawn says that its model has changed, what waited is not drawn, and Remix draws with the new one', async () => {
    const fake = await FakeDiscord.start({ time: 'still' });
    await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
    const ann = fake.user('ann');
    const start = (beforeStep?: () => Promise<void>) =>
      openDiscordBot({
        fake,
        database,
        folder,
        ports: { models },
        ...(beforeStep === undefined ? {} : { beforeStep }),
      });
    let running = await start();
    const picture = await ann.slash('imagine', { prompt: 'a fox', count: 1 }).picture();
    await running.close();
    // One that is being drawn when the bot ends, and drawn on when it starts.
    const [begun, held] = [gate(), gate()];
    running = await start(async () => {
      begun.resolve();
      await held.promise;
    });
    const waiting = ann.slash('imagine', { prompt: 'a bear', count: 1 });
    await begun.promise;
    await running.crash();
    held.resolve();

    await swap();
    running = await start();
    const ended = await waiting.answer(({ text }) => text.includes('has changed'));
    expect(ended.pictures).toEqual([]);
    expect((await ann.press('Reroll', picture).answer(({ isPrivate }) => isPrivate)).text).toContain(CHANGED);
    const remixed = await (await ann.submit(ann.press('Remix', picture), {})).picture();
    expect(remixed.pictures).toHaveLength(1);
    await running.close();
    await fake.stop();
  });
});

describe('in Slack', () => {
  it('what was drawn says that its model has changed', async () => {
    const fake = await FakeSlack.start();
    const ann = fake.person('Ann');
    let running = await openSlackBot(fake, { folder, database, ports: { models } });
    await ann.slash('/imagine', 'a fox --count 1');
    const picture = await shown(ann, ({ pictures, buttons }) => pictures.length > 0 && buttons.length > 1);
    await running.close();
    await swap();
    running = await openSlackBot(fake, { folder, database, ports: { models } });
    await ann.press('Reroll', picture);
    expect((await shown(ann, ({ isPrivate }) => isPrivate)).words).toContain(CHANGED);
    await running.close();
    await fake.stop();
  });
});
