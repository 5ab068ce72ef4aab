import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStore } from '../../src/store/files.ts';

let folder: string;
let files: FileStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-files-'));
  files = new FileStore(folder);
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const bytes = (text: string) => new TextEncoder().encode(text);

describe('kept files', () => {
  it('are named by what they hold, once', async () => {
    const [a, b] = await Promise.all([
      files.keep('pictures', bytes('fox'), '.png'),
      files.keep('pictures', bytes('fox'), '.png'),
    ]);
    expect(a).toBe(b);
    expect(a.startsWith(join(folder, 'pictures'))).toBe(true);
    expect(await files.read(a)).toEqual(Buffer.from('fox'));
    expect(await readdir(join(folder, 'temporary'))).toEqual([]);
  });

  it('are undefined once they are gone, and removing them again is no error', async () => {
    const path = await files.keep('uploads', bytes('fox'), '.png');
    await files.remove(path);
    await files.remove(path);
    expect(await files.read(path)).toBeUndefined();
    expect(await files.has(path)).toBe(false);
  });

  it('are pruned by size, those used longest ago first', async () => {
    const paths = [];
    for (const [index, name] of ['old', 'middle', 'young'].entries()) {
      const path = await files.keep('pictures', bytes(name.padEnd(100)), '.png');
      await utimes(path, index, index);
      paths.push(path);
    }
    await files.keep('pictures', bytes('old'.padEnd(100)), '.png');
    expect(await files.prune('pictures', 250)).toBe(1);
    expect(await Promise.all(paths.map((path) => files.has(path)))).toEqual([true, false, true]);
    expect(await files.prune('uploads', 0)).toBe(0);
  });

  it('are never read half written after a crash', async () => {
    await mkdir(join(folder, 'temporary'), { recursive: true });
    await writeFile(join(folder, 'temporary', 'crashed'), 'half');
    await utimes(join(folder, 'temporary', 'crashed'), 1, 1);
    const writing = await files.temporary();
    await writeFile(writing, 'half');
    await files.sweep(2000);
    expect(await readdir(join(folder, 'temporary'))).toEqual([basename(writing)]);
  });

  it('have no other names', () => {
    for (const [sha, ending] of [
      ['../../etc/passwd', '.png'],
      ['a'.repeat(64), '/../x'],
      ['A'.repeat(64), '.png'],
    ] as const) {
      expect(() => files.pathOf('pictures', sha, ending)).toThrow(RangeError);
    }
  });
});
