/** What a process that was killed with a style's file in its hands leaves on the disk: nothing, from the next start on. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { packageFolder } from '../../config/paths.ts';
import { openStores, type StylePreset } from '../../src/store/index.ts';

const url = (path: string): string => JSON.stringify(pathToFileURL(join(packageFolder, path)).href);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-killed-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const PRESET: Omit<StylePreset, 'sha256'> = {
  id: 'glow', name: 'Glow', model: 'moji', weight: 1, trigger: '', negative: '', description: '', addedBy: 'discord:ada', addedByName: 'Ada', addedAtMs: 1,
}; // prettier-ignore

/**
 * Has the folder and dies: one style is kept, the file of another was accepted and not yet named by a draft, a third is
 * looked into, a fourth is still coming.
 */
async function killed(): Promise<void> {
  const program = `
    const { openStores, receiveLora } = await import(${url('src/store/index.ts')});
    const stores = await openStores({ folder: ${JSON.stringify(folder)}, url: undefined }, (cause) => { throw cause; });
    const file = (tail) => {
      const data = Buffer.concat([Buffer.alloc(8), Buffer.from('{}'), Buffer.from(tail)]);
      data.writeBigUInt64LE(2n);
      return data;
    };
    const to = { files: stores.files, limitBytes: 1000 };
    const keep = async ({ path, sha256 }) => stores.files.adopt(path, stores.files.pathOf('loras', sha256, '.safetensors'));
    const whole = async function* (tail) { yield file(tail); };
    const named = await receiveLora(whole('named'), to);
    await keep(named);
    await stores.styles.save('discord:1', { ...${JSON.stringify(PRESET)}, sha256: named.sha256 });
    await keep(await receiveLora(whole('accepted'), to));
    await receiveLora(whole('looked into'), to);
    await stores.files.keep('training', Buffer.from('a picture of no training'), '.png');
    await receiveLora((async function* () {
      yield file('coming');
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
    })(), to);`;
  const loader = pathToFileURL(join(packageFolder, 'test/support/typescript-loader.mjs')).href;
  const child = spawn(process.execPath, ['--import', loader, '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const signal = await new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
  expect(signal).toBe('SIGKILL');
}

const filesIn = async (kind: string): Promise<number> =>
  existsSync(join(folder, kind))
    ? (await readdir(join(folder, kind), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
        .length
    : 0;

it('a process that was killed leaves no file that no style names', { timeout: 120_000 }, async () => {
  await killed();
  expect([await filesIn('loras'), await filesIn('temporary'), await filesIn('training')]).toEqual([2, 2, 1]);
  const stores = await openStores({ folder, url: undefined });
  expect([await filesIn('loras'), await filesIn('temporary'), await filesIn('training')]).toEqual([1, 0, 0]);
  const [preset] = await stores.styles.of('discord:1');
  expect(await stores.files.has(stores.files.pathOf('loras', preset?.sha256 ?? '', '.safetensors'))).toBe(true);
  await stores.close();
});
