/**
 * Requests as no browser sends them, over real sockets to the whole bot: paths, methods, headers, cookies, JSON, forms and
 * files, and what comes signed from Slack and Discord. Every one is answered, none with a fault of ours, and no file,
 * seat or body stays behind.
 */
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { SignedInteractions, INTERACTIONS_PATH } from '../../src/adapters/discord/http.ts';
import { parseInteraction } from '../../src/adapters/discord/parse.ts';
import { createSlackAdapter, EVENTS_PATH } from '../../src/adapters/slack/index.ts';
import { encodePng } from '../../src/image/index.ts';
import { ScriptedBot, SIGNING_SECRET } from '../adapters/slack/stage.ts';
import { SILENT_LOG } from '../support/bot-ports.ts';
import { signature } from '../support/discord/endpoint.ts';
import { coloured } from '../support/web/stub-bot.ts';
import { cookiesOf, ask } from '../support/web/stub-page.ts';
import { openWholePage, type WholePage } from '../support/web/whole-page.ts';
import { growthOf, MOST, seedsOf, WITHIN_MS } from './budget.ts';
import { below, pick, type Random, randomOf, textOf, torn, twisted } from './inputs.ts';
import { INTERACTION, SLACK } from './payloads.ts';
import { uploadOf } from '../support/upload.ts';

let page: WholePage;
let slackApi: Server;
let discordKey: KeyObject;
let port = 0;
let png: Uint8Array;
const cookies: string[] = ['', 'fourstep_session=x', 'fourstep_session=\u00e9; fourstep_name=%E2%82', '__proto__=1'];
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  slackApi = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    const isAboutUs = request.url?.endsWith('auth.test') === true;
    response.end(
      isAboutUs
        ? '{"ok":true,"team_id":"T1","team":"T","user_id":"U9","bot_id":"B9","url":"https://t.slack.com/"}'
        : '{"ok":false,"error":"channel_not_found"}',
    );
  });
  await new Promise<void>((resolve) => slackApi.listen(0, '127.0.0.1', resolve));
  const slack = createSlackAdapter({
    botToken: 'xoxb-x',
    transport: { kind: 'http', signingSecret: SIGNING_SECRET },
    apiUrl: `http://127.0.0.1:${portOf(slackApi)}/api`,
    bot: new ScriptedBot(),
    log: SILENT_LOG,
    timing: { patienceMs: 50, firstPauseMs: 10, processingPausesMs: [], sharePausesMs: [] },
  });
  await slack.start();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  discordKey = privateKey;
  const discord = new SignedInteractions({
    publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'),
    now: () => Date.now(),
    onInteraction: (payload) => {
      parseInteraction(payload, {
        now: () => 1,
        monotonicMs: () => 1,
        guildName: () => undefined,
        isNsfw: () => undefined,
        upload: ({ filename }) => uploadOf(filename, new Uint8Array(), 1),
      });
    },
  });
  discord.open();
  page = await openWholePage({
    isBehindProxy: true,
    mounts: [...slack.mounts, { path: INTERACTIONS_PATH, listener: discord.listener }],
  });
  port = Number(new URL(page.url).port);
  png = (await encodePng(coloured('fuzz'))).data;
  const { headers } = await ask(page.url, '/');
  cookies.push(cookiesOf(headers), `${cookiesOf(headers)}; fourstep_operator=0; fourstep_name=Ada`);
  const asOperator = await ask(page.url, '/api/operator', {
    method: 'POST',
    headers: { cookie: cookiesOf(headers), 'content-type': 'application/x-www-form-urlencoded' },
    body: 'token=a+long+operator+token',
  });
  cookies.push(`${cookiesOf(headers)}; ${cookiesOf(asOperator.headers)}`);
  ends.push(
    async () => page.close(),
    async () => slack.stop(),
    async () => void slackApi.close(),
  );
});

afterAll(async () => {
  for (const end of ends) {
    await end();
  }
});

const METHODS = ['GET', 'POST', 'HEAD', 'DELETE', 'PUT', 'OPTIONS', 'PATCH', 'TRACE', 'M-SEARCH'] as const;
const PATHS = [
  '/', '/page/app.js', '/page/__proto__', '/api/hello', '/api/events', '/api/act', '/api/live', '/api/gallery', '/api/admin', '/api/operator', '/api/visitor',
  '/api/suggest?command=imagine&option=style&partial=n', '/api/messages/x', '/api/styles/neon/picture', '/gallery/a/0', '/files/00000000000000000000000000000000/a.png',
  '/healthz', '/readyz', '/metrics', EVENTS_PATH, INTERACTIONS_PATH,
] as const; // prettier-ignore
const PRESSES = [
  '1.u1.job',
  '1.forget-me',
  '1.panel.steps',
  '1.reroll.x',
  '1.emoji.x',
  '1.save.x',
  '1.take-back.emoji.1',
];
const COMMANDS = ['imagine', 'style list', 'style add', 'style edit', 'style default', 'settings', 'queue', 'info', 'help', 'mydata export', 'mydata delete', '__proto__']; // prettier-ignore

type Sent = {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: Buffer;
};
type Surface = { readonly name: string; readonly of: (random: Random) => Sent };

/** Without halves of letters, which cannot be encoded. */
const wellFormed = (text: string): string => Buffer.from(text).toString();
const visible = (text: string): string => text.replaceAll(/[^\u0021-\u007e]/gu, '');

function actionOf(random: Random): unknown {
  const options = twisted({ prompt: textOf(random), seed: 7, size: '16x16', count: 1, style: 'neon', strength: 0.5, quality: 'draft' }, random); // prettier-ignore
  const id = random() < 0.5 ? pick(random, PRESSES) : `1.${textOf(random)}`;
  return twisted(
    pick(random, [
      { kind: 'command', name: pick(random, COMMANDS), options },
      { kind: 'text', text: random() < 0.5 ? textOf(random) : `/${pick(random, COMMANDS)} ${textOf(random)}` },
      { kind: 'button', id, message: 'm' },
      { kind: 'select', id, message: 'm', values: [textOf(random)] },
      { kind: 'form', id, message: null, fields: { prompt: textOf(random), options: textOf(random), name: 'x' } },
    ]),
    random,
  );
}

function formOf(
  random: Random,
  parts: readonly (readonly [string, string | Uint8Array, string?])[],
): Sent['body'] & Buffer {
  const boundary = 'b';
  const pieces = parts.flatMap(([name, value, file]) => {
    const naming = `form-data; name="${random() < 0.05 ? visible(textOf(random)) : name}"`;
    const filing = file === undefined ? '' : `; filename="${random() < 0.1 ? visible(textOf(random)) : file}"`;
    const kind = file === undefined ? '' : '\r\ncontent-type: image/png';
    return [
      Buffer.from(`--${boundary}\r\ncontent-disposition: ${naming}${filing}${kind}\r\n\r\n`),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ];
  });
  const whole = Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
  return random() < 0.2 ? Buffer.from(torn(whole, random)) : whole;
}

/** Each from an address of its own: what one address may is tested elsewhere. */
function headersOf(random: Random): Record<string, string> {
  const address = `10.${below(random, 256)}.${below(random, 256)}.${below(random, 256)}`;
  return {
    host: `127.0.0.1:${port}`,
    'x-forwarded-for': random() < 0.05 ? visible(textOf(random)) : address,
    cookie: pick(random, cookies),
    ...(random() < 0.05 ? { 'sec-fetch-site': pick(random, ['cross-site', 'same-origin', 'x']) } : {}),
    ...(random() < 0.05 ? { 'accept-language': visible(textOf(random)) } : {}),
    ...(random() < 0.1 ? { [pick(random, ['origin', 'accept-encoding', 'if-none-match', 'range', 'expect', 'host', 'upgrade', 'content-type'])]: visible(textOf(random)) } : {}),
  }; // prettier-ignore
}

const withForm = (random: Random, path: string, body: Buffer): Sent => ({
  method: 'POST',
  path,
  headers: {
    ...headersOf(random),
    'content-type': random() < 0.05 ? visible(textOf(random)) : 'multipart/form-data; boundary=b',
    ...(random() < 0.05 ? { 'content-length': pick(random, ['-1', '0', '99', 'x', '9'.repeat(30)]) } : {}),
  },
  body,
});

const SURFACES: readonly Surface[] = [
  {
    name: 'addresses',
    of: (random) => {
      const path = pick(random, PATHS);
      const odd = encodeURI(wellFormed(`${path}/${textOf(random)}`)).slice(0, 4000);
      return {
        method: random() < 0.6 ? 'GET' : pick(random, METHODS),
        path: random() < 0.5 ? path : random() < 0.5 ? odd : visible(`${path}${textOf(random)}`),
        headers: headersOf(random),
      };
    },
  },
  {
    name: 'actions of the page',
    of: (random) => {
      const json = JSON.stringify(actionOf(random)) ?? '';
      const file = random() < 0.3 ? [['image', torn(png, random), 'a.png'] as const] : [];
      const more = random() < 0.1 ? Array.from({ length: below(random, 12) }, () => ['x', 'y'] as const) : [];
      return withForm(random, '/api/act', formOf(random, [['action', json], ...file, ...more]));
    },
  },
  {
    name: 'live pictures',
    of: (random) => {
      const options = { prompt: textOf(random), seed: 7, size: '64x64', count: 1, style: textOf(random) };
      const json = JSON.stringify(twisted({ options, isDraft: true }, random)) ?? '';
      const file = random() < 0.2 ? [['image', torn(png, random), 'a.png'] as const] : [];
      return withForm(random, '/api/live', formOf(random, [['request', json], ...file]));
    },
  },
  {
    name: 'tokens',
    of: (random) => ({
      method: pick(random, ['POST', 'POST', 'DELETE']),
      path: pick(random, ['/api/operator', '/api/visitor']),
      headers: { ...headersOf(random), 'content-type': pick(random, ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', 'text/plain']) },
      body: random() < 0.5 ? Buffer.from(`token=${textOf(random)}`) : formOf(random, [['token', textOf(random)]]),
    }), // prettier-ignore
  },
  {
    name: 'requests of Slack',
    of: (random) => {
      const payload = twisted(SLACK, random);
      const fields = typeof payload === 'object' && payload !== null ? Object.entries(payload) : [];
      const slash = new URLSearchParams(fields.map(([key, value]): [string, string] => [key, typeof value === 'string' ? wellFormed(value) : 'x'])).toString(); // prettier-ignore
      const event = JSON.stringify(twisted({ type: 'event_callback', team_id: 'T1', event_id: `E${random()}`, event: { type: 'app_mention', user: 'U1', text: '<@U9> a fox', channel: 'C1', ts: '1.1', files: [{ id: 'F' }] } }, random)) ?? ''; // prettier-ignore
      const body = pick(random, [
        slash,
        `payload=${encodeURIComponent(wellFormed(JSON.stringify(payload) ?? ''))}`,
        event,
        textOf(random),
      ]);
      const seconds = String(Math.floor(Date.now() / 1000));
      const signed = createHmac('sha256', SIGNING_SECRET).update(`v0:${seconds}:${body}`).digest('hex');
      return {
        method: random() < 0.97 ? 'POST' : pick(random, METHODS),
        path: EVENTS_PATH,
        headers: {
          ...headersOf(random),
          'content-type': body === event ? 'application/json' : 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': random() < 0.95 ? seconds : visible(textOf(random)),
          'x-slack-signature': random() < 0.95 ? `v0=${signed}` : visible(textOf(random)),
        },
        body: Buffer.from(body),
      };
    },
  },
  {
    name: 'requests of Discord',
    of: (random) => {
      const text = random() < 0.9 ? (JSON.stringify(twisted(INTERACTION, random)) ?? '') : textOf(random);
      const seconds = String(Math.floor(Date.now() / 1000));
      const body = Buffer.from(text);
      return {
        method: random() < 0.97 ? 'POST' : pick(random, METHODS),
        path: INTERACTIONS_PATH,
        headers: {
          ...headersOf(random),
          ...signature(discordKey, seconds, body.toString()),
          ...(random() < 0.05 ? { 'x-signature-ed25519': visible(textOf(random)) } : {}),
        },
        body,
      };
    },
  },
];

/** Resolves to the status; 0 where the connection ended without one. A stream is let go once it has begun. */
function send({ method, path, headers, body }: Sent): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error('no answer came'));
    }, 20_000);
    let head = '';
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0));
    };
    socket.on('data', (data) => {
      head += head.length < 20 ? data.toString('latin1') : '';
      if (path.startsWith('/api/events') && head.length >= 12) {
        end();
      }
    });
    socket.on('error', end);
    socket.on('close', end);
    const length = body === undefined || headers['content-length'] !== undefined ? {} : { 'content-length': String(body.length) }; // prettier-ignore
    const lines = Object.entries({ ...headers, ...length, connection: 'close' }).map(([key, value]) => `${key}: ${value}\r\n`); // prettier-ignore
    socket.write(Buffer.concat([Buffer.from(`${method} ${path || '/'} HTTP/1.1\r\n${lines.join('')}\r\n`), body ?? Buffer.alloc(0)])); // prettier-ignore
    if (headers['content-length'] !== undefined) {
      socket.end(); // a wrong one: nothing more comes
    }
  });
}

async function feed({ name, of }: Surface, seed: number): Promise<void> {
  const random = randomOf(seed);
  const sent = of(random);
  const known = page.faults.length;
  const status = await send(sent).catch((error: unknown) => error);
  const isBusy = status === 503; // as many at once as there are places for
  if (typeof status !== 'number' || (status >= 500 && !isBusy) || page.faults.length > known) {
    const cause = page.faults[known] ?? status;
    throw new Error(`${name}, seed ${seed}: ${sent.method} ${sent.path}: ${String(status)}`, { cause });
  }
}

describe('requests of strangers', () => {
  it.each(SURFACES)(
    'break nothing by $name, and leave nothing behind',
    async (surface) => {
      const left = await growthOf(async () => {
        const seeds = seedsOf(surface.name);
        let next = 0;
        const feedOn = async (): Promise<void> => {
          for (let k = next++; k < seeds.length; k = next++) {
            await feed(surface, seeds[k] ?? 0);
          }
        };
        // Bolt keeps what it does not know for three seconds.
        const parallel = surface.name === 'requests of Slack' ? 100 : 4;
        await Promise.all(Array.from({ length: parallel }, feedOn));
      });
      expect(left.heapMb).toBeLessThan(MOST.heapMb);
      expect(left.residentMb).toBeLessThan(MOST.residentMb);
    },
    WITHIN_MS,
  );

  it('leave no file, no seat and no body behind', async () => {
    const own = join(page.folder, 'page', 'incoming');
    await expect.poll(() => readdirSync(own), { timeout: 20_000 }).toEqual([]);
    const temporary = join(page.folder, 'temporary');
    await expect.poll(() => (existsSync(temporary) ? readdirSync(temporary) : []), { timeout: 20_000 }).toEqual([]);
    const streams = Array.from({ length: 8 }, () => ({
      method: 'GET',
      path: '/api/events',
      headers: { ...headersOf(() => 0.9), host: `127.0.0.1:${port}` },
    }));
    expect(await Promise.all(streams.map((stream) => send(stream)))).toEqual(streams.map(() => 200));
    expect((await ask(page.url, '/api/hello')).status).toBe(200);
  });
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
