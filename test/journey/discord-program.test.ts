/**
 * The program itself, as an operator starts it: `fourstep deploy-commands` and `fourstep start` with nothing but an
 * environment that points to the stand-in, the engine drawing with a tiny model, and a stop by signal.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { postSigned, signature } from '../support/discord/endpoint.ts';
import { FakeDiscord } from '../support/discord/index.ts';
import type { SeenMessage } from '../support/discord/seen.ts';
import { STUB_CHILD } from '../support/stub-factory.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe('the program on a stand-in', () => {
  let fake: FakeDiscord;
  let folder: string;
  const programs: ChildProcess[] = [];

  type Run = { readonly program: ChildProcess; readonly said: () => string };
  const run = (words: readonly string[], more: Readonly<Record<string, string>> = {}): Run => {
    let said = '';
    const program = spawn(process.execPath, [...STUB_CHILD.execArgv, MAIN, ...words], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        DISCORD_TOKEN: fake.token,
        DISCORD_API_URL: fake.apiUrl,
        DISCORD_CDN_URL: fake.cdnUrl,
        FOURSTEP_DATA: join(folder, 'data'),
        MODEL: join(folder, 'tiny'),
        PORT: '0',
        LOG_LEVEL: 'warn',
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    programs.push(program);
    for (const stream of [program.stdout, program.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
        fake.world.changed();
      });
    }
    program.on('exit', () => fake.world.changed());
    return { program, said: () => said };
  };

  const begun = async (more: Readonly<Record<string, string>> = {}): Promise<Run> => {
    const { program, said } = run(['start'], more);
    await fake.world.until(
      'the start',
      () => (program.exitCode !== null || said().includes('Fourstep is at') ? true : undefined),
      120_000,
    );
    expect({ exitCode: program.exitCode, said: said() }).toMatchObject({ exitCode: null });
    return { program, said };
  };

  beforeAll(async () => {
    fake = await FakeDiscord.start();
    folder = await mkdtemp(join(tmpdir(), 'fourstep-program-'));
    writeTinyModel('sd15', join(folder, 'tiny'));
  });

  afterAll(async () => {
    for (const program of programs.filter((each) => each.exitCode === null && each.signalCode === null)) {
      program.kill('SIGKILL');
      await once(program, 'exit');
    }
    await fake.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const isDone = (message: SeenMessage): boolean => message.buttons.some(({ label }) => label.includes('Reroll'));

  it('registers, draws, stops by signal, starts again, and its old buttons work', { timeout: 300_000 }, async () => {
    const deploy = run(['deploy-commands']);
    const [status] = await once(deploy.program, 'exit');
    expect({ status, said: deploy.said() }).toMatchObject({ status: 0 });
    expect(deploy.said()).toContain('added: imagine');

    const { program: first } = await begun();
    const ann = fake.user('ann');
    const drawn = await ann.slash('imagine', { prompt: 'a fox', seed: 7, count: 1 }).answer(isDone, 120_000);
    expect(drawn.pictures).toHaveLength(1);
    expect(drawn.text).toContain('seed 7');

    first.kill('SIGTERM');
    const [stopped] = await once(first, 'exit');
    expect(stopped).toBe(0);

    const { program: second } = await begun();
    const reroll = await ann.press('Reroll', drawn).answer(isDone, 120_000);
    expect(reroll.replyTo).toBe(drawn.id);
    second.kill('SIGTERM');
    await once(second, 'exit');
    expect(fake.limits.invalidRequests).toBe(0);
  });
  it(
    'takes interactions over HTTP once it has a public key, and the gateway tells of guilds',
    { timeout: 300_000 },
    async () => {
      const { publicKey, privateKey } = generateKeyPairSync('ed25519');
      const hex = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
      const { program, said } = await begun({ DISCORD_PUBLIC_KEY: hex, LOG_LEVEL: 'info' });
      const url = `${/Fourstep is at (\S+)/.exec(said())?.[1]?.replace(/\/$/, '')}/discord/interactions`;
      const endpoint = { url, key: privateKey };
      expect(await (await postSigned(endpoint, { type: 1 }, Date.now())).json()).toEqual({ type: 1 });
      fake.endpoint = endpoint;

      // A command, what is offered while it is typed, a button, a form.
      const ann = fake.user('ann', { permissions: ['manageGuild'] });
      expect(await ann.autocomplete('imagine', 'style', '')).toEqual(expect.any(Array));
      const drawn = await ann.slash('imagine', { prompt: 'a fox', seed: 7, count: 1 }).answer(isDone, 120_000);
      expect(drawn.text).toContain('seed 7');
      const reroll = await ann.press('Reroll', drawn).answer(isDone, 120_000);
      expect(reroll.replyTo).toBe(drawn.id);
      const opened = ann.press('Remix', drawn);
      const remixed = await (await ann.submit(opened, { prompt: 'a hare' })).answer(isDone, 120_000);
      expect(remixed.text).toContain('a hare');

      // What Discord did not sign, what it signed long ago, and what comes again: refused, and nothing comes of it.
      const heard: string[] = [];
      const next = (prompt: string) => {
        const exchange = ann.compose(prompt);
        heard.push(exchange.interaction.id);
        return exchange.payload;
      };
      const { privateKey: another } = generateKeyPairSync('ed25519');
      const nowMs = Date.now();
      expect((await postSigned({ url, key: another }, next('forged'), nowMs)).status).toBe(401);
      expect((await postSigned(endpoint, next('stale'), nowMs - 600_000)).status).toBe(401);
      const body = JSON.stringify(next('altered'));
      const headers = signature(privateKey, String(Math.floor(nowMs / 1000)), body);
      expect((await fetch(url, { method: 'POST', headers, body: body.replace('altered', 'changed') })).status).toBe(
        401,
      );
      expect((await fetch(url, { method: 'POST', body })).status).toBe(401);
      const answered = fake.rest.seen.length;
      expect(fake.rest.seen.filter(({ path }) => heard.some((id) => path.includes(id)))).toEqual([]);
      const again = ann.compose('twice');
      const posts = await Promise.all([1, 2].map(async () => postSigned(endpoint, again.payload, nowMs)));
      expect(posts.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 401]);
      const callbacks = () =>
        fake.rest.seen.slice(answered).filter(({ path }) => path.includes(`/${again.interaction.id}/`));
      await fake.world.until('an answer', () => (callbacks().length > 0 ? true : undefined));
      expect(callbacks()).toHaveLength(1);

      // Servers still come and go by the gateway.
      const other = fake.addGuild('Other');
      fake.gateway.dispatch('GUILD_CREATE', fake.gateway.guildJson(other));
      fake.gateway.dispatch('GUILD_DELETE', { id: other.id });
      await fake.world.until('its departure', () => (said().includes('has taken the bot away') ? true : undefined));
      expect(said()).toContain(`discord:${other.id}`);
      fake.endpoint = undefined;
      program.kill('SIGTERM');
      expect((await once(program, 'exit'))[0]).toBe(0);
    },
  );
});
