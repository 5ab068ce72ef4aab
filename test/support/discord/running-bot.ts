/** The whole bot in Discord alone: the real adapter against the stand-in, which tells when a delivery is done with. */
import { createDiscordAdapter } from '../../../src/adapters/discord/index.ts';
import type { Bot, Invocation } from '../../../src/core/chat.ts';
import type { Partition } from '../../../src/core/partition.ts';
import type { Runner } from '../../../src/core/work.ts';
import type { Database } from '../../../src/store/index.ts';
import { clockOf, SILENT_LOG } from '../bot-ports.ts';
import { installed, SMALL_MOJI } from '../manifests.ts';
import { createStubRunner } from '../stub-runner.ts';
import { openWholeBot, type WholeBot, type WholeBotOptions } from '../whole-bot.ts';
import type { FakeDiscord } from './index.ts';

export type DiscordBotOptions = {
  readonly fake: FakeDiscord;
  readonly database: Database;
  readonly folder: string;
  /** Which of several on one database it is. */
  readonly partition?: Partition;
  /** Instead of a stub device. */
  readonly runner?: Runner;
  readonly ports?: WholeBotOptions['ports'];
  readonly options?: WholeBotOptions['options'];
  /** 64 hexadecimal digits: interactions over HTTP are taken too. */
  readonly publicKey?: string;
  /** Awaited before each step of a picture. */
  readonly beforeStep?: () => Promise<void>;
};

export type DiscordBot = WholeBot & {
  /** Events that the bot is done with; the stand-in's world tells of each. */
  readonly handled: readonly Invocation[];
};

export async function openDiscordBot({
  fake,
  database,
  folder,
  partition,
  beforeStep,
  runner = createStubRunner({ sizePx: 16, ...(beforeStep === undefined ? {} : { beforeStep }) }),
  ports,
  options,
  publicKey,
}: DiscordBotOptions): Promise<DiscordBot> {
  const { now } = fake.world.clock;
  const handled: Invocation[] = [];
  const watched = (bot: Bot): Bot => ({
    record: async (...given) => (await bot.record?.(...given)) ?? (async () => undefined),
    acknowledgement: (action, place) => bot.acknowledgement(action, place),
    form: async (invocation) => bot.form(invocation),
    suggest: async (...given) => bot.suggest(...given),
    present: async (...given) => bot.present?.(...given),
    joined: async (server) => bot.joined?.(server),
    left: async (server) => bot.left?.(server),
    handle: async (invocation, address) => {
      await bot.handle(invocation, address);
      handled.push(invocation);
      fake.world.changed();
    },
  });
  const whole = await openWholeBot({
    folder,
    database,
    runner,
    options: { ...options, ...(partition === undefined ? {} : { partition }) },
    ports: {
      clock: clockOf(now),
      models: { list: () => [installed({ ...SMALL_MOJI, styles: [] }, folder)] },
      ...ports,
    },
    connect: async ({ bot }) => [
      createDiscordAdapter({
        token: fake.token,
        restUrl: fake.apiUrl,
        cdnUrl: fake.cdnUrl,
        ...(publicKey === undefined ? {} : { publicKey }),
        shards: partition ?? 'auto',
        bot: watched(bot),
        log: SILENT_LOG,
        now,
        monotonicMs: now,
        drainMs: 500,
      }),
    ],
  });
  return { ...whole, handled };
}
