/** What comes in and breaks off, stalls or is not read on: nothing of it ends the bot, stays on disk or holds a place. */
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LIMITS } from '../../../src/adapters/web/limits.ts';
import { INTERACTIONS_PATH, SignedInteractions } from '../../../src/adapters/discord/http.ts';
import { ask } from '../../support/web/stub-page.ts';
import { openWholePage, type WholePage } from '../../support/web/whole-page.ts';

let page: WholePage;
const sockets: Socket[] = [];
const discord = new SignedInteractions({ publicKey: 'ab'.repeat(32), now: () => Date.now(), onInteraction: () => {} });

beforeAll(async () => {
  discord.open();
  page = await openWholePage({ mounts: [{ path: INTERACTIONS_PATH, listener: discord.listener }] });
});
afterAll(async () => {
  sockets.forEach((socket) => socket.destroy());
  await page.close();
});

/** Sends the bytes and resolves to what came back. */
function sendTorn(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(page.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => (answer += data.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
    socket.write(bytes, 'latin1'); // a half-closed connection gets no answer from Node
  });
}

/** Sends the beginning of a request and keeps the connection. */
function begin(bytes: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(page.url).port), '127.0.0.1', () =>
      socket.write(bytes, () => resolve(socket)),
    );
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
}

const HEAD = `host: 127.0.0.1\r\n`;
const PART = 'content-disposition: form-data; name="image"; filename="a.png"\r\ncontent-type: image/png';

describe('a form with a file', () => {
  it.each([
    ['in the middle of the file', `--b\r\n${PART}\r\n\r\nhalf of a pic`],
    ['right behind the head of the file', `--b\r\n${PART}\r\n\r\n`],
    ['in the second file', `--b\r\n${PART}\r\n\r\nx\r\n--b\r\n${PART.replace('image', 'more')}\r\n\r\nha`],
  ])('that says where it ends and breaks off %s ends nothing and leaves nothing', async (_, body) => {
    for (let round = 0; round < 20; round++) {
      const answer = await sendTorn(
        `POST /api/act HTTP/1.1\r\n${HEAD}content-type: multipart/form-data; boundary=b\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect((await ask(page.url, '/api/hello')).status).toBe(200);
    expect(readdirSync(join(page.folder, 'page', 'incoming'))).toEqual([]);
    expect(page.faults).toEqual([]);
  });
});

describe('a form that comes whole', () => {
  it('and has an end that its parser never finds is refused soon, and holds no place', async () => {
    const torn =
      '--o\u00ff\u00ff\u00ff\u00ff\u00ff\u00fft-disposition: form-data;\u00ff\u00ff\u00ff\u007fe="action\u00ff\u00ff\u00ff\u007f\r\n[]\r\n--b--\r\n';
    const body = `${torn}${torn}`;
    const request = `POST /api/act HTTP/1.1\r\n${HEAD}content-type: multipart/form-data; boundary=b\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
    const answers = await Promise.all(Array.from({ length: LIMITS.uploadsPerAddress }, async () => sendTorn(request)));
    answers.forEach((answer) => expect(answer).toMatch(/^HTTP\/1\.1 400 /));
    expect(await sendTorn(request)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

describe('the stream of what is said', () => {
  it('lets a browser go that does not read it', async () => {
    const socket = await begin(`GET /api/events HTTP/1.1\r\n${HEAD}\r\n`);
    socket.pause();
    const before = process.memoryUsage().rss;
    let isGone = false;
    socket.on('close', () => (isGone = true));
    const text = 'word '.repeat(10_000);
    // More than the kernel's buffers and the allowed backlog take together.
    for (let sent = 0; sent < 600 && !isGone; sent++) {
      await page.whole.adapters[0]?.post({ server: 'web:local', id: 'page' }, said(text), `key ${sent}`);
      if (sent % 20 === 0) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        isGone ||= await isClosedAbove(socket);
      }
    }
    expect(isGone).toBe(true);
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1_048_576);
  }, 120_000);
});

describe('a signed request of a chat', () => {
  const signed = `x-signature-ed25519: ${'a'.repeat(128)}\r\nx-signature-timestamp: `;
  const now = (): string => String(Math.floor(Date.now() / 1000));

  it('is not read at all without anything that looks like a signature of now', async () => {
    const of = (headers: string): Promise<string> =>
      sendTorn(`POST ${INTERACTIONS_PATH} HTTP/1.1\r\n${HEAD}${headers}content-length: 3000000\r\n\r\n`);
    expect(await of('')).toMatch(/^HTTP\/1\.1 401 /);
    expect(await of(`${signed}1\r\n`)).toMatch(/^HTTP\/1\.1 401 /);
    expect(await of(`${signed}${now()}\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('is one of as many as there are places for, and gives its place back', async () => {
    const half = `POST ${INTERACTIONS_PATH} HTTP/1.1\r\n${HEAD}${signed}${now()}\r\ncontent-length: 1000000\r\n\r\nx`;
    const open = await Promise.all(Array.from({ length: LIMITS.mountedPerAddress }, async () => begin(half)));
    const whole = (): Promise<string> =>
      sendTorn(`POST ${INTERACTIONS_PATH} HTTP/1.1\r\n${HEAD}content-length: 0\r\nconnection: close\r\n\r\n`);
    await expect.poll(async () => (await whole()).slice(9, 12)).toBe('503');
    open.forEach((socket) => socket.destroy());
    await expect.poll(async () => (await whole()).slice(9, 12)).toBe('401');
  });
});

function said(text: string): Parameters<NonNullable<WholePage['web']['post']>>[1] {
  return { lines: [[{ kind: 'plain', text }]], picture: undefined, files: [], rows: [], notify: undefined };
}

/** A paused socket hears of its end only when it reads; the server's side of it is what counts. */
async function isClosedAbove(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n', (error) => resolve(error !== null && error !== undefined));
  });
}
