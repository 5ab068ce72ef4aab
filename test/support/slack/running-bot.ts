/** The whole bot in the stand-in's workspace, over Socket Mode, as journeys want it: a stub device, short pauses. */
import { createSlackAdapter } from '../../../src/adapters/slack/index.ts';
import type { Database } from '../../../src/store/index.ts';
import { installed, SMALL_MOJI } from '../manifests.ts';
import { createStubRunner } from '../stub-runner.ts';
import { openWholeBot, type WholeBot, type WholeBotOptions } from '../whole-bot.ts';
import type { FakeSlack } from './fake-slack.ts';

export function openSlackBot(
  fake: FakeSlack,
  options: { readonly folder: string; readonly database?: Database } & Pick<WholeBotOptions, 'ports' | 'options'> &
    Partial<Pick<WholeBotOptions, 'runner'>>,
): Promise<WholeBot> {
  return openWholeBot({
    runner: createStubRunner(),
    ...options,
    ports: { models: { list: () => [installed(SMALL_MOJI)] }, ...options.ports },
    connect: async ({ bot, log }) => [
      createSlackAdapter({
        botToken: fake.tokens.bot,
        transport: { kind: 'socket', appToken: fake.tokens.app },
        apiUrl: fake.apiUrl,
        bot,
        log,
        timing: { firstPauseMs: 20, processingPausesMs: [20, 40, 80, 160, 320] },
      }),
    ],
  });
}
