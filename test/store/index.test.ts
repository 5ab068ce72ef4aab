import { access, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Job } from '../../src/core/job.ts';
import {
  checkStores,
  type Database,
  DEFAULT_SETTINGS,
  openMemory,
  openStores,
  type Quota,
  storesOn,
} from '../../src/store/index.ts';
import { FileStore } from '../../src/store/files.ts';

const folder = await mkdtemp(join(tmpdir(), 'fourstep-stores-'));
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
const inMemory = () => storesOn(openMemory(), new FileStore(join(folder, 'files')));

const job = (id: string, more: Partial<Job> = {}): Job => ({
  id,
  server: 'discord:1',
  user: 'discord:ada',
  userName: 'Ada',
  channel: 'c',
  isNsfwChannel: false,
  locale: 'en',
  maxUploadBytes: 1,
  work: { kind: 'upscale', request: { model: 'moji', file: '/x.png', scale: 2 } },
  origin: { kind: 'command' },
  styleName: '',
  createdAtMs: 1,
  attempts: 0,
  state: { kind: 'queued' },
  address: { platform: 'discord', data: { message: 'm' } },
  ...more,
});
const done = { kind: 'done', endedAtMs: 2, isAnswered: true, drawMs: 1, pictures: [] } as const;

describe('jobs', () => {
  it('are open until they are answered, oldest first', async () => {
    const { jobs } = inMemory();
    await jobs.save(job('b', { createdAtMs: 2 }));
    await jobs.save(job('a', { createdAtMs: 3 }));
    await jobs.save(job('c', { createdAtMs: 1, state: { ...done, isAnswered: false } }));
    await jobs.save(job('d', { state: done }));
    expect((await jobs.open()).map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    await jobs.save(job('b', { createdAtMs: 2, state: done }));
    expect((await jobs.open()).map(({ id }) => id)).toEqual(['c', 'a']);
  });

  it('are found by person and server, and are gone from everywhere once deleted', async () => {
    const { jobs } = inMemory();
    await jobs.save(job('a', { createdAtMs: 5 }));
    await jobs.save(job('b', { createdAtMs: 4, user: 'discord:bob' }));
    expect((await jobs.ofUser('discord:ada')).map(({ id }) => id)).toEqual(['a']);
    expect((await jobs.recent('discord:1', 5)).map(({ id }) => id)).toEqual(['a', 'b']);
    await jobs.delete(job('a', { createdAtMs: 5 }));
    expect(await jobs.get('a')).toBeUndefined();
    expect(await jobs.ofUser('discord:ada')).toEqual([]);
    expect((await jobs.open()).map(({ id }) => id)).toEqual(['b']);
  });

  it('are pruned when they are old and over', async () => {
    const { jobs } = inMemory();
    await jobs.save(job('old', { createdAtMs: 1, state: done }));
    await jobs.save(job('owed', { createdAtMs: 1 }));
    await jobs.save(job('young', { createdAtMs: 100, state: done }));
    expect((await jobs.prune(50)).map(({ id }) => id)).toEqual(['old']);
    expect((await jobs.ofUser('discord:ada')).map(({ id }) => id).sort()).toEqual(['owed', 'young']);
  });

  it('that are no jobs are refused with a sentence', async () => {
    const database = openMemory();
    await database.put([{ key: 'job/x', value: { id: 'y' } }]);
    await expect(storesOn(database, new FileStore(folder)).jobs.get('x')).rejects.toThrow('cannot be read');
  });
});

describe('tidying up', () => {
  it('deletes what is past its time and nothing else', async () => {
    const database = openMemory();
    const stores = storesOn(database, new FileStore(join(folder, 'files')));
    const file = await stores.files.keep('pictures', new Uint8Array([1, 2, 3]), '.png');
    const picture = { index: 0, seed: 1, width: 8, height: 8, file };
    await stores.jobs.save(job('old', { createdAtMs: 1, state: { ...done, pictures: [picture] } }));
    await stores.jobs.save(job('young', { createdAtMs: 100, state: done }));
    await database.put([{ key: 'seen/a', value: 1, ttlMs: 1 }]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await stores.tidy(50);
    expect(await database.keys('seen/')).toEqual([]);
    expect(await stores.jobs.get('old')).toBeUndefined();
    expect(await stores.files.has(file)).toBe(false);
    expect(await stores.jobs.get('young')).toBeDefined();
  });
});

describe('quotas', () => {
  const quota: Quota = { server: 'discord:1', user: 'discord:ada', perUser: 5, perServer: 8 };
  const day = 24 * 3_600_000;

  it('are taken from both or from neither, and given back', async () => {
    const { quotas } = inMemory();
    expect(await quotas.take(quota, 4, 0)).toEqual({ isTaken: true });
    expect(await quotas.take(quota, 2, 0)).toMatchObject({ isTaken: false, of: 'user', balance: { left: 1, of: 5 } });
    const other: Quota = { ...quota, user: 'discord:bob' };
    expect(await quotas.take(other, 5, 0)).toMatchObject({ isTaken: false, of: 'server', balance: { left: 4 } });
    expect((await quotas.balances(other, 0)).user?.left).toBe(5);
    await quotas.refund(quota, 4, 0);
    expect(await quotas.balances(quota, 0)).toMatchObject({ user: { left: 5 }, server: { left: 8 } });
  });

  it('cannot be taken twice at once', async () => {
    const { quotas } = inMemory();
    const taken = await Promise.all(Array.from({ length: 10 }, async () => await quotas.take(quota, 1, 0)));
    expect(taken.filter(({ isTaken }) => isTaken)).toHaveLength(5);
  });

  it('begin anew a day after the first picture', async () => {
    const { quotas } = inMemory();
    await quotas.take(quota, 5, 1000);
    expect((await quotas.balances(quota, 999 + day)).user).toEqual({ left: 0, of: 5, resetsAtMs: 1000 + day });
    expect((await quotas.balances(quota, 1000 + day)).user?.left).toBe(5);
    await quotas.refund(quota, 5, 1000 + day);
    expect((await quotas.balances(quota, 1000 + day)).user?.left).toBe(5);
  });

  it('do not lock anybody out for long when the clock was wrong', async () => {
    const { quotas } = inMemory();
    await quotas.take(quota, 5, 10 * day);
    expect((await quotas.balances(quota, 0)).user?.left).toBe(5);
  });
});

describe('settings', () => {
  it('are the defaults until somebody changes them, and come back as they were saved', async () => {
    const { settings } = inMemory();
    expect(await settings.of('discord:1')).toEqual(DEFAULT_SETTINGS);
    const changed = {
      ...DEFAULT_SETTINGS,
      model: 'big',
      perUserDay: 0,
      blockedWords: ['fox'],
      adult: 'never' as const,
    };
    await settings.save('discord:1', changed);
    expect(await settings.of('discord:1')).toEqual(changed);
    expect(await settings.of('discord:2')).toEqual(DEFAULT_SETTINGS);
  });

  it('that make no sense are refused with a sentence', async () => {
    const database = openMemory();
    await database.put([{ key: 'settings/discord%3A1', value: { count: 'many' } }]);
    const { settings } = storesOn(database, new FileStore(folder));
    await expect(settings.of('discord:1')).rejects.toThrow('cannot be read');
  });
});

describe('deliveries', () => {
  it('are begun once, also after a restart', async () => {
    const database = openMemory();
    const before = storesOn(database, new FileStore(folder)).inbox;
    expect(await before.claim('a')).toBe(true);
    expect(await before.claim('a')).toBe(false);
    await before.complete('a');
    const after = storesOn(database, new FileStore(folder)).inbox;
    expect(await after.claim('a')).toBe(false);
    expect(await after.claim('b')).toBe(true);
  });
});

describe('a delivery that the store could not look up', () => {
  it('may come again', async () => {
    const database = openMemory();
    let isAway = true;
    const flaky: Database = Object.assign(Object.create(database), {
      get: (key: string) => (isAway ? Promise.reject(new Error('away')) : database.get(key)),
    });
    const { inbox } = storesOn(flaky, new FileStore(folder));
    await expect(inbox.claim('a')).rejects.toThrow('away');
    isAway = false;
    expect(await inbox.claim('a')).toBe(true);
  });
});

describe('looking at the stores', () => {
  it('makes nothing where there is none', async () => {
    const none = join(folder, 'none');
    await checkStores({ folder: none, url: undefined });
    await expect(access(none)).rejects.toThrow('ENOENT');
  });

  it('takes nothing from the bot that has them open', async () => {
    const open = { folder: join(folder, 'busy'), url: undefined };
    const stores = await openStores(open);
    const half = await stores.files.temporary();
    await writeFile(half, 'half');
    await checkStores(open);
    await expect(openStores(open)).rejects.toMatchObject({ code: 'store.busy' });
    expect(await stores.files.has(half)).toBe(true);
    await stores.close();
  });
});

describe('opening the stores', () => {
  it('are nobody else’s on this machine, also where they lay open before', async () => {
    const open = join(folder, 'open');
    await mkdir(open, { mode: 0o755 });
    const stores = await openStores({ folder: open, url: undefined });
    await stores.close();
    for (const path of [open, join(open, 'store.mdb')]) {
      expect(((await stat(path)).mode & 0o077).toString(8)).toBe('0');
    }
  });

  it('keeps everything in the data folder where no address is given', async () => {
    const first = await openStores({ folder: join(folder, 'data'), url: undefined });
    await first.jobs.save(job('a'));
    await first.close();
    const second = await openStores({ folder: join(folder, 'data'), url: '' });
    expect(await second.jobs.get('a')).toEqual(job('a'));
    await second.close();
  });

  it.each([
    [
      'mysql://user:secret@localhost/x',
      /^STORE_URL begins with redis:\/\/ or postgres:\/\/; it is mysql:\/\/\*\*\*@localhost\/x\./u,
    ],
    ['redis://user:s@cret@127.0.0.1:1', /^The store redis:\/\/\*\*\*@127\.0\.0\.1:1 cannot be reached\./u],
  ])('refuses %s in a sentence without its password', async (url, sentence) => {
    await expect(openStores({ folder, url })).rejects.toThrow(sentence);
  });

  it('refuses a damaged file and leaves it', async () => {
    await writeFile(join(folder, 'store.mdb'), 'hello '.repeat(5000));
    for (let times = 0; times < 2; times++) {
      await expect(openStores({ folder, url: undefined })).rejects.toThrow('it does not begin like a store');
    }
  });
});
