/**
 * A bot that cannot start, as a supervisor sees it: one sentence on stderr, an exit status, and a process that is gone
 * instead of one that hangs with its runners.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { packageFolder } from '../../config/paths.ts';
import { openStores } from '../../src/store/index.ts';

const PROGRAM = join(packageFolder, 'src/main.ts');
const LOADER = pathToFileURL(join(packageFolder, 'test/support/typescript-loader.mjs')).href;
// A child process with children of its own: slow on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

let folder: string;

type Ended = { readonly status: number | null; readonly err: string };

/** Resolves when the program has ended by itself. */
function run(args: readonly string[], env: Readonly<Record<string, string>>, cwd = folder): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', LOADER, PROGRAM, ...args], {
    cwd,
    env: { PATH: process.env['PATH'], FOURSTEP_DATA: join(folder, 'data'), PORT: '0', LOG_LEVEL: 'silent', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, err }));
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-refused-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('fourstep start', () => {
  it('ends with a sentence where its address is taken, runners and all', async () => {
    const server = await new Promise<Server>((resolve) => {
      const listening = createServer().listen(0, '127.0.0.1', () => resolve(listening));
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { status, err } = await run(['start'], { PORT: String(port) });
    server.close();
    expect(err).toMatch(/^fourstep: Expected to listen on 127\.0\.0\.1:\d+, but that address is taken .*\n$/);
    expect(status).toBe(1);
  });

  it('ends with a sentence where another bot has its data folder, which it leaves as it is', async () => {
    const data = join(folder, 'shared');
    const first = await openStores({ folder: data, url: undefined });
    const before = readdirSync(data);
    const { status, err } = await run(['start'], { FOURSTEP_DATA: data });
    expect(err).toMatch(/^fourstep: Expected to be the only bot on .*shared, but another one \(process \d+ on .*\n$/);
    expect(status).toBe(1);
    expect(readdirSync(data)).toEqual(before);
    await first.close();
  });

  it('says which folder it cannot keep its store in', async () => {
    const file = join(folder, 'no-folder');
    writeFileSync(file, '');
    const { status, err } = await run(['start'], { FOURSTEP_DATA: file });
    expect(err).toMatch(/^fourstep: Expected to keep the store in .*no-folder, but .* FOURSTEP_DATA .*\n$/);
    expect(status).toBe(1);
  });

  it('says that its .env cannot be read', async () => {
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(join(elsewhere, '.env'), { recursive: true });
    const { status, err } = await run(['start'], {}, elsewhere);
    expect(err).toMatch(/^fourstep: Expected to read the settings in .*\.env, but .*\n$/);
    expect(status).toBe(1);
  });
});
