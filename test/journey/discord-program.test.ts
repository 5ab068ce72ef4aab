/**
 * The program itself, as an operator starts it: `fourstep deploy-commands` and `fourstep start` with nothing but an
 * environment that points to the stand-in, the engine drawing with a tiny model, and a stop by signal.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { FakeDiscord } from '../support/discord/index.ts';
import type { SeenMessage } from '../support/discord/seen.ts';
import { STUB_CHILD } from '../support/stub-factory.ts';
import { writeTinyModel } from '../support/tiny-model.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

describe('the program on a stand-in', () => {
  let fake: FakeDiscord;
  let folder: string;
  const programs: ChildProcess[] = [];

  const run = (...words: readonly string[]): { readonly program: ChildProcess; readonly said: () => string } => {
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

  const begun = async (): Promise<ChildProcess> => {
    const { program, said } = run('start');
    await fake.world.until(
      'the start',
      () => (program.exitCode !== null || said().includes('Fourstep is at') ? true : undefined),
      120_000,
    );
    expect({ exitCode: program.exitCode, said: said() }).toMatchObject({ exitCode: null });
    return program;
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

  it('registers, draws, stops by signal, starts again, and its old buttons work', { timeout: 300_000 }, async () => {
    const deploy = run('deploy-commands');
    const [status] = await once(deploy.program, 'exit');
    expect({ status, said: deploy.said() }).toMatchObject({ status: 0 });
    expect(deploy.said()).toContain('added: imagine');

    const first = await begun();
    const ann = fake.user('ann');
    const isDone = (message: SeenMessage): boolean => message.buttons.some(({ label }) => label.includes('Reroll'));
    const drawn = await ann.slash('imagine', { prompt: 'a fox', seed: 7, count: 1 }).answer(isDone, 120_000);
    expect(drawn.pictures).toHaveLength(1);
    expect(drawn.text).toContain('seed 7');

    first.kill('SIGTERM');
    const [stopped] = await once(first, 'exit');
    expect(stopped).toBe(0);

    const second = await begun();
    const reroll = await ann.press('Reroll', drawn).answer(isDone, 120_000);
    expect(reroll.replyTo).toBe(drawn.id);
    second.kill('SIGTERM');
    await once(second, 'exit');
    expect(fake.limits.invalidRequests).toBe(0);
  });
});
