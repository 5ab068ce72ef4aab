/** A server under the store that goes away and comes back: nothing that was asked is lost, and nothing waits for ever. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { afterEach, describe, expect, it } from 'vitest';

import { checkStores, type Database, openMemory } from '../../src/store/index.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openRedis } from '../../src/store/redis.ts';
import { steadied } from '../../src/store/steadied.ts';
import { freePort, hasRedis, RedisServer } from '../support/redis-server.ts';

const toEnd: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of toEnd.splice(0).toReversed()) {
    await end();
  }
});

describe('a database whose connection breaks', () => {
  const breaking = (errors: Error[]): Database => {
    const memory = openMemory();
    return {
      ...steadied(memory),
      get: async (key) => {
        const error = errors.shift();
        return error === undefined ? memory.get(key) : Promise.reject(error);
      },
    };
  };

  it.each([
    Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' }),
    Object.assign(new Error('the database system is starting up'), { code: '57P03' }),
    new Error('Socket closed unexpectedly'),
    new Error('Connection terminated unexpectedly'),
    new Error('LOADING Redis is loading the dataset in memory'),
    new Error('wrapped', { cause: new Error('Socket closed unexpectedly') }),
    new AggregateError([Object.assign(new Error('read'), { code: 'ECONNRESET' })], 'several'),
  ])('is asked again: %s', async (error) => {
    expect(await steadied(breaking([error, error])).get('key')).toBeUndefined();
  });

  it('is not asked again for another fault, nor without end', async () => {
    await expect(steadied(breaking([new Error('syntax error')])).get('key')).rejects.toThrow('syntax error');
    const gone = new Error('Socket closed unexpectedly');
    const away = steadied(breaking(Array.from({ length: 50 }, () => gone)), 200).get('key');
    await expect(away).rejects.toMatchObject({ code: 'store.away', cause: gone });
    const silent: Database = { ...openMemory(), get: async () => new Promise(() => undefined) };
    await expect(steadied(silent, 200).get('key')).rejects.toMatchObject({ code: 'store.away' });
  });
});

describe.skipIf(!hasRedis)(`a Redis that is killed${hasRedis ? '' : ' (skipped: no redis-server here)'}`, () => {
  it('and started again has all that was acknowledged, and what was asked meanwhile is answered', async () => {
    const server = await RedisServer.start({ isForgetful: false });
    toEnd.push(async () => server.stop());
    const database = await openRedis(server.url);
    toEnd.push(async () => database.close());
    const acknowledged: number[] = [];
    const over = new AbortController();
    const writing = Array.from({ length: 8 }, async (_, lane) => {
      for (let k = lane; !over.signal.aborted; k += 8) {
        await database.put([
          { key: `a/${k}`, value: k },
          { key: `b/${k}`, value: k },
        ]);
        acknowledged.push(k);
      }
    });
    for (let round = 0; round < 3; round++) {
      await pause(100);
      await server.kill();
      await pause(100);
      await server.start();
    }
    await pause(100);
    over.abort();
    await Promise.all(writing);
    expect(acknowledged.length).toBeGreaterThan(3 * 8);
    for (const half of ['a', 'b']) {
      expect(await database.getMany(acknowledged.map((k) => `${half}/${k}`))).toEqual(acknowledged);
    }
    expect(await checkStores({ folder: tmpdir(), url: server.url })).toMatchObject({ isForgetful: false });
  });

  it('and keeps no log of what it was told is known to forget', async () => {
    const server = await RedisServer.start({ isForgetful: true });
    toEnd.push(async () => server.stop());
    expect(await checkStores({ folder: tmpdir(), url: server.url })).toMatchObject({ isForgetful: true });
  });
});

const postgres = postgresPrograms();
const isRoot = process.getuid?.() === 0;
describe.skipIf(postgres === undefined)(
  `a PostgreSQL that is killed${postgres === undefined ? ' (skipped: no postgres here)' : ''}`,
  () => {
    it('and started again has what it was told, and ends no process', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'fourstep-postgres-'));
      toEnd.push(async () => rm(folder, { recursive: true, force: true }));
      const run = (program: string, ...words: readonly string[]): ChildProcess => {
        const file = join(postgres ?? '', program);
        const options = { stdio: 'ignore', cwd: '/' } as const;
        return isRoot
          ? spawn('runuser', ['-u', 'postgres', '--', file, ...words], options)
          : spawn(file, words, options);
      };
      if (isRoot) {
        execFileSync('chown', ['postgres', folder]);
      }
      const data = join(folder, 'data');
      await once(run('initdb', '-D', data, '-A', 'trust', '-U', 'fourstep', '--no-sync'), 'exit');
      const port = await freePort();
      const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder}`;
      const start = async (): Promise<unknown> => once(run('pg_ctl', '-D', data, '-w', '-o', options, 'start'), 'exit');
      const stop = async (): Promise<unknown> => once(run('pg_ctl', '-D', data, '-m', 'immediate', 'stop'), 'exit');
      await start();
      toEnd.push(stop);
      const [database, beside] = await Promise.all(
        ['first', 'second'].map(async (table) => openPostgres(`postgres://fourstep@127.0.0.1:${port}/postgres`, table)),
      );
      await database?.put([{ key: 'a', value: 1 }]);
      await stop();
      const asked = database?.put([{ key: 'b', value: 2 }]);
      await start();
      await asked;
      expect(await database?.getMany(['a', 'b'])).toEqual([1, 2]);
      // Two stores of one process are two: what closes one leaves the other open.
      await database?.close();
      expect(await beside?.get('a')).toBeUndefined();
      await beside?.close();
    });
  },
);

function postgresPrograms(): string | undefined {
  try {
    return (
      execFileSync('sh', ['-c', 'dirname "$(ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)"'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
        .toString()
        .trim()
        .replace(/^\.$/, '') || undefined
    );
  } catch {
    return undefined;
  }
}
