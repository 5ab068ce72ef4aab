/** The page's HTTP server without a browser: who is let in, what each address answers, and what broken requests end as. */
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';

import { packageFolder } from '../../../config/paths.ts';
import { LIMITS } from '../../../src/adapters/web/limits.ts';
import { ask, cookiesOf, formOf, openedCookies, openStubPage, type StubPage } from '../../support/web/stub-page.ts';

let page: StubPage;
const base = (): string => page.adapter.url();
const act = (action: unknown, cookie = '') => {
  const { body, headers } = formOf(action);
  return ask(base(), '/api/act', { method: 'POST', body, headers: { ...headers, cookie } });
};

beforeAll(async () => {
  page = await openStubPage();
});
afterAll(() => page.close());

describe('the page’s server', () => {
  it('answers health and metrics under any name', async () => {
    expect(await ask(base(), '/healthz', { headers: { host: 'pod.cluster' } })).toMatchObject({ status: 200 });
    expect(await ask(base(), '/readyz')).toMatchObject({ status: 503, body: '{"runner":"starting"}' });
    expect(await ask(base(), '/metrics')).toMatchObject({ status: 200, body: 'up 1\n' });
  });

  it('hands the mounted path on and serves nothing outside the page', async () => {
    expect((await ask(base(), '/slack/events')).body).toBe('for slack');
    for (const path of [
      '/page/../index.ts',
      '/page/..%2findex.ts',
      '/page/__proto__',
      '/page/constructor',
      '/files/00000000000000000000000000000000/x.png',
      '/files/__proto__/x.png',
      '/gallery/nothing/0',
      '/gallery/__proto__/1e3',
    ]) {
      expect(await ask(base(), path)).toMatchObject({ status: 404 });
    }
  });

  it('serves its files small, and not again where the browser has them', async () => {
    const headers = { 'accept-encoding': 'gzip, br' };
    const first = await ask(base(), '/page/app.js', { headers });
    expect(first.headers).toMatchObject({ 'content-encoding': 'br', 'cache-control': 'no-cache' });
    const etag = String(first.headers['etag']);
    const again = await ask(base(), '/page/app.js', { headers: { ...headers, 'if-none-match': etag } });
    expect(again).toMatchObject({ status: 304, body: '' });
  });

  it('is at most 90 kB of script and style, compressed', () => {
    const folder = join(packageFolder, 'src/adapters/web/page');
    const bytes = readdirSync(folder).reduce(
      (total, name) => total + brotliCompressSync(readFileSync(join(folder, name))).length,
      0,
    );
    expect(bytes).toBeLessThan(90_000);
  });
});

describe('a request that is broken', () => {
  const broken: readonly (readonly [
    string,
    string,
    { method?: string; body?: string; headers?: Record<string, string> },
  ])[] = [
    ['an action that is none', '/api/act', { method: 'POST', ...textForm('{"kind":"button"}') }],
    ['an action that is no JSON', '/api/act', { method: 'POST', ...textForm('{') }],
    ['a form that breaks off', '/api/act', { method: 'POST', body: '--x\r\ncontent-', headers: multipart('x') }],
    [
      'a form without its boundary',
      '/api/act',
      { method: 'POST', body: 'x', headers: { 'content-type': 'multipart/form-data' } },
    ],
    ['no form at all', '/api/act', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }],
    [
      'live words that are no JSON',
      '/api/live',
      { method: 'POST', body: '{"prompt":', headers: { 'content-type': 'application/json' } },
    ],
    ['a token in a torn form', '/api/operator', { method: 'POST', body: '--x\r\n', headers: multipart('x') }],
  ];

  function multipart(boundary: string): Record<string, string> {
    return { 'content-type': `multipart/form-data; boundary=${boundary}` };
  }
  function textForm(action: string): { body: string; headers: Record<string, string> } {
    return {
      body: `--x\r\ncontent-disposition: form-data; name="action"\r\n\r\n${action}\r\n--x--\r\n`,
      headers: multipart('x'),
    };
  }

  it.each(broken)('%s ends in one sentence', async (_what, path, options) => {
    const { status, body } = await ask(base(), path, options);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(z.object({ error: z.string().min(10) }).parse(JSON.parse(body)).error).not.toMatch(/calm sentence|[{}]/);
  });

  it('with a cookie of foreign letters is answered like one without', async () => {
    const cookie = 'fourstep_session=é; fourstep_operator=ääääääää; fourstep_browser=\u00ff';
    for (const path of ['/', '/api/hello', '/api/admin']) {
      expect(
        (await ask(base(), path, { headers: { cookie: Buffer.from(cookie).toString('latin1') } })).status,
      ).toBeLessThan(404);
    }
  });
});

describe('a person of the page', () => {
  it('is known by a secret that stands in no answer, and nobody becomes them by what is shown', async () => {
    const cookie = await openedCookies(base());
    await act({ kind: 'command', name: 'imagine', options: { prompt: 'a fox' } }, cookie);
    await act({ kind: 'button', id: 'info', message: 'm' }, cookie);
    const secret = /fourstep_session=([\w-]+)/.exec(cookie)?.[1] ?? '';
    expect(secret).toHaveLength(43);
    const mine = await ask(base(), '/api/hello', { headers: { cookie } });
    expect(mine.body).not.toContain(secret);
    expect(messagesIn(mine.body)).toBe(2);
    const person = page.world.invocations.at(-1)?.actor.user.replace('web:', '') ?? '';
    expect(mine.body).not.toContain(person);
    for (const stolen of [
      `fourstep_browser=${person}`,
      `fourstep_session=${person}`,
      `fourstep_session=${person}; fourstep_browser=${person}`,
    ]) {
      const theirs = await ask(base(), '/api/hello', { headers: { cookie: stolen } });
      expect(messagesIn(theirs.body)).toBe(1);
    }
  });

  it('that was known by an old cookie begins anew', async () => {
    const { headers } = await ask(base(), '/', { headers: { cookie: `fourstep_browser=${'a'.repeat(24)}` } });
    const set = headers['set-cookie'] ?? [];
    expect([set].flat().join('\n')).toMatch(/fourstep_browser=;.*Max-Age=0/);
    expect(cookiesOf(headers)).toMatch(/fourstep_session=[\w-]{43}/);
  });

  it('keeps private answers out of every cache', async () => {
    expect((await ask(base(), '/api/hello')).headers['cache-control']).toBe('no-store');
    expect((await ask(base(), '/api/gallery')).headers['cache-control']).toBe('no-store');
    expect((await ask(base(), '/api/admin')).headers['cache-control']).toBe('no-store');
  });

  function messagesIn(hello: string): number {
    return z.object({ messages: z.array(z.unknown()) }).parse(JSON.parse(hello)).messages.length;
  }
});

describe('the event stream', () => {
  it('takes no seat for a HEAD, and gives every seat back when its reader leaves', async () => {
    for (let index = 0; index < LIMITS.streams + 6; index += 1) {
      expect((await ask(base(), '/api/events', { method: 'HEAD' })).status).toBe(200);
    }
    for (let round = 0; round < 3; round += 1) {
      const cookie = await openedCookies(base());
      const streams = await Promise.all(Array.from({ length: LIMITS.streamsPerPerson + 2 }, () => openStream(cookie)));
      expect(streams.filter(({ status }) => status === 200)).toHaveLength(LIMITS.streamsPerPerson);
      expect(streams.filter(({ status }) => status === 503)).toHaveLength(2);
      streams.forEach(({ leave }) => leave());
      await expect
        .poll(async () => {
          const probe = await openStream(cookie);
          probe.leave();
          return probe.status;
        })
        .toBe(200);
    }
  });

  it('is not all taken by one address', async () => {
    const cookies = await Promise.all(Array.from({ length: 6 }, () => openedCookies(base())));
    const streams = await Promise.all(
      cookies.flatMap((cookie) => Array.from({ length: LIMITS.streamsPerPerson }, () => openStream(cookie))),
    );
    expect(streams.filter(({ status }) => status === 200)).toHaveLength(LIMITS.streamsPerAddress);
    streams.forEach(({ leave }) => leave());
  });

  function openStream(cookie: string): Promise<{ status: number; leave: () => void }> {
    const { port } = new URL(base());
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(`GET /api/events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncookie: ${cookie}\r\n\r\n`),
      );
      socket.once('data', (data) =>
        resolve({ status: Number(/^HTTP\/1.1 (\d+)/.exec(String(data))?.[1]), leave: () => socket.destroy() }),
      );
      socket.once('error', reject);
    });
  }
});
