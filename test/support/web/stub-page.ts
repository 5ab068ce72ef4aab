/** The page's server before a bot that answers at once, and requests to it as no browser would send them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createWebAdapter, type WebAdapter, type WebOptions } from '../../../src/adapters/web/index.ts';
import { SILENT_LOG } from '../bot-ports.ts';
import { createStubWorld, type StubWorld } from './stub-bot.ts';

export const OPERATOR_TOKEN = 'a long operator token';

export type StubPage = {
  readonly folder: string;
  readonly world: StubWorld;
  adapter: WebAdapter;
  /** Ends the server and starts another on the same port and folder. */
  readonly restart: (between?: (next: WebAdapter) => Promise<void>) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type StubPageOptions = {
  readonly access?: Partial<WebOptions['access']>;
  readonly options?: Partial<Omit<WebOptions, 'access' | 'ports'>>;
  readonly ports?: Partial<WebOptions['ports']>;
};

export async function openStubPage({ access, options, ports }: StubPageOptions = {}): Promise<StubPage> {
  const folder = mkdtempSync(join(tmpdir(), 'fourstep-page-'));
  const world = createStubWorld(() => page.adapter);
  const make = (port: number): Promise<WebAdapter> =>
    createWebAdapter({
      access: {
        host: '127.0.0.1',
        names: [],
        operatorToken: OPERATOR_TOKEN,
        visitorToken: undefined,
        isPublic: false,
        ...access,
      },
      port,
      isBehindProxy: false,
      folder,
      bot: world.bot,
      ports: {
        live: world.live,
        gallery: world.gallery,
        admin: { overview: async () => ({}) },
        modelLine: async () => 'moji: everyday things',
        health: {
          live: () => ({ isOk: true, body: { ok: true } }),
          ready: () => ({ isOk: false, body: { runner: 'starting' } }),
          metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
        },
        ...ports,
      },
      mounts: [{ path: '/slack/events', listener: (_request, response) => response.end('for slack') }],
      log: SILENT_LOG,
      now: () => Date.now(),
      ...options,
    });
  const page: StubPage = {
    folder,
    world,
    adapter: await make(0),
    restart: async (between) => {
      const port = Number(new URL(page.adapter.url()).port);
      await page.adapter.stop();
      page.adapter = await make(port);
      await between?.(page.adapter);
      await page.adapter.start();
    },
    close: async () => {
      await page.adapter.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await page.adapter.start();
  return page;
}

export type Answer = {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
};

/** One request over a bare socket, with any header; `fetch` sets some of them itself. */
export function ask(
  base: string,
  path: string,
  {
    headers = {},
    method = 'GET',
    body,
  }: { headers?: Record<string, string>; method?: string; body?: string | Buffer } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(`${base}${path}`, { headers, method }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A browser that has opened the page: its cookies, as it would send them. */
export async function openedCookies(base: string): Promise<string> {
  const { headers } = await ask(base, '/');
  return cookiesOf(headers);
}

export function cookiesOf(headers: Answer['headers']): string {
  const set = headers['set-cookie'] ?? [];
  return (typeof set === 'string' ? [set] : set).map((cookie) => cookie.split(';')[0]).join('; ');
}

/** A form with an action and files, as the page sends it. */
export function formOf(
  action: unknown,
  files: Readonly<Record<string, Buffer>> = {},
): { body: Buffer; headers: Record<string, string> } {
  const boundary = 'boundary-of-a-test';
  const parts = [
    Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="action"\r\n\r\n${JSON.stringify(action)}\r\n`),
    ...Object.entries(files).flatMap(([name, data]) => [
      Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="${name}"; filename="${name}.png"\r\ncontent-type: image/png\r\n\r\n`,
      ),
      data,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ];
  const body = Buffer.concat(parts);
  return {
    body,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': String(body.length) },
  };
}
