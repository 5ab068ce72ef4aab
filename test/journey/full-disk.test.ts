/**
 * A disk that is full, in every chat and for real: before anybody asks, while a picture is drawn, and when a file comes.
 * It is said in the chat, the conversation ends, nothing half kept stays, and once there is room all goes on by itself.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createDiscordAdapter, deployCommands } from '../../src/adapters/discord/index.ts';
import { createSlackAdapter } from '../../src/adapters/slack/index.ts';
import { encodePng } from '../../src/image/index.ts';
import { SILENT_LOG } from '../support/bot-ports.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { installed, SMALL_MOJI } from '../support/manifests.ts';
import { FakeSlack } from '../support/slack/fake-slack.ts';
import { createStubRunner } from '../support/stub-runner.ts';
import { coloured } from '../support/web/stub-bot.ts';
import { ask, formOf, openedCookies } from '../support/web/stub-page.ts';
import { openWholePage } from '../support/web/whole-page.ts';
import { openWholeBot, type WholeBot, type WholeBotOptions } from '../support/whole-bot.ts';

const smallDisk = process.env['TEST_SMALL_DISK_OF_CHATS'];
const FULL = 'The disk of this bot is full';
/** What is drawn already is shown, whether it can be kept or not; all else says why it is not. */
const ENDS = ['a picture', expect.stringContaining(FULL)];

type Stage = {
  readonly whole: WholeBot;
  /** Asks for one picture, with or without one to start from; resolves to what stands there in the end. */
  readonly imagine: (prompt: string, image?: Uint8Array) => Promise<string>;
  readonly close: () => Promise<void>;
};
type Given = Pick<WholeBotOptions, 'folder' | 'runner' | 'ports'>;

const PATIENCE_MS = 60_000;

async function inDiscord(given: Given): Promise<Stage> {
  const fake = await FakeDiscord.start();
  const { apiUrl: restUrl, cdnUrl, token } = fake;
  const whole = await openWholeBot({
    ...given,
    connect: async ({ bot }) => [createDiscordAdapter({ token, restUrl, cdnUrl, bot, log: SILENT_LOG })],
  });
  await deployCommands({ token, restUrl });
  const ann = fake.user('ann');
  return {
    whole,
    imagine: async (prompt, image) => {
      const options = {
        prompt,
        count: 1,
        ...(image === undefined ? {} : { image: { name: 'a.png', data: image, contentType: 'image/png' } }),
      };
      const { text, pictures } = await ann
        .slash('imagine', options)
        .answer((message) => message.pictures.length > 0 || message.text.includes(FULL), PATIENCE_MS);
      return pictures.length > 0 ? 'a picture' : text;
    },
    close: async () => {
      await whole.close();
      await fake.stop();
    },
  };
}

async function inSlack(given: Given): Promise<Stage> {
  const fake = await FakeSlack.start();
  const timing = { firstPauseMs: 20, processingPausesMs: [20, 40, 80, 160, 320] };
  const whole = await openWholeBot({
    ...given,
    connect: async ({ bot }) => [
      createSlackAdapter({
        botToken: fake.tokens.bot,
        transport: { kind: 'socket', appToken: fake.tokens.app },
        apiUrl: fake.apiUrl,
        bot,
        log: SILENT_LOG,
        timing,
      }),
    ],
  });
  const ana = fake.person('Ana');
  return {
    whole,
    imagine: async (prompt) => {
      const known = new Set(ana.sees().map(({ ts }) => ts));
      await ana.slash('/imagine', `${prompt} --count 1`);
      return await vi.waitFor(() => {
        const found = ana
          .sees()
          .filter(({ ts }) => !known.has(ts))
          .findLast(
            (message) =>
              (message.pictures.length > 0 && message.words.includes(prompt)) || message.words.includes(FULL),
          );
        expect(found).toBeDefined();
        return found!.pictures.length > 0 ? 'a picture' : found!.words;
      }, PATIENCE_MS);
    },
    close: async () => {
      await whole.close();
      await fake.stop();
    },
  };
}

type Shown = { readonly id: string; readonly isThinking: boolean; readonly picture: unknown; readonly lines: unknown };

async function onThePage({ folder, ...bot }: Given): Promise<Stage> {
  const page = await openWholePage({ folder, bot });
  const cookie = await openedCookies(page.url);
  const seen = async (): Promise<readonly Shown[]> =>
    (JSON.parse((await ask(page.url, '/api/hello', { headers: { cookie } })).body) as { messages: Shown[] }).messages;
  return {
    whole: page.whole,
    imagine: async (prompt, image) => {
      const known = new Set((await seen()).map(({ id }) => id));
      const action = { kind: 'command', name: 'imagine', options: { prompt, count: 1 } };
      const { body, headers } = formOf(action, image === undefined ? {} : { image: Buffer.from(image) });
      const sent = await ask(page.url, '/api/act', { method: 'POST', headers: { ...headers, cookie }, body });
      if (sent.status !== 200) {
        return sent.body;
      }
      return await vi.waitFor(async () => {
        const ended = (await seen()).filter(({ id, isThinking }) => !known.has(id) && !isThinking);
        const last = ended.findLast(({ picture, lines }) => picture !== null || JSON.stringify(lines).includes(FULL));
        expect(last).toBeDefined();
        return last?.picture === null ? JSON.stringify(last.lines) : 'a picture';
      }, PATIENCE_MS);
    },
    close: () => page.close(),
  };
}

describe.skipIf(smallDisk === undefined)(
  `a full disk${smallDisk === undefined ? ' (skipped: TEST_SMALL_DISK_OF_CHATS names no folder on a disk of a few MB)' : ''}`,
  () => {
    let folder = '';
    const filler = (): string => join(folder, 'filler');
    const filesIn = (kind: string): readonly string[] =>
      existsSync(join(folder, kind))
        ? readdirSync(join(folder, kind), { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map(({ name }) => name)
        : [];

    beforeEach(async () => {
      folder = await mkdtemp(join(smallDisk ?? '', 'chat-'));
    });
    afterEach(async () => {
      await rm(folder, { recursive: true, force: true });
    });

    async function fill(): Promise<void> {
      const file = await open(filler(), 'a');
      for (const bytes of [65_536, 4096, 512, 1]) {
        for (let hasRoom = true; hasRoom;) {
          hasRoom = await file.write(Buffer.alloc(bytes)).then(
            () => true,
            () => false,
          );
        }
      }
      await file.close();
    }

    it.each([
      ['Discord', inDiscord, true],
      ['Slack', inSlack, false],
      ['the page', onThePage, true],
    ])(
      'in %s is said, ends what was asked, and keeps no half of anything',
      { timeout: 300_000 },
      async (_, open_, takesPictures) => {
        let isToFill = false;
        const runner = createStubRunner({
          sizePx: 64,
          beforeStep: async () => {
            if (isToFill) {
              isToFill = false;
              await fill();
            }
          },
        });
        const models = { list: () => [installed({ ...SMALL_MOJI, styles: [] }, folder)] };
        const stage = await open_({ folder, runner, ports: { models } });
        expect(await stage.imagine('a first fox')).toBe('a picture');
        const kept = filesIn('pictures');
        await fill();
        await expect(stage.whole.stores.files.keep('pictures', Buffer.alloc(9), '.png')).rejects.toThrow(FULL);
        expect(ENDS).toContainEqual(await stage.imagine('a fox too many'));
        const start = (await encodePng(coloured('x'))).data;
        expect(takesPictures ? await stage.imagine('a fox from one', start) : FULL).toContain(FULL);
        await rm(filler());
        expect(await stage.imagine('a second fox')).toBe('a picture');
        // It fills up while a picture is drawn.
        isToFill = true;
        const late = stage.imagine('a late fox');
        await vi.waitFor(() => expect(isToFill).toBe(false), PATIENCE_MS);
        await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 3000))]);
        await rm(filler(), { force: true });
        expect(ENDS).toContainEqual(await late);
        expect(await stage.imagine('a third fox')).toBe('a picture');
        await vi.waitFor(async () => expect(await stage.whole.stores.jobs.open()).toEqual([]), PATIENCE_MS);
        expect(filesIn('temporary')).toEqual([]);
        expect(filesIn('page/incoming')).toEqual([]);
        expect(filesIn('uploads').length).toBeLessThanOrEqual(1);
        expect(filesIn('pictures').length).toBeGreaterThanOrEqual(kept.length + 2);
        await stage.close();
      },
    );
  },
);
