/** A machine that draws for bots elsewhere, as its operator starts and stops it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { packageFolder } from '../../config/paths.ts';
import { RemoteRunner } from '../../src/runner/remote/remote-runner.ts';
import { imagine } from '../support/work.ts';

const PROGRAM = join(packageFolder, 'src/main.ts');
const LOADER = pathToFileURL(join(packageFolder, 'test/support/typescript-loader.mjs')).href;
const url = process.env['TEST_REDIS_URL'];
// A child process with children of its own: slow on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

let folder: string;

const machines: ChildProcess[] = [];

function startMachine(runners: string): ChildProcess {
  const machine = spawn(process.execPath, ['--import', LOADER, PROGRAM, 'runner'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], FOURSTEP_DATA: join(folder, 'data'), RUNNERS: runners },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  machines.push(machine);
  return machine;
}

/** Resolves once the child has said it. */
function said(child: ChildProcess, words: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const hear = (chunk: Buffer) => {
      text += chunk.toString();
      if (words.test(text)) {
        resolve();
      }
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('close', (status) => reject(new Error(`expected ${words}, but it ended with ${status}: ${text}`)));
  });
}

const ended = (child: ChildProcess): Promise<number | null> => new Promise((resolve) => child.once('close', resolve));

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-fleet-'));
});
afterAll(() => {
  machines.forEach((machine) => machine.kill('SIGKILL'));
  rmSync(folder, { recursive: true, force: true });
});

describe('fourstep runner', () => {
  it('says that its Redis does not answer, and still ends when it is told to', async () => {
    const machine = startMachine('redis://:secret@127.0.0.1:1');
    const end = ended(machine);
    await said(machine, /^(?!.*secret).*127\.0\.0\.1:1\b.*ECONNREFUSED/m);
    machine.kill('SIGTERM');
    expect(await end).toBe(0);
  });

  it('ends with a sentence where its own device cannot be opened', async () => {
    const machine = startMachine('redis://127.0.0.1:1,dml:0');
    const end = ended(machine);
    await said(machine, /^fourstep: Expected a device of this machine .*got dml/m);
    expect(await end).toBe(1);
  });

  it.skipIf(url === undefined)('stops a work that is cancelled while it draws (needs TEST_REDIS_URL)', async () => {
    const address = new URL(url ?? '');
    address.pathname = '/15';
    const machine = startMachine(address.href);
    const end = ended(machine);
    await said(machine, /drawing for/);
    const bot = new RemoteRunner({ url: address.href, pollMs: 50 });
    await bot.ready();
    const cancel = new AbortController();
    let steps = 0;
    const drawing = async () => {
      const work = imagine(
        { width: 128, height: 128, recipe: { scheduler: 'ddim' }, steps: 150, count: 16 },
        `cancelled-${Date.now()}`,
      );
      for await (const event of bot.run(work, cancel.signal)) {
        steps += event.kind === 'step' ? 1 : 0;
        cancel.abort();
      }
    };
    await expect(drawing()).rejects.toMatchObject({ name: 'CancelledError' });
    expect(steps).toBeLessThan(16 * 150);
    await bot.close(0);
    machine.kill('SIGTERM');
    expect(await end).toBe(0);
  });
});
