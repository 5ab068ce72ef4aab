/**
 * The connection over which Discord tells of interactions: discord.js's gateway client with the one harmless intent, its
 * caches closed, and a watchdog, for a client can be alive and deaf. Hands on raw payloads; knows nothing of answers.
 */
import { Client, Events, GatewayDispatchEvents, GatewayIntentBits, Options, Status } from 'discord.js';

import type { Log } from '../../bot/index.ts';
import type { UserError } from '../../core/errors.ts';
import { type Partition, shardOf } from '../../core/partition.ts';
import type { Role } from '../../core/people.ts';
import { SurvivingSharding } from './sharding.ts';
import { tokenFault } from './start-fault.ts';

export type GatewayOptions = {
  readonly token: string;
  readonly restUrl: string;
  /** `auto`: as many as Discord recommends. */
  readonly shards: 'auto' | Partition;
  readonly log: Log;
  /** Milliseconds that only go forward: a clock that is set makes no connection old. */
  readonly monotonicMs: () => number;
  readonly onInteraction: (payload: unknown) => void;
  readonly onGuilds: GuildsListener;
  /** Without a heartbeat's answer or anything else for so long, the connection counts as dead (interval: 41 s). */
  readonly silentAfterMs: number;
  /** Not ready for so long: the client is thrown away and another one made. */
  readonly renewAfterMs: number;
};

/** Guilds that come and go; `onAll` once a shard has told of all of its own. */
export type GuildsListener = {
  readonly onJoined: (id: string) => void;
  readonly onLeft: (id: string) => void;
  readonly onAll: (ids: ReadonlySet<string>, shard: number, shards: number) => void;
};

const INTERACTION: string = GatewayDispatchEvents.InteractionCreate;
const WATCH_EVERY_MS = 5_000;
/** What discord.js says of a shard without an answered heartbeat. */
const NEVER = -1;
/** A guild that is down must not keep the others waiting. */
const GUILDS_WITHIN_MS = 3_000;

export class Gateway {
  readonly #options: GatewayOptions;
  #client: Client | undefined;
  #watch: NodeJS.Timeout | undefined;
  #heardAtMs: number;
  /** When the client had its last heartbeat answered, by a clock that may be set: only a change of it says something. */
  #answeredAt = NEVER;
  #notReadySinceMs: number;
  #refusal: UserError | undefined;
  #isStopped = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#heardAtMs = options.monotonicMs();
    this.#notReadySinceMs = this.#heardAtMs;
  }

  /**
   * Resolves when connected, or when the first try failed for a reason that time mends: then the watchdog goes on.
   * Throws `UserError` `discord.token` where no later try can succeed.
   */
  async connect(): Promise<void> {
    this.#watch = setInterval(() => void this.#look(), WATCH_EVERY_MS);
    this.#watch.unref();
    await this.#login();
    if (this.#refusal !== undefined) {
      await this.close();
      throw this.#refusal;
    }
  }

  /** Undefined for a guild that the gateway has not named yet. */
  guildName(id: string): string | undefined {
    return this.#client?.guilds.cache.get(id)?.name;
  }

  /** The guild's own roles; undefined for a guild that the gateway has not told of. */
  roles(id: string): readonly Role[] | undefined {
    const guild = this.#client?.guilds.cache.get(id);
    return guild?.roles.cache
      .filter((role) => role.id !== id && !role.managed)
      .map(({ id: role, name }) => ({ id: role, name }));
  }

  /** Undefined for a channel that the gateway has not told of. */
  isNsfw(channel: string): boolean | undefined {
    const known = this.#client?.channels.cache.get(channel);
    return known !== undefined && 'nsfw' in known ? known.nsfw : undefined;
  }

  readiness(): { readonly isReady: boolean; readonly detail: string } {
    if (this.#refusal !== undefined) {
      return { isReady: false, detail: this.#refusal.message };
    }
    const shards = [...(this.#client?.ws.shards.values() ?? [])];
    const deaf = shards.filter((shard) => shard.status !== Status.Ready && shard.status !== Status.WaitingForGuilds);
    if (this.#client === undefined || shards.length === 0 || deaf.length > 0) {
      const states = deaf.map((shard) => `shard ${shard.id} ${Status[shard.status]}`).join(', ');
      return { isReady: false, detail: `Discord: not connected${states === '' ? '' : ` (${states})`}` };
    }
    const answeredAt = Math.max(...shards.map((shard) => shard.lastPingTimestamp));
    if (answeredAt !== this.#answeredAt) {
      this.#answeredAt = answeredAt;
      this.#heardAtMs = this.#options.monotonicMs();
    }
    const silentMs = this.#options.monotonicMs() - this.#heardAtMs;
    return silentMs > this.#options.silentAfterMs
      ? { isReady: false, detail: `Discord: nothing heard for ${Math.round(silentMs / 1000)} s` }
      : { isReady: true, detail: `Discord: connected, ${shards.length} shard${shards.length === 1 ? '' : 's'}` };
  }

  async close(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#watch);
    await this.#discard();
  }

  async #login(): Promise<void> {
    const client = this.#make();
    this.#client = client;
    try {
      await client.login(this.#options.token);
      this.#options.log.info({ shards: client.ws.shards.size }, 'connected to Discord');
    } catch (error) {
      this.#refusal ??= refusalOf(error);
      this.#options.log.warn({ err: error }, 'could not connect to Discord');
    }
  }

  #make(): Client {
    const { log, monotonicMs, onInteraction, onGuilds, restUrl, shards } = this.#options;
    const client = new Client({
      // Guilds alone, for their names. Interactions belong to no intent; nothing privileged is asked for.
      intents: [GatewayIntentBits.Guilds],
      rest: { api: restUrl, version: '10' },
      ...(shards === 'auto' ? { shards } : { shards: numbersOf(shards), shardCount: shards.of }),
      ws: { buildStrategy: (manager) => new SurvivingSharding(manager) },
      waitGuildTimeout: GUILDS_WITHIN_MS,
      makeCache: Options.cacheWithLimits(CLOSED_CACHES),
    });
    client.on(Events.Raw, (packet: { t: string; readonly d: unknown }) => {
      this.#heardAtMs = monotonicMs();
      if (packet.t === INTERACTION) {
        // Under another name the client leaves it alone. It would build objects of it that nobody uses, and throw where
        // nothing catches when a field is missing.
        packet.t = 'TAKEN';
        onInteraction(packet.d);
      }
    });
    client.on(Events.GuildCreate, ({ id }) => onGuilds.onJoined(id));
    // Of an outage the client tells under another name.
    client.on(Events.GuildDelete, ({ id }) => onGuilds.onLeft(id));
    client.on(Events.ShardReady, (shard, unavailable) => {
      const { cache } = client.guilds;
      const count = client.options.shardCount ?? 1;
      const ids = [...cache.keys(), ...(unavailable ?? [])].filter((id) => shardOf(id, count) === shard);
      onGuilds.onAll(new Set(ids), shard, count);
    });
    client.on(Events.Error, (error) => log.error({ err: error }, 'Discord client'));
    client.on(Events.ShardError, (error) => {
      this.#refusal ??= refusalOf(error);
      log.warn({ err: error }, 'Discord socket');
    });
    client.on(Events.ShardReconnecting, (shard) => log.info({ shard }, 'reconnecting to Discord'));
    client.on(Events.ShardResume, (shard, replayed) => log.info({ shard, replayed }, 'resumed with Discord'));
    client.on(Events.ShardDisconnect, ({ code }, shard) => log.error({ shard, code }, 'Discord has closed for good'));
    return client;
  }

  async #look(): Promise<void> {
    const { monotonicMs, renewAfterMs, log } = this.#options;
    if (this.readiness().isReady) {
      this.#notReadySinceMs = monotonicMs();
      return;
    }
    if (this.#isStopped || this.#refusal !== undefined || monotonicMs() - this.#notReadySinceMs < renewAfterMs) {
      return;
    }
    this.#notReadySinceMs = monotonicMs();
    log.warn({ detail: this.readiness().detail }, 'making a new connection to Discord');
    await this.#discard();
    await this.#login();
  }

  async #discard(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) {
      client.ws.removeAllListeners();
      await client.destroy();
    }
  }
}

/** Everything that the gateway would make it remember beyond guilds and their channels and roles (which it needs). */
const CLOSED_CACHES = {
  ApplicationCommandManager: 0,
  AutoModerationRuleManager: 0,
  BaseGuildEmojiManager: 0,
  DMMessageManager: 0,
  EntitlementManager: 0,
  GuildBanManager: 0,
  GuildEmojiManager: 0,
  GuildForumThreadManager: 0,
  GuildInviteManager: 0,
  GuildMemberManager: 0,
  GuildMessageManager: 0,
  GuildScheduledEventManager: 0,
  GuildStickerManager: 0,
  GuildTextThreadManager: 0,
  MessageManager: 0,
  PresenceManager: 0,
  ReactionManager: 0,
  ReactionUserManager: 0,
  StageInstanceManager: 0,
  ThreadManager: 0,
  ThreadMemberManager: 0,
  UserManager: 0,
  VoiceStateManager: 0,
} as const;

function numbersOf({ first, last }: Partition): number[] {
  return Array.from({ length: last - first + 1 }, (_, k) => first + k);
}

/** What no later try can mend. */
function refusalOf(error: unknown): UserError | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const message = error instanceof Error ? error.message : '';
  return code === 'TokenInvalid' || message === 'Authentication failed' ? tokenFault(error) : undefined;
}
