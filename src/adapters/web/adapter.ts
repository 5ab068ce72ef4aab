/** The local page: the same commands, answers and buttons as in a chat, and the one HTTP server of the process. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { getRequestListener } from '@hono/node-server';

import type { Adapter, Bot } from '../../core/chat.ts';
import { UserError } from '../../core/errors.ts';
import type { Log } from '../../bot/index.ts';
import type { Access } from './access.ts';
import { FormReceiver } from './uploads.ts';
import { History } from './history.ts';
import { addressOf } from './identity.ts';
import { LIMITS, type PageLimits, type PageUsage } from './limits.ts';
import { Places } from '../../core/places.ts';
import type { WebPorts } from './ports.ts';
import { createServerApp } from './http.ts';
import { WebChat } from './web-chat.ts';

export type WebOptions = {
  readonly access: Access;
  readonly port: number;
  /** Those of `LIMITS` where nothing is given. */
  readonly limits?: Partial<PageLimits>;
  /** The last of `X-Forwarded-For` is the visitor's address: a proxy in front says it. */
  readonly isBehindProxy: boolean;
  /** Where the page's chat is kept. */
  readonly folder: string;
  readonly bot: Bot;
  readonly ports: WebPorts;
  /** Other listeners on the same port, by path prefix: `/slack/events`. */
  readonly mounts: readonly { readonly path: string; readonly listener: RequestListener }[];
  readonly log: Log;
  readonly now: () => number;
  readonly onAcknowledged?: (ms: number) => void;
};

export type WebAdapter = Adapter & { readonly url: () => string; readonly usage: () => PageUsage };

export async function createWebAdapter(options: WebOptions): Promise<WebAdapter> {
  const { access, port, isBehindProxy, ports, log, now, onAcknowledged } = options;
  const { host } = access;
  const limits = { ...LIMITS, ...options.limits };
  const history = await History.open(options.folder, { messages: limits.messages, bytes: limits.historyBytes });
  const seats = new Places();
  const forms = await FormReceiver.open(join(options.folder, 'incoming'), limits);
  const chat = new WebChat({ history, bot: options.bot, log, now, onAcknowledged });
  const app = createServerApp({ access, isBehindProxy, chat, forms, seats, limits, ports, log, now });
  const pageListener = getRequestListener(app.fetch);
  const mounted = new Places();
  const server = createServer((request, response) => {
    const mount = options.mounts.find(
      ({ path }) => request.url === path || request.url?.startsWith(`${path}?`) === true,
    );
    if (mount === undefined) {
      void pageListener(request, response);
      return;
    }
    const giveBack = mounted.take([
      { key: 'all', max: LIMITS.mounted },
      { key: addressOf(request, isBehindProxy), max: LIMITS.mountedPerAddress },
    ]);
    if (giveBack === undefined) {
      response.writeHead(503, { connection: 'close', 'retry-after': '1' }).end();
      return;
    }
    response.once('close', giveBack);
    mount.listener(request, response);
  });

  return {
    platform: chat.platform,
    deliver: (address, message, deliverOptions) => chat.deliver(address, message, deliverOptions),
    remove: (address) => chat.remove(address),
    post: (channel, message, key) => chat.post(channel, message, key),
    start: () => listen(server, host, port),
    stop: async () => {
      await chat.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
    readiness: () => ({
      isReady: server.listening,
      detail: server.listening ? `page at ${urlOf(server, host)}` : 'page is not listening',
    }),
    url: () => urlOf(server, host),
    usage: () => ({
      streams: seats.taken('all'),
      ...forms.usage,
      platforms: mounted.taken('all'),
      historyBytes: history.bytes,
    }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const what =
        cause.code === 'EADDRINUSE'
          ? 'is taken by another program'
          : `cannot be opened (${cause.code ?? cause.message})`;
      reject(
        new UserError(
          'web.listen',
          `Expected to listen on ${host}:${port}, but that address ${what}. Set PORT to a free one.`,
          { cause },
        ),
      );
    });
    server.listen(port, host, () => resolve());
  });
}

function urlOf(server: Server, host: string): string {
  // `address()` is a string for pipes and null before listening; we only ever listen on TCP.
  const address = server.address() as AddressInfo | null;
  return `http://${host.includes(':') ? `[${host}]` : host}:${address?.port ?? 0}`;
}
