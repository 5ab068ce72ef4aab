/**
 * Textual inversions as admins of both chats add them: real files, looked into and drawn with by the real engine over moji,
 * one that is a word alone and one that came bundled with a LoRA (pivotal tuning).
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';

import { modelsFolder } from '../../config/paths.ts';
import { describeModel } from '../../models/describe-model.ts';
import { deployCommands } from '../../src/adapters/discord/index.ts';
import type { Picture } from '../../src/core/picture.ts';
import type { GenerationRequest } from '../../src/core/request.ts';
import type { Runner, Work } from '../../src/core/work.ts';
import { openSafetensors } from '../../src/engine/weights/index.ts';
import { createLoras } from '../../src/start/loras.ts';
import { openCatalog, openEngine } from '../../src/start/open-engine.ts';
import { FileStore } from '../../src/store/files.ts';
import { openMemory } from '../../src/store/index.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { openDiscordBot } from '../support/discord/running-bot.ts';
import { installed } from '../support/manifests.ts';
import { writeTensors } from '../support/safetensors-file.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import { openSlackBot } from '../support/slack/running-bot.ts';
import type { Seen } from '../support/slack/screen.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Of moji's text encoder. */
const { hidden_size: FEATURES } = z
  .object({ hidden_size: z.number() })
  .parse(JSON.parse(readFileSync(join(modelsFolder, 'moji/text_encoder/config.json'), 'utf8')));
const vectors = (of: number) => Float32Array.from({ length: 2 * FEATURES }, (_, k) => 0.6 * Math.sin(of * (k + 1)));

let folder: string;
let engine: Runner;
let drawn: { readonly request: GenerationRequest; readonly picture: Picture }[];

/** The engine, and what it was asked and drew. */
function watched(): Runner {
  return {
    ...engine,
    health: () => engine.health(),
    close: async () => undefined,
    run: async function* run(work: Work, signal: AbortSignal) {
      for await (const event of engine.run(work, signal)) {
        if (event.kind === 'picture' && work.kind === 'imagine') {
          drawn.push({ request: work.request, picture: event.picture });
        }
        yield event;
      }
    },
  };
}

async function pictureOf(request: GenerationRequest): Promise<Picture | undefined> {
  for await (const event of engine.run(
    { kind: 'imagine', id: 'x', request, previewAfter: [] },
    new AbortController().signal,
  )) {
    if (event.kind === 'picture') {
      return event.picture;
    }
  }
  return undefined;
}

async function partsFor(place: string) {
  const { source, manifest } = await openCatalog(folder).find('moji');
  const described = await describeModel({ ...(await openCatalog(folder).find('moji')) });
  const files = new FileStore(join(folder, place));
  return {
    folder: join(folder, place),
    runner: watched(),
    ports: {
      models: { list: () => [installed({ ...(manifest ?? described), styles: [] }, source)] },
      loras: createLoras({ files, hosts: [], limitBytes: 1 }),
    },
  };
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-words-'));
  engine = await openEngine({ device: 'cpu', dataFolder: folder, startup: 'fast' });
  writeTensors(join(folder, 'ring.safetensors'), [{ name: '<ring>', shape: [2, FEATURES], data: vectors(1) }]);
  const { tensors } = await openSafetensors(join(modelsFolder, 'moji/styles/neon.safetensors'));
  const style = await Promise.all(
    tensors.names
      .filter((name) => name.includes('up_blocks_1_attentions_0'))
      .map(async (name) => ({ name, shape: tensors.get(name)?.shape ?? [], data: await tensors.readFloats(name) })),
  );
  writeTensors(join(folder, 'bare.safetensors'), style);
  writeTensors(join(folder, 'charm.safetensors'), [
    ...style,
    { name: 'bundle_emb.charmling.clip_l', shape: [2, FEATURES], data: vectors(2) },
  ]);
});

afterAll(async () => {
  await engine.close(1000);
  rmSync(folder, { recursive: true, force: true });
});

type Chat = {
  readonly add: (name: string, file: string) => Promise<string>;
  readonly imagine: (prompt: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

async function inDiscord(): Promise<Chat> {
  const fake = await FakeDiscord.start({ time: 'still' });
  const running = await openDiscordBot({ fake, database: openMemory(), ...(await partsFor('discord')) });
  await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
  const [root, ann] = [fake.user('root', { permissions: ['manageGuild'] }), fake.user('ann')];
  return {
    add: async (name, file) => {
      const data = readFileSync(join(folder, file));
      const trial = root.slash('style add', {
        name,
        file: { name: file, contentType: 'application/octet-stream', data },
      });
      const shown = await trial.answer((message) => message.pictures.length > 0);
      root.press('Save', shown);
      await trial.answer((message) => message.buttons.length === 0);
      return shown.text;
    },
    imagine: async (prompt) => {
      await ann.slash('imagine', { prompt }).picture();
    },
    close: async () => {
      await running.close();
      await fake.stop();
    },
  };
}

async function inSlack(): Promise<Chat> {
  const fake = await FakeSlack.start();
  const running = await openSlackBot(fake, await partsFor('slack'));
  const [root, ann] = [fake.person('Root', { isAdmin: true }), fake.person('Ann')];
  const until = (fits: (message: Seen) => boolean, who?: typeof root): Promise<Seen> =>
    vi.waitFor(
      () => {
        const found = (who?.sees() ?? fake.messages()).findLast(fits);
        expect(found).toBeDefined();
        return found!;
      },
      { timeout: 60_000 },
    );
  return {
    add: async (name, file) => {
      await root.slash('/style', `add ${name}`);
      await vi.waitFor(() => expect(root.view()).toBeDefined(), { timeout: 60_000 });
      await root.submit({ file: { file: root.upload(file, readFileSync(join(folder, file))) } });
      const shown = await until(
        (message) => message.isPrivate && message.pictures.length > 0 && message.words.includes(name),
        root,
      );
      await root.press('Save', shown);
      await until((message) => message.isPrivate && message.ts === shown.ts && message.buttons.length === 0, root);
      return shown.words;
    },
    imagine: async (prompt) => {
      const before = fake.messages().length;
      await ann.slash('/imagine', prompt);
      await until(
        ({ ts, buttons }) =>
          fake.messages().findIndex((message) => message.ts === ts) >= before &&
          buttons.some(({ label }) => label.includes('Delete')),
      );
    },
    close: async () => {
      await running.close();
      await fake.stop();
    },
  };
}

describe.each([
  ['Discord', inDiscord],
  ['Slack', inSlack],
])('in %s', (_, open) => {
  let chat: Chat;
  beforeAll(async () => {
    drawn = [];
    chat = await open();
  });
  afterAll(() => chat.close());

  const lastAfter = async (prompt: string) => {
    await chat.imagine(prompt);
    return drawn.at(-1)!;
  };

  it('a word that was added counts in the prompt and in what is kept out', async () => {
    expect(await chat.add('ring', 'ring.safetensors')).toContain('<ring>');
    const inPrompt = await lastAfter('a fox <ring> --seed 3 --count 1');
    expect(inPrompt.request).toMatchObject({ styles: [], embeddings: [{ word: '<ring>' }] });
    expect(await pictureOf({ ...inPrompt.request, embeddings: [] })).not.toEqual(inPrompt.picture);
    const keptOut = await lastAfter('a fox --seed 3 --count 1 --no <ring>');
    expect(keptOut.request).toMatchObject({ negative: '<ring>', embeddings: [{ word: '<ring>' }] });
    expect(await pictureOf({ ...keptOut.request, embeddings: [] })).not.toEqual(keptOut.picture);
    expect((await lastAfter('a fox --seed 3 --count 1')).request.embeddings).toEqual([]);
  });

  it('a word that is bundled with a LoRA counts where that LoRA draws', async () => {
    expect(await chat.add('charm', 'charm.safetensors')).toContain('charmling');
    const { request, picture } = await lastAfter('a fox charmling --style charm --seed 3 --count 1');
    expect(request).toMatchObject({ styles: [{ id: 'charm' }] });
    const alone = [{ ...request.styles[0]!, file: join(folder, 'bare.safetensors') }];
    expect(await pictureOf({ ...request, styles: alone })).not.toEqual(picture);
    // Without its word the bundled vectors are nothing.
    const plain = await lastAfter('a fox --seed 3 --count 1');
    expect(plain.request).toMatchObject({ styles: [], embeddings: [] });
  });
});
