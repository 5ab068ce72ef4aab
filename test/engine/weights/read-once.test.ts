import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ReadOnce } from '../../../src/engine/weights/read-once.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fourstep-read-once-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function counting(): { readonly read: () => Promise<string>; readonly reads: () => number } {
  let reads = 0;
  return {
    read: () => {
      reads += 1;
      return Promise.resolve(`reading ${reads}`);
    },
    reads: () => reads,
  };
}

describe('what was read once', () => {
  it('is kept while the file stays as it is', async () => {
    const file = join(folder, 'a');
    writeFileSync(file, 'one');
    const { read, reads } = counting();
    const once = new ReadOnce<string>({ maxCost: 10, costOf: () => 1 });
    expect(await Promise.all([once.get(file, read), once.get(file, read)])).toEqual(['reading 1', 'reading 1']);
    expect(await once.get(file, read)).toBe('reading 1');
    expect(reads()).toBe(1);
  });

  it('is read anew when the file was written to', async () => {
    const file = join(folder, 'a');
    writeFileSync(file, 'one');
    const { read } = counting();
    const once = new ReadOnce<string>({ maxCost: 10, costOf: () => 1 });
    await once.get(file, read);
    writeFileSync(file, 'another');
    expect(await once.get(file, read)).toBe('reading 2');
  });

  it('is let go where there is no room, and nothing is kept of a reading that failed', async () => {
    const [a, b] = [join(folder, 'a'), join(folder, 'b')];
    writeFileSync(a, '');
    writeFileSync(b, '');
    const { read, reads } = counting();
    const once = new ReadOnce<string>({ maxCost: 1, costOf: () => 1 });
    await once.get(a, read);
    await once.get(b, read);
    await once.get(a, read);
    expect(reads()).toBe(3);
    await expect(once.get(b, () => Promise.reject(new Error('torn')))).rejects.toThrow('torn');
    expect(await once.get(b, read)).toBe('reading 4');
  });

  it('says where a file is missing', async () => {
    const once = new ReadOnce<string>({ maxCost: 1, costOf: () => 1 });
    await expect(once.get(join(folder, 'none'), () => Promise.resolve(''))).rejects.toMatchObject({
      code: 'weights.missing',
    });
  });
});
