/**
 * What a guild costs in memory: a whole bot on two shards, as a process of its own, with no guild and with many, each of
 * ten channels and ten roles; what is alive after a collection, and what the system gives the process.
 *
 *     npm run -s bench:guilds [GUILDS]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { createDiscordAdapter } from '../../src/adapters/discord/index.ts';
import { SILENT_LOG } from '../support/bot-ports.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import { openWholeBot } from '../support/whole-bot.ts';

const CHANNELS = 10;
const ROLES = 10;
const LOADER = new URL('../support/typescript-loader.mjs', import.meta.url).href;

type Memory = { readonly aliveBytes: number; readonly rssBytes: number };
type Where = { readonly token: string; readonly apiUrl: string; readonly cdnUrl: string };

const [given = '3000', where] = process.argv.slice(2);
if (given === 'bot' && where !== undefined) {
  await runBot(JSON.parse(where));
} else {
  const guilds = Number(given);
  const [none, many] = [await measure(0), await measure(guilds)];
  const each = (part: keyof Memory): string => `${((many[part] - none[part]) / guilds / 1024).toFixed(1)} KiB a guild`;
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  process.stdout.write(
    `${guilds} guilds on two shards: alive ${mib(none.aliveBytes)} → ${mib(many.aliveBytes)} MiB, ${each('aliveBytes')}; resident ${mib(none.rssBytes)} → ${mib(many.rssBytes)} MiB, ${each('rssBytes')}\n`,
  );
}

async function measure(guilds: number): Promise<Memory> {
  const fake = await FakeDiscord.start({ shards: 2 });
  fake.world.roles.push(
    ...Array.from({ length: ROLES }, (_, k) => ({ id: `99000000000000000${k}`, name: `Role ${k}` })),
  );
  for (let k = 0; k < guilds; k++) {
    const guild = fake.addGuild(`Guild ${k}`);
    Array.from({ length: CHANNELS }, (_, c) => fake.addChannel({ name: `channel ${c}`, guild }));
  }
  const { token, apiUrl, cdnUrl } = fake;
  const bot = fork(fileURLToPath(import.meta.url), ['bot', JSON.stringify({ token, apiUrl, cdnUrl })], {
    execArgv: ['--import', LOADER, '--expose-gc'],
  });
  const [memory] = (await once(bot, 'message')) as [Memory];
  const gone = once(bot, 'exit');
  bot.kill();
  await gone;
  await fake.stop();
  return memory;
}

async function runBot({ token, apiUrl, cdnUrl }: Where): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fourstep-guilds-'));
  process.once('SIGTERM', () => void rm(folder, { recursive: true, force: true }).then(() => process.exit(0)));
  const whole = await openWholeBot({
    folder,
    connect: async ({ bot }) => [createDiscordAdapter({ token, restUrl: apiUrl, cdnUrl, bot, log: SILENT_LOG })],
  });
  while (whole.adapters[0]?.readiness().isReady !== true) {
    await sleep(100);
  }
  await sleep(5000); // guilds are told one by one after a shard is ready
  for (let pass = 0; pass < 3; pass++) {
    globalThis.gc?.();
    await sleep(100);
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send?.({ aliveBytes: heapUsed + external, rssBytes: rss } satisfies Memory);
}
