/** What leaves with a server, and what stays: the other servers', and a server's that comes back in time. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openEmbedded } from '../../src/store/embedded.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openRedis } from '../../src/store/redis.ts';
import { FileStore } from '../../src/store/files.ts';
import { type Database, DEFAULT_SETTINGS, openMemory, storesOn } from '../../src/store/index.ts';
import type { Job } from '../../src/core/job.ts';
import { requestOf } from '../../src/bot/wish.ts';
import { MOJI } from '../support/manifests.ts';

let folder: string;
let database: Database;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fourstep-left-'));
});

afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

const aJob = (id: string): Job => ({
  id,
  server: 'discord:1',
  user: 'discord:7',
  userName: 'Root',
  channel: '5',
  isNsfwChannel: false,
  locale: 'en',
  maxUploadBytes: 1,
  work: { kind: 'imagine', request: requestOf({ prompt: 'a fox', seed: 1 }, { manifest: MOJI }) },
  origin: { kind: 'command' },
  styleName: '',
  createdAtMs: 1,
  attempts: 0,
  state: { kind: 'queued' },
  address: { platform: 'discord', data: {} },
});

const GONE = 'discord:1';
const STAYS = 'discord:12';

const redis = process.env['TEST_REDIS_URL'];
const postgres = process.env['TEST_POSTGRES_URL'];

describe.each<[string, () => Promise<Database>]>([
  ['memory', async () => openMemory()],
  ['the embedded store', async () => openEmbedded(folder)],
  ...(redis === undefined
    ? []
    : [['Redis', () => openRedis(redis, `left-${Date.now()}`)] as [string, () => Promise<Database>]]),
  ...(postgres === undefined ? [] : [['Postgres', () => openPostgres(postgres)] as [string, () => Promise<Database>]]),
])('in %s', (_name, open) => {
  it('all that a server brought leaves with it, and nothing of another', async () => {
    database = await open();
    const stores = storesOn(database, new FileStore(folder));
    const preset = {
      id: 'neon',
      name: 'Neon',
      model: 'moji',
      weight: 1,
      trigger: '',
      negative: '',
      description: '',
      addedBy: 'discord:7',
      addedByName: 'Root',
      addedAtMs: 1,
    } as const;
    const [own, shared] = await Promise.all(
      ['a', 'b'].map(async (word) => stores.files.keep('loras', Buffer.from(word), '.safetensors')),
    );
    const hashOf = (path = ''): string => path.split('/').at(-1)?.split('.')[0] ?? '';
    for (const server of [GONE, STAYS] as const) {
      await stores.settings.save(server, { ...DEFAULT_SETTINGS, count: 2 });
      await stores.styles.save(server, { ...preset, sha256: hashOf(shared) });
      await stores.people.saveStyle('discord:7', server, 'neon');
      await stores.people.block(server, { user: 'discord:8', name: 'Bo', by: 'discord:7', atMs: 1 });
      await stores.quotas.take({ user: 'discord:7', server, perUser: 9, perServer: 9 }, 3, 1000);
      await stores.styles.countUse(server, ['neon']);
      await stores.trainings.spend(server, 1000, 1000);
      await stores.audit.add(server, {
        atMs: 1,
        user: 'discord:7',
        userName: 'Root',
        what: 'x',
        params: {},
        was: '',
        is: '',
      });
      await stores.installations.save(`link:${server.slice(8)}`, { team: server.slice(8) });
      await stores.jobs.save({ ...aJob(`job-${server.slice(8)}`), server });
    }
    await stores.styles.save(GONE, { ...preset, id: 'mine', sha256: hashOf(own) });
    await stores.departures.forget(GONE);

    const left = (await database.keys('')).filter(
      (key) => key.includes(`${encodeURIComponent(GONE)}/`) || key.endsWith(encodeURIComponent(GONE)),
    );
    expect(left).toEqual([]);
    expect(await stores.installations.list('')).toEqual([{ team: '12' }]);
    expect(await stores.jobs.get('job-1')).toBeUndefined();
    expect(await stores.files.has(own ?? '')).toBe(false);
    expect(await stores.files.has(shared ?? '')).toBe(true);
    expect(await stores.settings.of(STAYS)).toMatchObject({ count: 2 });
    expect(await stores.styles.of(STAYS)).toHaveLength(1);
    expect(await stores.people.style('discord:7', STAYS)).toBe('neon');
    expect(await stores.people.isBlocked(STAYS, 'discord:8')).toBe(true);
    expect(await stores.audit.last(STAYS, 9)).toHaveLength(1);
    expect(await stores.jobs.get('job-12')).toBeDefined();
  });

  it('a server that comes back in time is not due, and departures count from the first', async () => {
    database = await open();
    const { departures } = storesOn(database, new FileStore(folder));
    await departures.left(GONE, 1000);
    await departures.left(GONE, 5000);
    await departures.left(STAYS, 1000);
    await departures.back(STAYS);
    expect(await departures.due(999)).toEqual([]);
    expect(await departures.due(1000)).toEqual([GONE]);
  });
});
