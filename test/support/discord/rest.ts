/**
 * The HTTP side: versioned REST routes, the CDN, and whatever fault a test has ordered for the request. Authorisation
 * is checked as Discord does: the bot's token everywhere but on the routes whose path carries an interaction's token.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { ChannelRoutes } from './channel-routes.ts';
import { commandList } from './command-rules.ts';
import { ExpressionRoutes } from './expression-routes.ts';
import { obey, Refusal, refusals } from './failures.ts';
import type { Fault, Faults } from './faults.ts';
import { InteractionRoutes } from './interaction-routes.ts';
import type { Messages } from './messages.ts';
import type { RateLimits } from './rate-limits.ts';
import { readBody } from './request-body.ts';
import type { Body } from './request-body.ts';
import type { StoredFile, World } from './world.ts';

export type RestParts = {
  readonly world: World;
  readonly messages: Messages;
  readonly faults: Faults;
  readonly limits: RateLimits;
  readonly token: string;
  /** How many are recommended. */
  readonly shards: number;
  readonly gatewayUrl: () => string;
};

export type Seen = { readonly method: string; readonly path: string; readonly status: number; readonly atMs: number };

type Reply = {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
};
type Route = {
  readonly method: string;
  readonly path: RegExp;
  readonly isOpen?: boolean;
  readonly answer: (ids: readonly string[], body: Body, query: URLSearchParams, path: string) => unknown;
};

export class Rest {
  readonly server: Server;
  /** Every request and what it got, for a test to look back. */
  readonly seen: Seen[] = [];
  readonly uploads = new Map<string, StoredFile>();
  /** What the bot may in every guild. */
  guildPermissions = String(2 ** 53 - 1);
  /** … and in some of them, by their ids. */
  readonly permissionsIn = new Map<string, string>();
  /** Commands of a guild's own, by its id. */
  readonly guildCommands = new Map<string, readonly unknown[]>();
  /** People's own pictures, by id. */
  readonly avatars = new Map<string, Uint8Array>();
  readonly expressions: ExpressionRoutes;
  readonly #parts: RestParts;
  readonly #routes: readonly Route[];

  constructor(parts: RestParts) {
    this.#parts = parts;
    this.expressions = new ExpressionRoutes(parts.world, (guild) =>
      BigInt(this.permissionsIn.get(guild) ?? this.guildPermissions),
    );
    this.#routes = this.#table();
    this.server = createServer((request, response) => void this.#serve(request, response));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const method = request.method ?? 'GET';
    const path = decodeURIComponent(url.pathname).replace(/^\/api\/v\d+/, '');
    const fault = this.#parts.faults.take(method, path);
    let reply: Reply | undefined;
    try {
      const body = await readBody(request);
      reply = await this.#strike(fault, async () => this.#reply(method, path, url, request, body));
    } catch (error) {
      reply = refused(error);
    }
    this.seen.push({ method, path, status: reply?.status ?? 0, atMs: this.#parts.world.clock.now() });
    this.#parts.world.changed();
    if (reply === undefined) {
      request.socket.resetAndDestroy();
      return;
    }
    this.#parts.limits.note(reply.status, reply.headers?.['x-ratelimit-scope']);
    const type = reply.json === undefined ? {} : { 'content-type': 'application/json' };
    response.writeHead(reply.status, { ...type, ...reply.headers });
    response.end(reply.bytes ?? (reply.json === undefined ? undefined : JSON.stringify(reply.json)));
  }

  /** Undefined: the connection is cut. */
  async #strike(fault: Fault | undefined, perform: () => Promise<Reply>): Promise<Reply | undefined> {
    if (fault === undefined) {
      return perform();
    }
    switch (fault.kind) {
      case 'delay':
        await new Promise((resolve) => {
          setTimeout(resolve, fault.ms);
        });
        return perform();
      case 'reset':
        if (fault.moment === 'after') {
          await perform();
        }
        return undefined;
      case 'status':
        return { status: fault.status, json: { code: fault.code ?? 0, message: fault.message ?? `${fault.status}` } };
      case 'rate-limit':
        return {
          status: 429,
          json:
            fault.hasBody === false
              ? undefined
              : {
                  message: 'You are being rate limited.',
                  retry_after: fault.retryAfterS,
                  global: fault.scope === 'global',
                },
          headers: {
            'x-ratelimit-scope': fault.scope,
            ...(fault.hasHeader === false ? {} : { 'retry-after': String(fault.retryAfterS) }),
            ...(fault.scope === 'global' ? { 'x-ratelimit-global': 'true' } : {}),
          },
        };
      default:
        return fault satisfies never;
    }
  }

  #reply(method: string, path: string, url: URL, request: IncomingMessage, body: Body): Reply {
    if (url.pathname.startsWith('/cdn/')) {
      return this.#cdn(url);
    }
    const route = this.#routes.find((each) => each.method === method && each.path.test(path));
    if (route === undefined) {
      throw refusals.noRoute();
    }
    if (route.isOpen !== true && request.headers.authorization !== `Bot ${this.#parts.token}`) {
      throw refusals.unauthorized();
    }
    const allowance = this.#parts.limits.ask(method, path);
    if (allowance?.isAllowed === false) {
      return {
        status: 429,
        json: { message: 'You are being rate limited.', retry_after: allowance.retryAfterS, global: false },
        headers: { ...allowance.headers, 'retry-after': String(allowance.retryAfterS), 'x-ratelimit-scope': 'user' },
      };
    }
    const headers = allowance?.headers ?? {};
    try {
      const json = route.answer((route.path.exec(path) ?? []).slice(1), body, url.searchParams, path);
      return { status: json === undefined ? 204 : 200, json, headers };
    } catch (error) {
      return { ...refused(error), headers };
    }
  }

  #cdn(url: URL): Reply {
    const path = url.pathname.replace(/^\/cdn/, '');
    const avatar = /^\/avatars\/(\d+)\/a\1\.png$/.exec(path)?.[1];
    if (avatar !== undefined) {
      return {
        status: 200,
        bytes: this.avatars.get(avatar) ?? new Uint8Array(),
        headers: { 'content-type': 'image/png' },
      };
    }
    const id = path.split('/')[3] ?? '';
    const posted = [...this.#parts.world.messages.values()].flatMap((message) => message.files);
    const file = this.uploads.get(id) ?? posted.find((each) => each.id === id);
    if (file === undefined || !this.#parts.messages.isSigned(path, url.searchParams)) {
      return { status: 404, json: 'This content is no longer available.' };
    }
    return { status: 200, bytes: file.data, headers: { 'content-type': file.contentType } };
  }

  /** A page of the bot's guilds, by id. */
  #guildsAfter(id: bigint, limit: number): unknown {
    return this.#parts.world.guilds
      .filter((guild) => BigInt(guild.id) > id)
      .toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1))
      .slice(0, Math.min(limit, 200))
      .map((guild) => ({
        id: guild.id,
        name: guild.name,
        permissions: this.permissionsIn.get(guild.id) ?? this.guildPermissions,
      }));
  }

  #expressionRoutes(): readonly Route[] {
    const { expressions } = this;
    return [
      {
        method: 'POST',
        path: /^\/guilds\/(\d+)\/emojis$/,
        answer: ([guild], body) => expressions.addEmoji(guild ?? '', body),
      },
      {
        method: 'POST',
        path: /^\/guilds\/(\d+)\/stickers$/,
        answer: ([guild], body) => expressions.addSticker(guild ?? '', body),
      },
      {
        method: 'DELETE',
        path: /^\/guilds\/(\d+)\/(emoji|sticker)s\/(\d+)$/,
        answer: ([guild, kind, id]) =>
          expressions.remove(guild ?? '', kind === 'sticker' ? 'sticker' : 'emoji', id ?? ''),
      },
    ];
  }

  #table(): readonly Route[] {
    const { world, messages } = this.#parts;
    const interactions = new InteractionRoutes(world, messages);
    const channels = new ChannelRoutes(world, messages);
    const application = { ...world.application, bot: { id: world.application.id }, flags: 0 };
    const overwrite = (body: Body): unknown => {
      const old = world.commands;
      const isEntryPoint = ({ type }: { readonly type?: number | undefined }): boolean => type === 4;
      if (old.some(isEntryPoint) && !JSON.stringify(body.json).includes('"type":4')) {
        throw refusals.entryPointLeftOut();
      }
      world.commands = obey(commandList, body.json).map((each) => ({
        ...each,
        id: old.find((one) => one.name === each.name && one.type === each.type)?.id ?? world.clock.nextId(),
      }));
      return listed();
    };
    const listed = (): unknown =>
      world.commands.map((each) => ({
        version: each.id,
        application_id: world.application.id,
        nsfw: false,
        default_member_permissions: null,
        ...each,
        type: each.type ?? 1,
      }));
    const get = 'GET';
    return [
      ...this.#expressionRoutes(),
      { method: get, path: /^\/gateway$/, isOpen: true, answer: () => ({ url: this.#parts.gatewayUrl() }) },
      {
        method: get,
        path: /^\/gateway\/bot$/,
        answer: () => ({
          url: this.#parts.gatewayUrl(),
          shards: this.#parts.shards,
          // As many at once as there are: nobody waits five seconds between two.
          session_start_limit: {
            total: 1000,
            remaining: 999,
            reset_after: 3_600_000,
            max_concurrency: this.#parts.shards,
          },
        }),
      },
      {
        method: get,
        path: /^\/users\/@me$/,
        answer: () => ({ ...world.application, username: 'Fourstep', bot: true }),
      },
      {
        method: get,
        path: /^\/(?:users|guilds\/\d+\/members)\/(\d+)$/,
        answer: ([id], _, __, path) => personJson(world, id ?? '', path.startsWith('/guilds/')),
      },
      {
        method: get,
        path: /^\/users\/@me\/guilds$/,
        answer: (_, __, query) => this.#guildsAfter(BigInt(query.get('after') ?? 0), Number(query.get('limit') ?? 200)),
      },
      {
        method: get,
        path: /^\/applications\/\d+\/guilds\/(\d+)\/commands$/,
        answer: ([guild]) => this.guildCommands.get(guild ?? '') ?? [],
      },
      { method: get, path: /^(?:\/oauth2)?\/applications\/@me$/, answer: () => application },
      { method: get, path: /^\/applications\/\d+\/commands$/, answer: listed },
      { method: 'PUT', path: /^\/applications\/\d+\/commands$/, answer: (_, body) => overwrite(body) },
      {
        method: 'POST',
        path: /^\/interactions\/(\d+)\/([^/]+)\/callback$/,
        isOpen: true,
        answer: ([id, token], body, query) =>
          interactions.callback(id ?? '', token ?? '', body, query.get('with_response') === 'true'),
      },
      {
        method: 'POST',
        path: /^\/webhooks\/(\d+)\/([^/]+)$/,
        isOpen: true,
        answer: ([app, token], body) => interactions.followUp(app ?? '', token ?? '', body),
      },
      {
        method: get,
        path: /^\/webhooks\/(\d+)\/([^/]+)\/messages\/(@original|\d+)$/,
        isOpen: true,
        answer: ([app, token, which]) => interactions.get(app ?? '', token ?? '', which ?? ''),
      },
      {
        method: 'PATCH',
        path: /^\/webhooks\/(\d+)\/([^/]+)\/messages\/(@original|\d+)$/,
        isOpen: true,
        answer: ([app, token, which], body) => interactions.edit(app ?? '', token ?? '', which ?? '', body),
      },
      {
        method: 'DELETE',
        path: /^\/webhooks\/(\d+)\/([^/]+)\/messages\/(@original|\d+)$/,
        isOpen: true,
        answer: ([app, token, which]) => interactions.delete(app ?? '', token ?? '', which ?? ''),
      },
      {
        method: 'POST',
        path: /^\/channels\/(\d+)\/messages$/,
        answer: ([id], body) => channels.create(id ?? '', body),
      },
      {
        method: 'POST',
        path: /^\/users\/@me\/channels$/,
        answer: (_, body) => channels.openDirect(String(Object(body.json)['recipient_id'])),
      },
      { method: get, path: /^\/channels\/(\d+)$/, answer: ([id]) => channels.look(id ?? '') },
      {
        method: get,
        path: /^\/channels\/(\d+)\/messages\/(\d+)$/,
        answer: ([id, message]) => channels.get(id ?? '', message ?? ''),
      },
      {
        method: 'PATCH',
        path: /^\/channels\/(\d+)\/messages\/(\d+)$/,
        answer: ([id, message], body) => channels.edit(id ?? '', message ?? '', body),
      },
      {
        method: 'DELETE',
        path: /^\/channels\/(\d+)\/messages\/(\d+)$/,
        answer: ([id, message]) => channels.delete(id ?? '', message ?? ''),
      },
    ];
  }
}

function personJson(world: World, id: string, isMember: boolean): unknown {
  const user = world.users.get(id);
  if (user === undefined) {
    throw refusals.unknownUser();
  }
  const json = { id, username: user.name, discriminator: '0', avatar: `a${id}` };
  return isMember ? { user: json, avatar: null, roles: [] } : json;
}

function refused(error: unknown): Reply {
  if (error instanceof Refusal) {
    return { status: error.status, json: { code: error.code, message: error.message, errors: error.details } };
  }
  return { status: 500, json: { code: 0, message: error instanceof Error ? (error.stack ?? error.message) : 'fault' } };
}
