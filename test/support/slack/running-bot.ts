/** The whole bot in the stand-in's workspace, over Socket Mode, as journeys want it: a stub device, short pauses. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createSlackAdapter } from '../../../src/adapters/slack/index.ts';
import type { Log } from '../../../src/bot/index.ts';
import type { Database } from '../../../src/store/index.ts';
import { installed, SMALL_MOJI } from '../manifests.ts';
import { createStubRunner } from '../stub-runner.ts';
import { openWholeBot, type WholeBot, type WholeBotOptions } from '../whole-bot.ts';
import type { FakeSlack } from './fake-slack.ts';
import { CLIENT } from './oauth-end.ts';

type SlackBotOptions = { readonly folder: string; readonly database?: Database } & Pick<
  WholeBotOptions,
  'ports' | 'options'
> &
  Partial<Pick<WholeBotOptions, 'runner'>>;

const timing = { firstPauseMs: 20, processingPausesMs: [20, 40, 80, 160, 320] };

export function openSlackBot(fake: FakeSlack, options: SlackBotOptions): Promise<WholeBot> {
  return openWholeBot({
    runner: createStubRunner(),
    ...options,
    ports: { models: { list: () => [installed(SMALL_MOJI)] }, ...options.ports },
    connect: async ({ bot, log, stores }) => [
      createSlackAdapter({
        botToken: fake.tokens.bot,
        transport: { kind: 'socket', appToken: fake.tokens.app },
        apiUrl: fake.apiUrl,
        records: stores.installations,
        bot,
        log,
        timing,
      }),
    ],
  });
}

/** The same without a token of its own: whoever installs it at `url` has it. */
export async function openInstallableBot(
  fake: FakeSlack,
  {
    secretKey,
    log,
    signingSecret,
    ...options
  }: SlackBotOptions & {
    readonly secretKey: string;
    readonly log: Log;
    /** Events come as signed requests instead of over a socket. */
    readonly signingSecret?: string;
  },
): Promise<WholeBot & { readonly url: string }> {
  let mounts: ReturnType<typeof createSlackAdapter>['mounts'] = [];
  const server = createServer((request, response) => {
    mounts.find(({ path }) => path === request.url?.split('?')[0])?.listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bot = await openWholeBot({
    runner: createStubRunner(),
    ...options,
    ports: { models: { list: () => [installed(SMALL_MOJI)] }, ...options.ports },
    connect: async ({ bot: heard, stores }) => {
      const adapter = createSlackAdapter({
        install: { clientId: CLIENT.id, clientSecret: CLIENT.secret, secretKey },
        records: stores.installations,
        transport:
          signingSecret === undefined ? { kind: 'socket', appToken: fake.tokens.app } : { kind: 'http', signingSecret },
        apiUrl: fake.apiUrl,
        publicUrl: url,
        bot: heard,
        log,
        now: () => fake.state.now(),
        timing,
      });
      mounts = adapter.mounts;
      return [adapter];
    },
  });
  return {
    ...bot,
    url,
    close: async () => {
      await bot.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
