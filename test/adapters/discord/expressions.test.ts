/** Emoji and stickers of a guild: what goes over the wire, and what Discord's refusals become. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { DiscordClient } from '../../../src/adapters/discord/client.ts';
import { DiscordExpressions, permissionLink } from '../../../src/adapters/discord/expressions.ts';
import { UserError } from '../../../src/core/errors.ts';

type Heard = { readonly asked: string; readonly body: string };
type Answer = { readonly status: number; readonly body?: unknown };

let server: Server | undefined;
let client: DiscordClient | undefined;
afterEach(async () => {
  client?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

async function discord(answer: Answer): Promise<{ readonly expressions: DiscordExpressions; readonly heard: Heard[] }> {
  const heard: Heard[] = [];
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      heard.push({ asked: `${request.method} ${request.url}`, body: Buffer.concat(parts).toString('latin1') });
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = new DiscordClient({ token: 'a.b.c', restUrl: `http://127.0.0.1:${port}/api` });
  return { expressions: new DiscordExpressions(client, '42'), heard };
}

const png = new Uint8Array([137, 80, 78, 71]);
const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => (error instanceof UserError ? [error.code, error.params['link']] : error),
  );

describe('a guild’s emoji', () => {
  it('are sent as a data URI under their name', async () => {
    const { expressions, heard } = await discord({ status: 201, body: { id: '7', name: 'fox' } });
    expect(await expressions.add('discord:5', { kind: 'emoji', name: 'fox', data: png })).toEqual({
      id: '7',
      shown: ':fox:',
    });
    expect(heard).toEqual([
      {
        asked: 'POST /api/v10/guilds/5/emojis',
        body: JSON.stringify({ name: 'fox', image: 'data:image/png;base64,iVBORw==' }),
      },
    ]);
  });

  it('stickers go as a form with their fields beside the file', async () => {
    const { expressions, heard } = await discord({ status: 201, body: { id: '8', name: 'fox' } });
    await expressions.add('discord:5', { kind: 'sticker', name: 'fox', data: png });
    expect(heard[0]?.asked).toBe('POST /api/v10/guilds/5/stickers');
    expect(heard[0]?.body).toMatch(/name="name"\r\n\r\nfox\r\n/);
    expect(heard[0]?.body).toMatch(/name="tags"\r\n\r\nart\r\n/);
    expect(heard[0]?.body).toMatch(/name="file"; filename="fox.png"/);
  });

  it.each([
    [
      { status: 403, body: { code: 50_013, message: 'Missing Permissions' } },
      ['emoji.permission', permissionLink('42', '5')],
    ],
    [{ status: 400, body: { code: 30_008, message: 'Maximum number of emojis reached' } }, ['emoji.full', undefined]],
    [{ status: 400, body: { code: 50_035, message: 'Invalid Form Body' } }, ['emoji.refused', undefined]],
    [{ status: 503, body: {} }, ['emoji.later', undefined]],
  ])('refused with %j say what to do', async (answer, code) => {
    const { expressions } = await discord(answer);
    expect(await codeOf(expressions.add('discord:5', { kind: 'emoji', name: 'fox', data: png }))).toEqual(code);
  });

  it('are taken back, also when they are gone already', async () => {
    const { expressions, heard } = await discord({ status: 404, body: { code: 10_014, message: 'Unknown Emoji' } });
    await expressions.remove('discord:5', 'emoji', '7');
    expect(heard[0]?.asked).toBe('DELETE /api/v10/guilds/5/emojis/7');
  });

  it('need one permission more, for one guild, and no other', () => {
    const query = new URL(permissionLink('42', '5')).searchParams;
    expect(query.get('permissions')).toBe(String(2 ** 43));
    expect([query.get('guild_id'), query.get('client_id'), query.get('scope')]).toEqual(['5', '42', 'bot']);
  });
});
