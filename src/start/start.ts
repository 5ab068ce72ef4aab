/**
 * `fourstep start`: the bot. Opens what it stands on and every chat that has a token, connects them, and ends in order:
 * nothing new is taken in, then what runs ends, then what is open is closed.
 */
import { randomBytes } from 'node:crypto';

import type { Logger } from 'pino';

import type { Config } from '../../config/load.ts';
import { needsVisitorToken, type Access } from '../adapters/web/index.ts';
import { createBot } from '../bot/index.ts';
import { everySoOften } from '../bot/timing.ts';
import type { Streams } from '../adapters/cli/actions.ts';
import type { Adapter } from '../core/chat.ts';
import { adapterParts, Health, Metrics, runnerPart } from '../health/index.ts';
import { openBotPorts, type End } from './bot-ports.ts';
import { createChats, type Chats } from './chats.ts';
import { createLog } from './log.ts';
import { untilStopped } from './stop-on-signal.ts';

const DRAIN_MS = 25_000;
const PRUNE_EVERY_MS = 3_600_000;

/**
 * Resolves after a signal has ended it. Throws `UserError` for whatever keeps it from starting; nothing is left open
 * then, so that the program ends and a supervisor sees it.
 */
export async function start(config: Config, { print }: Streams): Promise<void> {
  process.umask(0o077); // prompts and pictures are nobody else's on this machine
  const log = createLog(config.logLevel);
  const ends: End[] = [];
  try {
    await begin(config, { print, log, ends });
    await untilStopped();
    log.info({}, 'stopping');
  } finally {
    for (const end of ends.toReversed()) {
      try {
        await end();
      } catch (error) {
        log.warn({ err: error }, 'a part did not end in order');
      }
    }
  }
}

type Beginning = { readonly print: Streams['print']; readonly log: Logger; readonly ends: End[] };

/** Opens part after part; each puts its end onto `ends`, which are called in the opposite order. */
async function begin(config: Config, { print, log, ends }: Beginning): Promise<void> {
  const metrics = new Metrics();
  const ports = await openBotPorts(config, { log, metrics, ends });
  const adapters: Adapter[] = [];
  ends.push(async () => void (await Promise.allSettled(adapters.map((adapter) => adapter.stop()))));
  const chatOf = (platform: string): Adapter | undefined => adapters.find((adapter) => adapter.platform === platform);
  const bot = createBot({ ...ports, chatOf });
  // Before the chats: what is drawn to its end is still delivered.
  ends.push(() => bot.close(DRAIN_MS));
  const health = new Health({ parts: () => [...adapterParts(adapters), runnerPart(ports.runner)] });
  ends.push(() => health.close());
  const operatorToken = config.operatorToken ?? randomBytes(12).toString('base64url');
  const access = { ...config.page, host: config.host, operatorToken };
  const { web, others } = await createChats(config, { ports, bot, access, health, metrics });
  // The page first: it says at once whether the address is free, and shows how far the rest is.
  adapters.push(web, ...others);
  for (const adapter of adapters) {
    await adapter.start();
  }
  await ports.ready();
  for (const { device, forms } of ports.runner.health()) {
    log.info({ device, forms }, 'device open');
  }
  await bot.resume();
  ends.push(
    everySoOften(ports.clock, { firstMs: 0, everyMs: PRUNE_EVERY_MS }, () =>
      ports.stores.files.holdBudgets().catch((error: unknown) => log.warn({ err: error }, 'pruning failed')),
    ),
  );
  // Not as configured: the address of a Redis may hold its password.
  const devices = ports.runner.health().map(({ device }) => device);
  log.info({ chats: adapters.map(({ platform }) => platform), devices }, 'started');
  announce(config, { web, adapters, access, print });
}

type Started = {
  readonly web: Chats['web'];
  readonly adapters: readonly Adapter[];
  readonly access: Access;
  readonly print: Streams['print'];
};

/** Where it is, and who may draw there. */
function announce({ page, operatorToken }: Config, { web, adapters, access, print }: Started): void {
  print(`Fourstep is at ${web.url()} (${adapters.map(({ platform }) => platform).join(', ')})`);
  if (needsVisitorToken(access)) {
    print(
      page.visitorToken === undefined
        ? 'visitors of the page must give the operator\u2019s token: set VISITOR_TOKEN for one of their own, or PUBLIC_PAGE=1 to let everybody draw who reaches it'
        : 'visitors of the page must give VISITOR_TOKEN',
    );
  }
  if (operatorToken === undefined) {
    print(`operator's token for the admin panel: ${access.operatorToken}`);
  }
}
