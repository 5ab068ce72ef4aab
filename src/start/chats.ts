/** The chats that the configuration names, and the page that is always there, all in front of one bot. Connects none. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import type { LimitsConfig } from '../../config/limits.ts';
import type { Config } from '../../config/load.ts';
import { createDiscordAdapter, INTERACTIONS_PATH } from '../adapters/discord/index.ts';
import { createSlackAdapter } from '../adapters/slack/index.ts';
import { createWebAdapter, type Access, type PageLimits, type WebAdapter } from '../adapters/web/index.ts';
import type { BotPorts } from '../bot/index.ts';
import { createLiveDrawing } from '../bot/live.ts';
import type { Adapter, Bot } from '../core/chat.ts';
import { isServed } from '../core/partition.ts';
import type { Platform } from '../core/people.ts';
import type { Health, Metrics } from '../health/index.ts';
import { createAdminView, createGallery, modelLine } from './page-views.ts';

export type ChatParts = {
  readonly ports: Omit<BotPorts, 'chatOf'>;
  readonly bot: Bot;
  readonly access: Access;
  readonly health: Health;
  readonly metrics: Metrics;
};

export type Chats = { readonly web: WebAdapter; readonly others: readonly Adapter[] };

export async function createChats(config: Config, { ports, bot, access, health, metrics }: ChatParts): Promise<Chats> {
  const { log } = ports;
  const heard = (platform: Platform) => ({
    bot,
    log,
    onAcknowledged: (ms: number) => metrics.acknowledged(platform, ms / 1000),
  });
  // Its sockets share what comes among them, and of one workspace's pictures one process has the line.
  const isOurs = isServed('slack:', config.partition);
  if (config.slack !== undefined && !isOurs) {
    log.info({}, 'Slack is left to the process that has shard 0');
  }
  const slack = isOurs
    ? config.slack &&
      createSlackAdapter({
        ...config.slack,
        publicUrl: config.publicUrl,
        records: ports.stores.installations,
        ...heard('slack'),
      })
    : undefined;
  const discord =
    config.discord && createDiscordAdapter({ ...config.discord, restUrl: config.discord.apiUrl, ...heard('discord') });
  const web = await createWebAdapter({
    access,
    port: config.port,
    limits: pageLimits(config.limits),
    isBehindProxy: config.page.isBehindProxy,
    folder: join(config.dataFolder, 'page'),
    ports: {
      live: createLiveDrawing({ ...ports, newId: randomUUID }),
      gallery: createGallery(ports, 'web:local'),
      admin: createAdminView(ports),
      modelLine: (server, locale) => modelLine(ports, server, locale),
      onRefused: (code) => metrics.refused(code),
      health: { live: () => health.live(), ready: () => health.ready(), metrics: () => metrics.text() },
    },
    mounts: [
      ...(slack?.mounts ?? []),
      ...(discord?.listener === undefined ? [] : [{ path: INTERACTIONS_PATH, listener: discord.listener }]),
    ],
    now: () => Date.now(),
    ...heard('web'),
  });
  metrics.watchPage(web.usage);
  return { web, others: [slack, discord].filter((adapter) => adapter !== undefined) };
}

const MB = 1_048_576;

/** A request is as large as the file that it brings, with room for what stands beside it. */
function pageLimits(limits: LimitsConfig): PageLimits {
  return {
    requestsPerMinute: limits.pageRequestsPerMinute,
    actionsPerMinute: limits.pageActionsPerMinute,
    livePerMinute: limits.pageLivePerMinute,
    visitorBytes: (limits.startPictureMb + 1) * MB,
    operatorBytes: (limits.styleMb + 1) * MB,
    historyBytes: limits.pageHistoryMb * MB,
    streams: limits.pageStreams,
    streamsPerAddress: limits.pageStreamsPerAddress,
    uploads: limits.pageBodies,
    uploadsPerAddress: limits.pageBodiesPerAddress,
  };
}
