/**
 * `fourstep start`: the bot. Opens the store, the runners and every chat that has a token, connects them, and ends in
 * order: no new deliveries, then what runs, then what is open.
 */
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { join } from 'node:path';

import type { Logger } from 'pino';

import type { Config } from '../../config/load.ts';
import { createDiscordAdapter, INTERACTIONS_PATH } from '../adapters/discord/index.ts';
import { createSlackAdapter, EVENTS_PATH } from '../adapters/slack/index.ts';
import { createWebAdapter, needsVisitorToken } from '../adapters/web/index.ts';
import { createBot, type BotOptions, type FourstepBot } from '../bot/index.ts';
import { createLiveDrawing } from '../bot/live.ts';
import { budgetsFrom, limitsFrom } from '../bot/limits.ts';
import { adultWords } from '../bot/safety/adult-words.ts';
import type { Adapter } from '../core/chat.ts';
import { adapterParts, Health, MeasuredRunner, Metrics, runnerPart } from '../health/index.ts';
import { Fingerprints } from '../../models/fingerprint.ts';
import { FairAdmission } from '../queue/index.ts';
import { openStores } from '../store/index.ts';
import { InstalledModels } from './installed-models.ts';
import { createLog, faultTeller } from './log.ts';
import { createLoras } from './loras.ts';
import { openCatalog } from './open-engine.ts';
import { createAdminView, createGallery, modelLine } from './page-views.ts';
import { openLocalRunners } from './runners.ts';
import { untilStopped } from './until-stopped.ts';

const DRAIN_MS = 25_000;
const CLOSE_MS = 2000;
const PRUNE_EVERY_MS = 3_600_000;

type Streams = { readonly print: (line: string) => void; readonly warn: (line: string) => void };

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

/** Ends one part of what is open. */
type End = () => void | Promise<void>;

type Beginning = { readonly print: Streams['print']; readonly log: Logger; readonly ends: End[] };

/** Opens part after part; each puts its end onto `ends`, which are called in the opposite order. */
async function begin(config: Config, { print, log, ends }: Beginning): Promise<void> {
  const stores = await openStores(
    { folder: config.dataFolder, url: config.storeUrl, budgets: budgetsFrom(config.limits) },
    (cause) => log.warn({ err: cause }, 'the data folder holds no sockets: a second bot on it would not be noticed'),
  );
  ends.push(() => stores.close());
  const catalog = openCatalog(config.dataFolder);
  const models = await InstalledModels.open(
    { catalog, fingerprints: new Fingerprints(join(config.dataFolder, 'cache', 'hashes')) },
    config.model,
    (error) => log.warn({ err: error }, 'the catalog could not be read'),
  );
  ends.push(() => models.close());
  const opened = await openLocalRunners(config, config.devices, (device, reason) => {
    log.warn({ device, reason }, 'a runner process was replaced');
    metrics.restarted(device);
  });
  ends.push(() => opened.runner.close(CLOSE_MS));
  const admission = new FairAdmission({
    slots: opened.slots,
    onBegin: (_ticket, waitedMs) => metrics.waited(waitedMs / 1000),
  });
  const metrics = new Metrics({
    queue: () => admission.counts(),
    runners: () => opened.runner.health(),
    kept: (kind) => stores.files.weightOf(kind),
  });
  const runner = new MeasuredRunner(opened.runner, metrics);
  const adapters: Adapter[] = [];
  ends.push(async () => void (await Promise.allSettled(adapters.map((adapter) => adapter.stop()))));
  const options = botOptions(config, models.list()[0]?.manifest.id ?? config.model);
  const bot: FourstepBot = createBot({
    admission,
    runner,
    stores,
    models,
    loras: createLoras({ files: stores.files, hosts: config.styleHosts, limitBytes: options.maxLoraBytes }),
    chatOf: (platform) => adapters.find((adapter) => adapter.platform === platform),
    clock: {
      now: () => Date.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms);
        return () => clearTimeout(timer);
      },
    },
    random: { uint32: () => randomInt(0, 2 ** 32) },
    log,
    onEnd: (outcome) => metrics.ended(outcome),
    options,
  });
  // Before the chats: what is drawn to its end is still delivered.
  ends.push(() => bot.close(DRAIN_MS));
  const health = new Health({ parts: () => [...adapterParts(adapters), runnerPart(runner)] });
  ends.push(() => health.close());
  const operatorToken = config.operatorToken ?? randomBytes(12).toString('base64url');

  // ── chats ──
  const slack =
    config.slack === undefined
      ? undefined
      : createSlackAdapter({
          ...config.slack,
          bot,
          log,
          onAcknowledged: (ms) => metrics.acknowledged('slack', ms / 1000),
        });
  const discord =
    config.discord === undefined
      ? undefined
      : createDiscordAdapter({
          ...config.discord,
          restUrl: config.discord.apiUrl,
          bot,
          log,
          onAcknowledged: (ms) => metrics.acknowledged('discord', ms / 1000),
        });
  const web = await createWebAdapter({
    access: { ...config.page, host: config.host, operatorToken },
    port: config.port,
    isBehindProxy: config.page.isBehindProxy,
    folder: join(config.dataFolder, 'page'),
    bot: () => bot,
    ports: {
      live: createLiveDrawing({
        runner,
        admission,
        stores,
        models,
        options,
        clock: { now: () => Date.now() },
        newId: randomUUID,
      }),
      gallery: createGallery({ stores }, 'web:local'),
      admin: createAdminView({ stores, admission, runner, models }),
      modelLine: (server, locale) => modelLine({ stores, models, options }, server, locale),
      health: { live: () => health.live(), ready: () => health.ready(), metrics: () => metrics.text() },
      fault: faultTeller(log),
    },
    mounts: [
      ...(slack?.listener === undefined ? [] : [{ path: EVENTS_PATH, listener: slack.listener }]),
      ...(discord?.listener === undefined ? [] : [{ path: INTERACTIONS_PATH, listener: discord.listener }]),
    ],
    log,
    now: () => Date.now(),
    onAcknowledged: (ms) => metrics.acknowledged('web', ms / 1000),
  });
  adapters.push(web);
  if (slack !== undefined) {
    adapters.push(slack);
  }
  if (discord !== undefined) {
    adapters.push(discord);
  }

  // ── begin ──
  // The page first: it says at once whether the address is free, and shows how far the rest is.
  for (const adapter of adapters) {
    await adapter.start();
  }
  await opened.ready();
  for (const { device, forms } of opened.runner.health()) {
    log.info({ device, forms }, 'device open');
  }
  await bot.resume();
  const prune = (): void =>
    void stores.files.holdBudgets().catch((error: unknown) => log.warn({ err: error }, 'pruning failed'));
  prune();
  const timer = setInterval(prune, PRUNE_EVERY_MS);
  ends.push(() => clearInterval(timer));
  // Not as configured: the address of a Redis may hold its password.
  const devices = runner.health().map(({ device }) => device);
  log.info({ chats: adapters.map(({ platform }) => platform), devices }, 'started');
  print(`Fourstep is at ${web.url()} (${adapters.map(({ platform }) => platform).join(', ')})`);
  if (needsVisitorToken({ ...config.page, host: config.host, operatorToken })) {
    print(
      config.page.visitorToken === undefined
        ? 'visitors of the page must give the operator\u2019s token: set VISITOR_TOKEN for one of their own, or PUBLIC_PAGE=1 to let everybody draw who reaches it'
        : 'visitors of the page must give VISITOR_TOKEN',
    );
  }
  if (config.operatorToken === undefined) {
    print(`operator's token for the admin panel: ${operatorToken}`);
  }
}

function botOptions(config: Config, model: string): BotOptions {
  return {
    model,
    blockedWords: config.blockedWords,
    adultWords: [...adultWords(), ...config.adultWords],
    ...limitsFrom(config.limits),
  };
}
