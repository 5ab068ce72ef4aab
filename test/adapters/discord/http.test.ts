/** Interactions over HTTP: signed, fresh and once, answered like those from the gateway. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { INTERACTIONS_PATH, createDiscordAdapter } from '../../../src/adapters/discord/index.ts';
import { postSigned, signature } from '../../support/discord/endpoint.ts';
import { type Endpoint, FakeDiscord } from '../../support/discord/index.ts';
import { quietLog, say, ScriptedBot } from './scripted-bot.ts';

const FINAL = { mode: 'edit', isFinal: true, key: 'k' } as const;
const toEnd: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of toEnd.splice(0).toReversed()) {
    await end();
  }
});

async function stage() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  const fake = await FakeDiscord.start();
  toEnd.push(async () => fake.stop());
  const bot = new ScriptedBot();
  const { token, apiUrl: restUrl, cdnUrl } = fake;
  const logged: string[] = [];
  const log = { ...quietLog, warn: (_: object, what: string) => logged.push(what) };
  const adapter = createDiscordAdapter({ token, restUrl, cdnUrl, publicKey: raw, bot, log });
  bot.act = async (_, address) => void (await adapter.deliver(address, say('here'), FINAL));
  const server = createServer((request, response) => adapter.listener?.(request, response));
  const url = `${await listening(server)}${INTERACTIONS_PATH}`;
  toEnd.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  await adapter.start();
  toEnd.push(async () => adapter.stop());
  fake.endpoint = { url, key: privateKey };
  return { fake, bot, adapter, endpoint: fake.endpoint, logged };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function post({ url, key }: Endpoint, more: Partial<Record<'body' | 'signed' | 'timestamp', string>>) {
  const { body = '{"type":1}', timestamp = String(Math.floor(Date.now() / 1000)) } = more;
  const headers = signature(key, timestamp, more.signed ?? body);
  return fetch(url, { method: 'POST', body, headers });
}

describe('interactions over HTTP', () => {
  it('answer the PING by which Discord tries the address', async () => {
    const { endpoint } = await stage();
    const response = await postSigned(endpoint, { type: 1 }, Date.now());
    expect([response.status, response.headers.get('content-type'), await response.json()]).toEqual([
      200,
      'application/json',
      { type: 1 },
    ]);
  });

  it('are carried out and answered by the callback, while the gateway hears none', async () => {
    const { fake, bot } = await stage();
    const { deployCommands } = await import('../../../src/adapters/discord/index.ts');
    await deployCommands({ token: fake.token, restUrl: fake.apiUrl });
    const answer = await fake.user('ann').slash('queue').answer();
    expect(answer.text).toBe('here');
    expect(bot.handled[0]?.invocation.action).toMatchObject({ kind: 'command', name: 'queue' });
  });

  it('of commands that a guild has of its own from before are noticed, and the operator is told once', async () => {
    const { endpoint, fake, logged } = await stage();
    for (const id of ['1', '2']) {
      const payload = {
        id,
        application_id: fake.world.application.id,
        type: 2,
        token: `token ${id}`,
        data: { name: 'queue', type: 1, guild_id: fake.guild.id },
        guild_id: fake.guild.id,
        channel: { id: fake.channel.id, type: 0 },
        member: { user: { id: '5', username: 'ann' }, permissions: '0' },
      };
      expect((await postSigned(endpoint, payload, Date.now() + Number(id) * 1000)).status).toBe(202);
    }
    expect(logged.filter((line) => line.includes('commands of its own'))).toHaveLength(1);
  });

  it('that are forged, stale, of the future, unsigned or repeated are refused with 401', async () => {
    const { endpoint, bot } = await stage();
    const nowS = Math.floor(Date.now() / 1000);
    const { privateKey: another } = generateKeyPairSync('ed25519');
    const body = '{"type":1}';
    expect((await post(endpoint, {})).status).toBe(200);
    const first = signature(endpoint.key, String(nowS), '{"type":1, "a":1}');
    const again = async () => fetch(endpoint.url, { method: 'POST', body: '{"type":1, "a":1}', headers: first });
    expect([(await again()).status, (await again()).status]).toEqual([200, 401]);
    expect((await post({ ...endpoint, key: another }, { body: '{"type":1, "b":1}' })).status).toBe(401);
    expect((await post(endpoint, { body: '{"type":2}', signed: body })).status).toBe(401);
    expect((await post(endpoint, { timestamp: String(nowS - 600) })).status).toBe(401);
    expect((await post(endpoint, { timestamp: String(nowS + 600) })).status).toBe(401);
    expect((await post(endpoint, { timestamp: 'soon' })).status).toBe(401);
    expect((await fetch(endpoint.url, { method: 'POST', body })).status).toBe(401);
    const broken = { 'x-signature-ed25519': 'zz', 'x-signature-timestamp': String(nowS) };
    expect((await fetch(endpoint.url, { method: 'POST', body, headers: broken })).status).toBe(401);
    expect(bot.handled).toEqual([]);
  });

  it('of other methods, shapes and sizes are refused, and all of them once it stops', async () => {
    const { endpoint, adapter } = await stage();
    expect((await fetch(endpoint.url)).status).toBe(405);
    expect((await post(endpoint, { body: 'no json' })).status).toBe(400);
    expect((await post(endpoint, { body: `"${'x'.repeat(3 * 1024 * 1024)}"` })).status).toBe(413);
    await adapter.stop();
    expect((await post(endpoint, {})).status).toBe(503);
  });
});
