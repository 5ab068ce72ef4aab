/** One bot per data folder, whatever becomes of the processes that had it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { packageFolder } from '../../config/paths.ts';
import { claimFolder } from '../../src/store/claim.ts';

const LOADER = pathToFileURL(join(packageFolder, 'test/support/typescript-loader.mjs')).href;
const CLAIM = pathToFileURL(join(packageFolder, 'src/store/claim.ts')).href;

let folder: string;
let children: ChildProcess[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-claim-'));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map(killed));
  await rm(folder, { recursive: true, force: true });
});

const claim = (at = folder) =>
  claimFolder(at, (cause) => {
    throw cause;
  });

/** A process of its own that has the folder. */
async function holder(): Promise<ChildProcess> {
  const program = `
    const { claimFolder } = await import(${JSON.stringify(CLAIM)});
    await claimFolder(${JSON.stringify(folder)}, (cause) => { throw cause; });
    process.stdout.write('held');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--import', LOADER, '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve);
    child.once('exit', () => reject(new Error('the holder ended')));
  });
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

describe('claiming a data folder', { timeout: 120_000 }, () => {
  it('refuses a second bot in a sentence that names the first and says what to do', async () => {
    const release = await claim();
    await expect(claim()).rejects.toMatchObject({
      code: 'store.busy',
      message: expect.stringMatching(
        /^Expected to be the only bot on .*fourstep-claim-\w+, but another one \(process \d+ on .+\) has it\. .* FOURSTEP_DATA /u,
      ),
    });
    await release();
  });

  it('leaves nothing behind, refused or released', async () => {
    const release = await claim();
    const during = await readdir(folder);
    expect(during).toEqual([expect.stringMatching(/^bot-[0-9a-f]{16}\.sock$/u)]);
    await expect(claim()).rejects.toThrow('only bot');
    expect(await readdir(folder)).toEqual(during);
    await release();
    expect(await readdir(folder)).toEqual([]);
    await (
      await claim()
    )();
  });

  it('lets in exactly one of many that start at once', async () => {
    for (let round = 0; round < 20; round++) {
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, async () => claim()));
      const winners = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(winners).toHaveLength(1);
      await winners[0]?.();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('is kept by another process while that lives, and lost with it however it dies', async () => {
    const first = await holder();
    await expect(claim()).rejects.toThrow(`process ${first.pid}`);
    await killed(first);
    // Its socket lies there still.
    expect(await readdir(folder)).toHaveLength(1);
    const release = await claim();
    expect(await readdir(folder)).toHaveLength(1);
    await release();
  });

  it.skipIf(process.platform === 'win32')('is kept by a process that is halted', async () => {
    const first = await holder();
    first.kill('SIGSTOP');
    await expect(claim()).rejects.toThrow('(a process that does not answer)');
  });

  it('takes a folder whose path is too long for a socket', async () => {
    const deep = join(folder, 'd'.repeat(100), 'e'.repeat(100));
    await mkdir(deep, { recursive: true });
    const release = await claim(deep);
    await expect(claim(deep)).rejects.toThrow('only bot');
    await release();
    expect(await readdir(deep)).toEqual([]);
    await (
      await claim(deep)
    )();
  });

  it('touches no file that is not its own', async () => {
    await writeFile(join(folder, 'bot-0123.sock'), '');
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(join(folder, 'other.sock'), resolve));
    const release = await claim();
    await release();
    expect((await readdir(folder)).toSorted()).toEqual(['bot-0123.sock', 'other.sock']);
    await new Promise((resolve) => other.close(resolve));
  });

  it.skipIf(process.platform !== 'linux')(
    'says where the folder can hold no socket, and is in nobody’s way',
    async () => {
      const causes: unknown[] = [];
      const release = await claimFolder('/proc/self', (cause) => causes.push(cause));
      await release();
      expect(causes).toEqual([expect.objectContaining({ syscall: 'listen' })]);
    },
  );
});
