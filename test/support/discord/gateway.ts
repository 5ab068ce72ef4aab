/**
 * The socket side: Hello, Identify, Heartbeat, Resume with replay, a session for each shard, and the troubles of a long
 * life: lost sockets, op 7, op 9, unacknowledged heartbeats, late and doubled deliveries. Of a dispatch it knows the name
 * and which guild it is about, for that decides the shard.
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { z } from 'zod';

import type { FakeGuild, World } from './world.ts';

const PRIVILEGED_INTENTS = (1 << 1) | (1 << 8) | (1 << 15);

const packet = z.object({ op: z.number(), d: z.unknown() });
const shardPair = z.tuple([z.number(), z.number()]);
const identify = z.object({
  token: z.string(),
  intents: z.number(),
  properties: z.unknown(),
  shard: shardPair.default([0, 1]),
});
const ofGuild = z.object({ guild_id: z.string().optional(), id: z.string().optional() });
const resume = z.object({ token: z.string(), session_id: z.string(), seq: z.number() });

type Dispatch = { readonly op: 0; readonly t: string; readonly s: number; readonly d: unknown };
type Session = {
  readonly id: string;
  readonly log: Dispatch[];
  sequence: number;
  socket: WebSocket | undefined;
  isResumable: boolean;
};

export type GatewayOptions = { readonly token: string; readonly heartbeatMs: number; readonly maxPayload: number };

export class Gateway {
  readonly #world: World;
  readonly #options: GatewayOptions;
  readonly #sockets: WebSocketServer;
  /** By shard; a new Identify of a shard takes the place of its old session. */
  readonly #sessions = new Map<number, Session>();
  /** As the last Identify said. */
  #shards = 1;
  #isMuted = false;
  #isStalling = false;
  readonly #stalled: Socket[] = [];
  #isRefusing = false;
  identifies = 0;
  resumes = 0;
  /** What the last Identify asked for. */
  intents: number | undefined;

  constructor(server: Server, world: World, options: GatewayOptions) {
    this.#world = world;
    this.#options = options;
    this.#sockets = new WebSocketServer({
      server,
      path: '/gateway/',
      maxPayload: options.maxPayload,
      verifyClient: ({ req }, welcome) => {
        if (this.#isStalling) {
          this.#stalled.push(req.socket);
          this.#world.changed();
        } else {
          welcome(true);
        }
      },
    });
    this.#sockets.shouldHandle = (request) => (request.url ?? '').startsWith('/gateway');
    this.#sockets.on('connection', (socket, request) => this.#welcome(socket, request.url ?? ''));
  }

  /** From now on nobody who connects hears anything. */
  stall(): void {
    this.#isStalling = true;
  }

  /** How many wait so. */
  get stalled(): number {
    return this.#stalled.length;
  }

  /** Those who wait are cut. */
  cutStalled(): void {
    this.#isStalling = false;
    this.#stalled.splice(0).forEach((socket) => socket.destroy());
  }

  get isConnected(): boolean {
    return this.#sessions.size > 0 && [...this.#sessions.values()].every(({ socket }) => socket !== undefined);
  }

  /** The shards that are connected, in order. */
  get connected(): readonly number[] {
    const open = [...this.#sessions].filter(([, { socket }]) => socket !== undefined);
    return open.map(([shard]) => shard).toSorted((a, b) => a - b);
  }

  /** Where a guild's dispatches go (gateway reference, "Sharding"); what is no guild's goes to shard 0. */
  shardOf(guild: string | undefined): number {
    return guild === undefined ? 0 : Number((BigInt(guild) >> 22n) % BigInt(this.#shards));
  }

  guildJson(guild: FakeGuild): unknown {
    return {
      id: guild.id,
      name: guild.name,
      preferred_locale: guild.locale,
      owner_id: '1',
      channels: [...this.#world.channels.values()]
        .filter((channel) => channel.guild === guild && channel.parent === undefined)
        .map(({ id, name, isNsfw, type = 0 }) => ({
          id,
          name,
          type,
          nsfw: isNsfw,
          position: 0,
          permission_overwrites: [],
        })),
      threads: [],
      roles: this.#world.roles.map(({ id, name }) => ({
        id,
        name,
        color: 0,
        hoist: false,
        position: 1,
        permissions: '0',
        managed: false,
        mentionable: false,
        flags: 0,
      })),
      members: [],
      emojis: [],
      stickers: [],
      features: [],
      presences: [],
      voice_states: [],
      stage_instances: [],
      guild_scheduled_events: [],
      soundboard_sounds: [],
      member_count: 1,
      joined_at: new Date(this.#world.clock.now()).toISOString(),
      large: false,
      unavailable: false,
    };
  }

  dispatch(t: string, d: unknown): void {
    const { guild_id, id } = ofGuild.parse(d);
    this.#dispatchTo(this.shardOf(t.startsWith('GUILD_') ? id : guild_id), t, d);
  }

  #dispatchTo(shard: number, t: string, d: unknown): void {
    const session = this.#sessions.get(shard);
    if (session === undefined) {
      return;
    }
    session.sequence += 1;
    const dispatch: Dispatch = { op: 0, t, s: session.sequence, d };
    session.log.push(dispatch);
    if (session.log.length > 2_000) {
      session.log.shift();
    }
    session.socket?.send(JSON.stringify(dispatch));
  }

  /** The sockets, or one shard's, are cut without a word; the sessions can be resumed. */
  drop(shard?: number): void {
    for (const [of, { socket }] of this.#sessions) {
      if (shard === undefined || of === shard) {
        socket?.terminate();
      }
    }
  }

  /** Op 7. */
  askToReconnect(): void {
    for (const { socket } of this.#sessions.values()) {
      socket?.send(JSON.stringify({ op: 7, d: null }));
    }
  }

  /** Op 9; not resumable: the client must identify anew and whatever it missed is lost. */
  invalidate(isResumable: boolean): void {
    for (const session of this.#sessions.values()) {
      session.isResumable = isResumable;
      session.socket?.send(JSON.stringify({ op: 9, d: isResumable }));
    }
  }

  /** Heartbeats get no answer, and no dispatch arrives: a zombie. */
  mute(isMuted: boolean): void {
    this.#isMuted = isMuted;
  }

  /** New sockets are closed at once: the gateway is down. */
  refuse(isRefusing: boolean): void {
    this.#isRefusing = isRefusing;
  }

  close(): void {
    for (const socket of this.#sockets.clients) {
      socket.terminate();
    }
    this.#sockets.close();
  }

  #welcome(socket: WebSocket, url: string): void {
    const query = new URL(url, 'ws://stand-in').searchParams;
    if (this.#isRefusing) {
      socket.terminate();
      return;
    }
    if (query.get('v') !== '10' || query.get('encoding') !== 'json') {
      socket.close(4012, 'Invalid API version');
      return;
    }
    socket.on('close', () => {
      for (const session of this.#sessions.values()) {
        if (session.socket === socket) {
          session.socket = undefined;
          this.#world.changed();
        }
      }
    });
    socket.on('message', (data: Buffer) => this.#hear(socket, packet.parse(JSON.parse(data.toString('utf8')))));
    socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: this.#options.heartbeatMs } }));
  }

  #hear(socket: WebSocket, { op, d }: z.infer<typeof packet>): void {
    if (op === 1 && !this.#isMuted) {
      socket.send(JSON.stringify({ op: 11 }));
    } else if (op === 2) {
      this.#identify(socket, identify.parse(d));
    } else if (op === 6) {
      this.#resume(socket, resume.parse(d));
    }
  }

  #identify(socket: WebSocket, asked: z.infer<typeof identify>): void {
    this.identifies += 1;
    this.intents = asked.intents;
    if (asked.token !== this.#options.token) {
      socket.close(4004, 'Authentication failed.');
      return;
    }
    if ((asked.intents & PRIVILEGED_INTENTS) !== 0) {
      socket.close(4014, 'Disallowed intent(s).');
      return;
    }
    const [shard, shards] = asked.shard;
    this.#shards = shards;
    const session: Session = { id: randomBytes(8).toString('hex'), log: [], sequence: 0, socket, isResumable: true };
    this.#sessions.set(shard, session);
    const { application } = this.#world;
    const guilds = this.#world.guilds.filter(({ id }) => this.shardOf(id) === shard);
    this.#dispatchTo(shard, 'READY', {
      v: 10,
      user: { id: application.id, username: application.name, discriminator: '0', avatar: null, bot: true },
      guilds: guilds.map((guild) => ({ id: guild.id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: `ws://127.0.0.1:${addressPort(this.#sockets)}/gateway`,
      application: { id: application.id, flags: 0 },
      shard: asked.shard,
    });
    for (const guild of guilds) {
      this.#dispatchTo(shard, 'GUILD_CREATE', this.guildJson(guild));
    }
    this.#world.changed();
  }

  #resume(socket: WebSocket, asked: z.infer<typeof resume>): void {
    const [shard, session] = [...this.#sessions].find(([, { id }]) => id === asked.session_id) ?? [];
    if (shard === undefined || session?.isResumable !== true) {
      socket.send(JSON.stringify({ op: 9, d: false }));
      return;
    }
    this.resumes += 1;
    session.socket = socket;
    for (const missed of session.log.filter((dispatch) => dispatch.s > asked.seq)) {
      socket.send(JSON.stringify(missed));
    }
    this.#dispatchTo(shard, 'RESUMED', {});
    this.#world.changed();
  }
}

function addressPort(sockets: WebSocketServer): number {
  const address = sockets.options.server?.address();
  if (typeof address !== 'object' || address === null) {
    throw new Error('the stand-in does not listen yet');
  }
  return address.port;
}
