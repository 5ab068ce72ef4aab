/**
 * A Discord of our own for tests: REST, gateway and CDN on one loopback port, strict about the documented limits and
 * full of faults on demand. The bot sees it through DISCORD_API_URL and DISCORD_CDN_URL; a test sees it through people.
 */
import type { KeyObject } from 'node:crypto';
import { once } from 'node:events';

import { Clock } from './clock.ts';
import { Faults } from './faults.ts';
import { Gateway } from './gateway.ts';
import { Messages } from './messages.ts';
import { Person } from './person.ts';
import { RateLimits } from './rate-limits.ts';
import { Rest } from './rest.ts';
import { DEFAULT_UPLOAD_LIMIT_BYTES, World } from './world.ts';
import type { FakeChannel, FakeGuild, Permission } from './world.ts';

const BOT_PERMISSIONS: readonly Permission[] = ['viewChannel', 'sendMessages', 'sendInThreads', 'attachFiles'];

export type FakeDiscordOptions = {
  readonly token?: string;
  /** Between heartbeats; Discord's is 41,250. */
  readonly heartbeatMs?: number;
  /** How many Discord recommends. */
  readonly shards?: number;
  /** `still`: no time passes but what a test skips. */
  readonly time?: 'real' | 'still';
};

/** Where interactions are posted, and the key that signs them. */
export type Endpoint = { readonly url: string; readonly key: KeyObject };

export class FakeDiscord {
  readonly token: string;
  readonly world: World;
  readonly faults = new Faults();
  readonly limits = new RateLimits();
  readonly gateway: Gateway;
  readonly rest: Rest;
  readonly messages: Messages;
  readonly guild: FakeGuild;
  readonly channel: FakeChannel;
  /** Milliseconds that deliveries are held back, and how often each is sent. */
  readonly delivery = { delayMs: 0, times: 1 };
  /** The Interactions Endpoint URL: interactions then go there, and the gateway hears none. */
  endpoint: Endpoint | undefined;

  private constructor({ token = 'a.test.token', heartbeatMs = 41_250, time = 'real', shards = 1 }: FakeDiscordOptions) {
    this.token = token;
    this.world = new World(new Clock(time));
    this.messages = new Messages(this.world, () => this.cdnUrl);
    this.rest = new Rest({
      world: this.world,
      messages: this.messages,
      faults: this.faults,
      limits: this.limits,
      token,
      shards,
      gatewayUrl: () => `ws://127.0.0.1:${this.port}/gateway`,
    });
    this.gateway = new Gateway(this.rest.server, this.world, { token, heartbeatMs, maxPayload: 4096 });
    this.guild = this.addGuild('Test Guild');
    this.channel = this.addChannel({ name: 'pictures', guild: this.guild });
  }

  static async start(options: FakeDiscordOptions = {}): Promise<FakeDiscord> {
    const fake = new FakeDiscord(options);
    fake.rest.server.listen(0, '127.0.0.1');
    await once(fake.rest.server, 'listening');
    return fake;
  }

  async stop(): Promise<void> {
    this.gateway.close();
    this.rest.server.closeAllConnections();
    this.rest.server.close();
    await once(this.rest.server, 'close');
  }

  get port(): number {
    const address = this.rest.server.address();
    if (typeof address !== 'object' || address === null) {
      throw new Error('the stand-in does not listen');
    }
    return address.port;
  }

  /** For DISCORD_API_URL. */
  get apiUrl(): string {
    return `http://127.0.0.1:${this.port}/api`;
  }

  /** For DISCORD_CDN_URL. */
  get cdnUrl(): string {
    return `http://127.0.0.1:${this.port}/cdn`;
  }

  addGuild(name: string, locale = 'en-US'): FakeGuild {
    // Made at different moments, as guilds are: their ids spread over the shards.
    const guild = { id: this.world.clock.nextId(this.world.guilds.length), name, locale };
    this.world.guilds.push(guild);
    return guild;
  }

  /** Without a guild: a direct message with the bot. */
  addChannel(wanted: {
    readonly name: string;
    readonly guild?: FakeGuild;
    readonly isNsfw?: boolean;
    readonly parent?: FakeChannel;
    readonly type?: number;
    readonly botPermissions?: readonly Permission[];
  }): FakeChannel {
    const channel: FakeChannel = {
      id: this.world.clock.nextId(),
      name: wanted.name,
      guild: wanted.parent?.guild ?? wanted.guild,
      ...(wanted.parent === undefined ? {} : { parent: wanted.parent }),
      ...(wanted.type === undefined ? {} : { type: wanted.type }),
      isNsfw: wanted.isNsfw ?? false,
      botPermissions: wanted.botPermissions ?? BOT_PERMISSIONS,
    };
    this.world.channels.set(channel.id, channel);
    return channel;
  }

  /** Somebody in the default channel (or `channel`), with these permissions beside the ordinary ones. */
  user(
    name: string,
    wanted: {
      readonly permissions?: readonly Permission[];
      readonly roles?: readonly string[];
      readonly isPersonal?: boolean;
      readonly locale?: string;
      readonly channel?: FakeChannel;
      readonly uploadLimitBytes?: number;
    } = {},
  ): Person {
    const user = {
      id: this.world.clock.nextId(),
      name,
      locale: wanted.locale ?? 'en-US',
      permissions: wanted.permissions ?? [],
      roles: wanted.roles ?? [],
      isPersonal: wanted.isPersonal ?? false,
      uploadLimitBytes: wanted.uploadLimitBytes ?? DEFAULT_UPLOAD_LIMIT_BYTES,
    };
    this.world.users.set(user.id, user);
    return new Person(this, user, wanted.channel ?? this.channel);
  }
}
