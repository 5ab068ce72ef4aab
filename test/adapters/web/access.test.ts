/** Who may use the page: names and sites it answers to, tokens, guesses, and what an address may cost. */
import { readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { needsVisitorToken } from '../../../src/adapters/web/index.ts';
import { LIMITS } from '../../../src/adapters/web/limits.ts';
import {
  ask,
  cookiesOf,
  formOf,
  openedCookies,
  openStubPage,
  OPERATOR_TOKEN,
  type StubPage,
  type StubPageOptions,
} from '../../support/web/stub-page.ts';

let opened: StubPage[] = [];
afterEach(async () => {
  await Promise.all(opened.map((page) => page.close()));
  opened = [];
});

async function open(options: StubPageOptions = {}): Promise<{ page: StubPage; base: string }> {
  const page = await openStubPage(options);
  opened.push(page);
  return { page, base: page.adapter.url().replace('0.0.0.0', '127.0.0.1') };
}

const token = (text: string, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body: `token=${encodeURIComponent(text)}`,
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
});

describe('a foreign site', () => {
  it('is refused by its name, its origin, and by what the browser says of it', async () => {
    const { base } = await open();
    expect((await ask(base, '/', { headers: { host: 'evil.example' } })).status).toBe(403);
    expect((await ask(base, '/', { headers: { host: '192.168.1.7' } })).status).toBe(403);
    expect((await ask(base, '/api/act', { method: 'POST', headers: { origin: 'http://evil.example' } })).status).toBe(
      403,
    );
    for (const site of ['cross-site', 'same-site']) {
      for (const path of ['/api/events', '/api/hello', '/api/live', '/gallery/a/0', '/page/app.js']) {
        expect((await ask(base, path, { headers: { 'sec-fetch-site': site } })).status).toBe(403);
      }
    }
    expect((await ask(base, '/', { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(200);
    expect((await ask(base, '/api/hello', { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200);
  });
});

describe('a page that can be reached from other machines', () => {
  it.each([
    [{ host: '127.0.0.1' }, false],
    [{ host: 'localhost' }, false],
    [{ host: '0.0.0.0' }, true],
    [{ host: '0.0.0.0', isPublic: true }, false],
    [{ host: '127.0.0.1', names: ['draw.example'] }, true],
    [{ host: '127.0.0.1', visitorToken: 'their token' }, true],
  ])('%j: asks visitors for a token: %s', (access, isAsked) => {
    const all = { names: [], operatorToken: OPERATOR_TOKEN, visitorToken: undefined, isPublic: false, ...access };
    expect(needsVisitorToken(all)).toBe(isAsked);
  });

  it('answers to addresses and to the names it was given alone', async () => {
    const { base } = await open({ access: { host: '0.0.0.0', names: ['draw.example'], isPublic: true } });
    expect((await ask(base, '/', { headers: { host: 'draw.example:7777' } })).status).toBe(200);
    expect((await ask(base, '/', { headers: { host: '192.168.1.7:7777' } })).status).toBe(200);
    expect((await ask(base, '/', { headers: { host: 'rebound.example' } })).status).toBe(403);
  });

  it('asks for a token, draws for nobody without, and lets in with the visitors’ token and the operator’s', async () => {
    for (const right of ['the visitors’ own', OPERATOR_TOKEN]) {
      const { base, page } = await open({ access: { host: '0.0.0.0', visitorToken: 'the visitors’ own' } });
      const asked = await ask(base, '/');
      expect(asked.body).toContain('/api/visitor');
      const cookie = cookiesOf(asked.headers);
      for (const path of ['/api/hello', '/api/events', '/api/gallery', '/gallery/a/0', '/api/suggest']) {
        expect((await ask(base, path, { headers: { cookie } })).status).toBe(401);
      }
      const { body, headers } = formOf({ kind: 'command', name: 'imagine', options: { prompt: 'x' } });
      expect((await ask(base, '/api/act', { method: 'POST', body, headers: { ...headers, cookie } })).status).toBe(401);
      expect((await ask(base, '/api/visitor', token('wrong', { cookie }))).headers['location']).toBe('/?token=wrong');
      const entered = await ask(base, '/api/visitor', token(right, { cookie }));
      expect(entered).toMatchObject({ status: 303, headers: { location: '/' } });
      const both = `${cookie}; ${cookiesOf(entered.headers)}`;
      expect((await ask(base, '/', { headers: { cookie: both } })).body).toContain('id="prompt"');
      expect(
        (await ask(base, '/api/act', { method: 'POST', body, headers: { ...headers, cookie: both } })).status,
      ).toBe(200);
      expect(page.world.invocations).toHaveLength(1);
      expect((await ask(base, '/api/admin', { headers: { cookie: both } })).status).toBe(403);
      const elsewhere = `${await openedCookies(base)}; ${cookiesOf(entered.headers)}`;
      expect((await ask(base, '/api/hello', { headers: { cookie: elsewhere } })).status).toBe(401);
    }
  });
});

describe('guesses at the operator’s token', () => {
  it('are stopped for the address that guesses, and for no other', async () => {
    const { base } = await open({ options: { isBehindProxy: true } });
    const from = async (address: string, text: string, cookie: string) =>
      ask(base, '/api/operator', token(text, { cookie, 'x-forwarded-for': `1.2.3.4, ${address}` }));
    const guesser = await openedCookies(base);
    for (let guess = 0; guess < LIMITS.wrongTokensPerMinute; guess += 1) {
      expect((await from('203.0.113.9', `guess ${guess}`, guesser)).status).toBe(400);
    }
    const stopped = await from('203.0.113.9', OPERATOR_TOKEN, guesser);
    expect(stopped.status).toBe(429);
    expect(Number(stopped.headers['retry-after'])).toBeGreaterThan(0);
    const operator = await openedCookies(base);
    const entered = await from('198.51.100.2', OPERATOR_TOKEN, operator);
    expect(entered.status).toBe(200);
    const both = `${operator}; ${cookiesOf(entered.headers)}`;
    expect((await ask(base, '/api/admin', { headers: { cookie: both } })).status).toBe(200);
    expect(
      (await ask(base, '/api/admin', { headers: { cookie: `${guesser}; ${cookiesOf(entered.headers)}` } })).status,
    ).toBe(403);
  });
});

describe('an address', () => {
  it('acts so many times a minute, whatever cookies it sends', async () => {
    const { base } = await open();
    const { body, headers } = formOf({ kind: 'button', id: 'info', message: 'm' });
    const statuses = [];
    for (let index = 0; index < LIMITS.actionsPerMinute + 5; index += 1) {
      const { status } = await ask(base, '/api/act', { method: 'POST', body, headers });
      statuses.push(status);
    }
    expect(statuses.filter((status) => status === 200)).toHaveLength(LIMITS.actionsPerMinute);
    expect(statuses.filter((status) => status === 429)).toHaveLength(5);
  });

  it('is one person to the queue where it keeps no cookies, or brings ever new ones', async () => {
    const { base, page } = await open();
    const { body, headers } = formOf({ kind: 'command', name: 'imagine', options: { prompt: 'x' } });
    const people = async (): Promise<number> => new Set(page.world.invocations.map(({ actor }) => actor.user)).size;
    for (let index = 0; index < 3; index += 1) {
      await ask(base, '/api/act', { method: 'POST', body, headers });
    }
    expect(await people()).toBe(1);
    for (let index = 0; index < LIMITS.newPeoplePerHour + 5; index += 1) {
      await openedCookies(base);
    }
    expect(await openedCookies(base)).toBe('');
  });
});

describe('a body', () => {
  it('that is too large is refused before it is read, and as soon as it is where it does not say so', async () => {
    const { base, page } = await open();
    const declared = await ask(base, '/api/act', {
      method: 'POST',
      body: Buffer.alloc(0),
      headers: { ...formOf({}).headers, 'content-length': String(300 * 1024 * 1024) },
    }).catch(() => undefined);
    expect(declared?.status ?? 413).toBe(413);
    const beforeKb = process.resourceUsage().maxRSS;
    expect(await sendEndless(base)).toBe('refused');
    expect((process.resourceUsage().maxRSS - beforeKb) / 1024).toBeLessThan(120);
    await expect.poll(() => readdirSync(join(page.folder, 'incoming'))).toEqual([]);
  });

  it('is one of few at a time, and leaves nothing behind', async () => {
    const { base, page } = await open();
    const held = await Promise.all(Array.from({ length: LIMITS.uploadsPerAddress }, () => beginUpload(base)));
    const { body, headers } = formOf({ kind: 'button', id: 'info', message: 'm' });
    expect((await ask(base, '/api/act', { method: 'POST', body, headers })).status).toBe(503);
    held.forEach((end) => end());
    await expect.poll(async () => (await ask(base, '/api/act', { method: 'POST', body, headers })).status).toBe(200);
    await expect.poll(() => readdirSync(join(page.folder, 'incoming'))).toEqual([]);
  });

  it('with a file reaches the bot as it is', async () => {
    const { base, page } = await open();
    const image = Buffer.alloc(300_000, 'picture');
    const { body, headers } = formOf({ kind: 'command', name: 'imagine', options: { prompt: 'x' } }, { image });
    await ask(base, '/api/act', { method: 'POST', body, headers });
    const { action } = page.world.invocations[0] ?? {};
    const upload = action?.kind === 'command' ? action.options['image'] : undefined;
    expect(upload).toMatchObject({ name: 'image.png', sizeBytes: 300_000 });
    await expect.poll(() => page.world.uploads.map((bytes) => image.equals(bytes))).toEqual([true]);
  });

  /** Sends 400 MB without saying so first, unless it is refused before. */
  function sendEndless(base: string): Promise<'refused' | 'taken'> {
    return new Promise((resolve) => {
      const { headers } = formOf({});
      const sent = request(`${base}/api/act`, {
        method: 'POST',
        headers: { 'content-type': headers['content-type'] ?? '', 'transfer-encoding': 'chunked' },
      });
      let bytes = 0;
      const chunk = Buffer.alloc(1024 * 1024);
      const more = (): void => {
        if (bytes >= 400 * 1024 * 1024) {
          sent.end();
        } else if (!sent.destroyed) {
          bytes += chunk.length;
          sent.write(chunk, () => setImmediate(more));
        }
      };
      sent.on('error', () => resolve('refused'));
      sent.on('response', (response) => {
        resolve(response.statusCode === 413 ? 'refused' : 'taken');
        sent.destroy();
      });
      sent.write('--boundary-of-a-test\r\ncontent-disposition: form-data; name="image"; filename="x"\r\n\r\n');
      more();
    });
  }

  /** An upload that has begun and goes on; ends it. */
  function beginUpload(base: string): Promise<() => void> {
    return new Promise((resolve) => {
      const { headers } = formOf({});
      const sent = request(`${base}/api/act`, {
        method: 'POST',
        headers: { 'content-type': headers['content-type'] ?? '' },
      });
      sent.on('error', () => undefined);
      sent.write('--boundary-of-a-test\r\ncontent-disposition: form-data; name="image"; filename="x"\r\n\r\nabc', () =>
        setTimeout(() => resolve(() => sent.destroy()), 100),
      );
    });
  }
});
