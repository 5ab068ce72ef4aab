/** The page's HTTP server without a browser: who is let in, and what each address answers. */
import { mkdtempSync, rmSync, statSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { packageFolder } from '../../../config/paths.ts';
import { createWebAdapter, type WebAdapter } from '../../../src/adapters/web/index.ts';
import { createStubWorld, type StubWorld } from '../../support/web/stub-bot.ts';

let folder: string;
let adapter: WebAdapter;
let world: StubWorld;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-web-'));
  world = createStubWorld(() => adapter);
  adapter = await createWebAdapter({
    host: '127.0.0.1',
    port: 0,
    operatorToken: 'operator token',
    folder,
    bot: () => world.bot,
    ports: {
      live: world.live,
      gallery: world.gallery,
      admin: { overview: async () => ({}) },
      health: {
        live: () => ({ isOk: true, body: { ok: true } }),
        ready: () => ({ isOk: false, body: { runner: 'starting' } }),
        metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: 'up 1\n' }),
      },
      fault: () => 'a calm sentence',
    },
    mounts: [{ path: '/slack/events', listener: (_request, response) => response.end('for slack') }],
    now: () => 0,
  });
  await adapter.start();
});
afterAll(async () => {
  await adapter.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** fetch cannot set Host; this can. */
function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request(`${adapter.url()}${path}`, { headers, method }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end();
  });
}

describe('the page’s server', () => {
  it('answers health and metrics under any name', async () => {
    expect(await get('/healthz', { host: 'pod.cluster' })).toMatchObject({ status: 200 });
    expect(await get('/readyz')).toEqual({ status: 503, body: '{"runner":"starting"}' });
    expect(await get('/metrics')).toEqual({ status: 200, body: 'up 1\n' });
  });

  it('refuses a foreign host and a foreign origin', async () => {
    expect((await get('/', { host: 'evil.example' })).status).toBe(403);
    expect((await get('/api/act', { origin: 'http://evil.example' }, 'POST')).status).toBe(403);
    expect((await get('/')).status).toBe(200);
  });

  it('hands the mounted path on and serves nothing outside the page', async () => {
    expect((await get('/slack/events')).body).toBe('for slack');
    expect((await get('/page/../index.ts')).status).toBe(404);
    expect((await get('/page/..%2findex.ts')).status).toBe(404);
    expect((await get('/files/00000000000000000000000000000000/x.png')).status).toBe(404);
    expect((await get('/gallery/nothing/0')).status).toBe(404);
  });

  it('keeps the admin’s view behind the token, and stops guessing', async () => {
    expect((await get('/api/admin')).status).toBe(403);
    const attempt = async (token: string): Promise<number> => {
      const body = new FormData();
      body.set('token', token);
      return (await fetch(`${adapter.url()}/api/operator`, { method: 'POST', body })).status;
    };
    expect(await attempt('operator token')).toBe(200);
    for (let guess = 0; guess < 10; guess += 1) {
      expect(await attempt(`guess ${guess}`)).toBe(403);
    }
    expect(await attempt('operator token')).toBe(403);
  });

  it('answers broken requests in one sentence', async () => {
    const body = new FormData();
    body.set('action', '{"kind":"button"}');
    const response = await fetch(`${adapter.url()}/api/act`, { method: 'POST', body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/reload it/) });
  });

  it('shows a private answer to nobody else', async () => {
    const body = new FormData();
    body.set('action', JSON.stringify({ kind: 'button', id: 'info', message: 'm' }));
    const first = await fetch(`${adapter.url()}/api/act`, { method: 'POST', body });
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
    const messagesOf = async (headers: Record<string, string>): Promise<number> => {
      const hello: unknown = await (await fetch(`${adapter.url()}/api/hello`, { headers })).json();
      return z.object({ messages: z.array(z.unknown()) }).parse(hello).messages.length;
    };
    expect(await messagesOf({ cookie })).toBe(1);
    expect(await messagesOf({})).toBe(0);
  });

  it('is at most 60 kB of script and style', () => {
    const page = join(packageFolder, 'src/adapters/web/page');
    const bytes = readdirSync(page).reduce((total, name) => total + statSync(join(page, name)).size, 0);
    expect(bytes).toBeLessThan(60_000);
  });
});
