/** The page as it is shipped, over the whole bot and a stub runner: what the composition root puts together, without its program. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createWebAdapter, type WebAdapter, type WebOptions } from '../../../src/adapters/web/index.ts';
import { createLiveDrawing } from '../../../src/bot/live.ts';
import { createAdminView, createGallery, modelLine } from '../../../src/start/page-views.ts';
import { createStubRunner } from '../stub-runner.ts';
import { openWholeBot, type WholeBot, type WholeBotOptions } from '../whole-bot.ts';
import { OPERATOR_TOKEN } from './stub-page.ts';

export type WholePage = {
  readonly folder: string;
  readonly web: WebAdapter;
  readonly whole: WholeBot;
  readonly url: string;
  /** What the server could not answer in order. */
  readonly faults: readonly unknown[];
  readonly close: () => Promise<void>;
};

export type WholePageOptions = Partial<Pick<WebOptions, 'mounts' | 'isBehindProxy' | 'now'>> & {
  readonly access?: Partial<WebOptions['access']>;
  readonly bot?: Partial<Omit<WholeBotOptions, 'folder' | 'connect'>>;
  /** Goes with the page; a temporary one where none is given. */
  readonly folder?: string;
};

export async function openWholePage({
  access,
  bot,
  folder: given,
  ...options
}: WholePageOptions = {}): Promise<WholePage> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'fourstep-whole-')));
  const faults: unknown[] = [];
  const made: WebAdapter[] = [];
  const whole = await openWholeBot({
    folder,
    runner: createStubRunner({ sizePx: 16 }),
    ...bot,
    connect: async (parts) => {
      const web = await createWebAdapter({
        access: {
          host: '127.0.0.1',
          names: [],
          operatorToken: OPERATOR_TOKEN,
          visitorToken: undefined,
          isPublic: false,
          ...access,
        },
        isBehindProxy: false,
        port: 0,
        folder: join(folder, 'page'),
        bot: parts.bot,
        ports: {
          live: createLiveDrawing({ ...parts, newId: randomUUID }),
          gallery: createGallery(parts, 'web:local'),
          admin: createAdminView(parts),
          modelLine: (server, locale) => modelLine(parts, server, locale),
          health: {
            live: () => ({ isOk: true, body: {} }),
            ready: () => ({ isOk: true, body: {} }),
            metrics: async () => ({ contentType: 'text/plain', text: '' }),
          },
        },
        mounts: [],
        log: { ...parts.log, error: (fields) => void faults.push(fields) },
        now: () => Date.now(),
        ...options,
      });
      made.push(web);
      return [web];
    },
  });
  const [web] = made;
  if (web === undefined) {
    throw new Error('the page was not made');
  }
  return {
    folder,
    web,
    whole,
    url: web.url(),
    faults,
    close: async () => {
      await whole.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
