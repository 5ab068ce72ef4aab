import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFailure } from '../../src/store/database.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { checkLmdbFile } from '../../src/store/lmdb-check.ts';
import { openMemory } from '../../src/store/memory.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openRedis } from '../../src/store/redis.ts';
import { describeDatabase } from './database.conformance.ts';

const folder = await mkdtemp(join(tmpdir(), 'fourstep-store-'));
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const redis = process.env['TEST_REDIS_URL'];
const postgres = process.env['TEST_POSTGRES_URL'];
const run = `t${process.pid}_${Date.now()}`;

describeDatabase({ name: 'the memory store', open: async () => openMemory(), skip: '', reopen: undefined });
describeDatabase({
  name: 'the embedded store',
  open: async () => await openEmbedded(join(folder, 'embedded')),
  skip: '',
  reopen: async () => await openEmbedded(join(folder, 'embedded')),
});
describeDatabase({
  name: 'the Redis store',
  open: redis === undefined ? undefined : async () => await openRedis(redis, run),
  skip: 'TEST_REDIS_URL names no server',
  reopen: async () => await openRedis(redis ?? '', run),
});
describeDatabase({
  name: 'the PostgreSQL store',
  open: postgres === undefined ? undefined : async () => await openPostgres(postgres, run),
  skip: 'TEST_POSTGRES_URL names no server',
  reopen: async () => await openPostgres(postgres ?? '', run),
});

describe('the embedded store', () => {
  const path = join(folder, 'broken', 'store.mdb');
  const damage = async (change: (whole: Buffer) => Uint8Array): Promise<Buffer> => {
    await rm(join(folder, 'broken'), { recursive: true, force: true });
    const database = await openEmbedded(join(folder, 'broken'));
    await database.put(Array.from({ length: 500 }, (_, index) => ({ key: `k/${index}`, value: 'v'.repeat(500) })));
    await database.close();
    const damaged = Buffer.from(change(await readFile(path)));
    await writeFile(path, damaged);
    return damaged;
  };

  it.each<[string, (whole: Buffer) => Uint8Array]>([
    ['is no store at all', () => Buffer.from('hello '.repeat(5000))],
    ['ends within its head', (whole) => whole.subarray(0, 40)],
    ['is zeros', (whole) => Buffer.alloc(whole.length)],
    ['was cut short', (whole) => whole.subarray(0, whole.length / 3)],
    ['has rubbish in the middle', (whole) => Buffer.from(whole).fill(0x55, 16_384, whole.length - 8192)],
    [
      'has a flipped value',
      (whole) => Buffer.from(whole.toString('latin1').replaceAll('{"value":', '{?value":'), 'latin1'),
    ],
  ])('refuses a file that %s in a sentence, and does not change it', async (_, change) => {
    const damaged = await damage(change);
    await expect(openEmbedded(join(folder, 'broken'))).rejects.toThrow(
      /^The store .* cannot be read: .* nothing was changed\.$/u,
    );
    expect(damaged.equals(await readFile(path))).toBe(true);
  });

  it('takes a store that is too large to look through in time for a whole one', async () => {
    const path = await mkdtemp(join(tmpdir(), 'fourstep-large-'));
    const database = await openEmbedded(path);
    await database.put([{ key: 'a', value: 1 }]);
    await database.close();
    // No process begins within a millisecond.
    await expect(checkLmdbFile(join(path, 'store.mdb'), 1)).resolves.toBeUndefined();
    await rm(path, { recursive: true, force: true });
  });

  it('takes an empty file for a new store', async () => {
    await damage(() => Buffer.alloc(0));
    const database = await openEmbedded(join(folder, 'broken'));
    expect(await database.keys('')).toEqual([]);
    await database.close();
  });
});

const smallDisk = process.env['TEST_SMALL_DISK'];
describe.skipIf(smallDisk === undefined)(
  `a full disk${smallDisk === undefined ? ' (skipped: TEST_SMALL_DISK names no folder on a disk of a few MB)' : ''}`,
  () => {
    it('is said in a sentence, loses nothing that was kept and ends no process', async () => {
      const path = join(smallDisk ?? '', `full-${process.pid}`);
      const database = await openEmbedded(path);
      let kept = 0;
      const fill = async () => {
        for (; kept < 100_000; kept++) {
          await database.put([
            { key: `a/${kept}`, value: 'x'.repeat(5000) },
            { key: `b/${kept}`, value: 1 },
          ]);
        }
      };
      await expect(fill()).rejects.toMatchObject({ code: 'store.full' });
      expect(await database.get(`a/${kept - 1}`)).toHaveLength(5000);
      expect(await database.getMany([`a/${kept}`, `b/${kept}`])).toEqual([undefined, undefined]);
      await database.close();
      await expect(openEmbedded(join(path, 'another'))).rejects.toMatchObject({ code: 'store.full' });
      const again = await openEmbedded(path);
      expect((await again.keys('a/')).length).toBe(kept);
      await again.close();
      await rm(path, { recursive: true, force: true });
    });

    it('that another program has filled ends no process, however often it is tried, and is no hindrance once there is room', async () => {
      const path = join(smallDisk ?? '', `filled-${process.pid}`);
      const database = await openEmbedded(path);
      await database.put([{ key: 'a', value: 'x' }]);
      const filler = await open(join(path, 'filler'), 'w');
      for (const bytes of [65_536, 4096, 1]) {
        await expect(
          (async () => {
            for (;;) {
              await filler.write(Buffer.alloc(bytes));
            }
          })(),
        ).rejects.toMatchObject({ code: 'ENOSPC' });
      }
      await filler.close();
      for (let tries = 0; tries < 40; tries++) {
        const both = [database.put([{ key: `b/${tries}`, value: 'y'.repeat(9000) }]), database.delete(['a'])];
        const full = { reason: { code: 'store.full' } };
        expect(await Promise.allSettled(both)).toMatchObject([full, full]);
      }
      expect(await database.get('a')).toBe('x');
      await rm(join(path, 'filler'));
      await database.put([{ key: 'b', value: 'z' }]);
      await database.delete(['a']);
      expect([await database.get('a'), await database.get('b')]).toEqual([undefined, 'z']);
      await database.close();
      await rm(path, { recursive: true, force: true });
    });
  },
);

describe('a failure to write', () => {
  it.each([
    Object.assign(new Error('write failed'), { code: 'ENOSPC' }),
    new Error('MDB_MAP_FULL: Environment mapsize limit reached'),
    new Error("OOM command not allowed when used memory > 'maxmemory'"),
    Object.assign(new Error('could not extend file'), { code: '53100' }),
  ])('for lack of room says so: %s', (error) => {
    expect(writeFailure(error)).toMatchObject({ code: 'store.full', cause: error });
  });

  it('for another reason stays as it is', () => {
    const error = new Error('connection lost');
    expect(writeFailure(error)).toBe(error);
  });
});
