/** Everything that is kept: records in a database chosen by address, and files in the data folder. */
import { join } from 'node:path';
import { UserError } from '../core/errors.ts';
import type { Partition } from '../core/partition.ts';
import { AuditStore } from './audit.ts';
import { claimFolder, type Release } from './claim.ts';
import { checkSchema, type Database, readSchema } from './database.ts';
import { DepartureStore } from './departures.ts';
import { InboxStore } from './inbox.ts';
import { hasEmbedded, makeFolder, openEmbedded } from './embedded.ts';
import { type FileBudgets, FileStore } from './files.ts';
import { InstallationStore } from './installations.ts';
import { JobStore } from './jobs.ts';
import { PeopleStore } from './people.ts';
import { openPostgres } from './postgres.ts';
import { QuotaStore } from './quotas.ts';
import { openRedis } from './redis.ts';
import { SettingsStore } from './settings.ts';
import { StartStore } from './starts.ts';
import { StyleStore } from './styles.ts';
import { TrainingStore } from './trainings.ts';

export { filesOf, isOpen } from './jobs.ts';
export { openMemory } from './memory.ts';
export { pictureAt } from './fetch-picture.ts';
export { fetchFile, type FetchFileOptions } from './fetch-file.ts';
export { receiveLora, type ReceivedFile, tooLarge } from './receive-lora.ts';
export { DEFAULT_SETTINGS, type ServerSettings } from './settings.ts';
export type { AuditEntry } from './audit.ts';
export { type Database, writeFailure } from './database.ts';
export type { FileStore } from './files.ts';
export type { Balance, Quota } from './quotas.ts';
export type { BlockedPerson } from './people.ts';
export type { StyleDraft, StylePreset } from './style-records.ts';
export type { Training, TrainingPicture } from './trainings.ts';

export type Stores = {
  readonly jobs: JobStore;
  readonly settings: SettingsStore;
  readonly styles: StyleStore;
  readonly trainings: TrainingStore;
  readonly people: PeopleStore;
  readonly quotas: QuotaStore;
  readonly audit: AuditStore;
  readonly inbox: InboxStore;
  readonly starts: StartStore;
  readonly departures: DepartureStore;
  readonly installations: InstallationStore;
  readonly files: FileStore;
  /** Deletes what is past its time: records that expire, and ended jobs created before `jobsBeforeMs`. */
  readonly tidy: (jobsBeforeMs: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type StoreOptions = {
  /** The data folder. */
  readonly folder: string;
  /** `redis://…`, `rediss://…`, `postgres://…`, `postgresql://…`; undefined: a file in the data folder. */
  readonly url: string | undefined;
  readonly budgets?: FileBudgets;
  /** Which of several processes on one store this one is; absent: the only one. */
  readonly partition?: Partition | undefined;
};

/**
 * Opens the stores for a bot; those in the data folder are its alone until they are closed. Throws `UserError`
 * `store.busy` where another bot has them, `store.corrupt`, `store.newer`, `store.url`, `store.unreachable` in a
 * sentence and changes nothing then. `onUnguarded` is told where the folder is one that no bot can have to itself.
 */
export async function openStores(
  { folder, url, budgets, partition }: StoreOptions,
  onUnguarded: (cause: unknown) => void = () => undefined,
): Promise<Stores> {
  let isOurs = isEmbedded(url);
  const onShared = (cause: unknown): void => {
    isOurs = false;
    onUnguarded(cause);
  };
  const release = isEmbedded(url) ? await claimed(folder, onShared) : undefined;
  try {
    const { database, name } = await openDatabase(folder, url);
    try {
      await checkSchema(database, name);
    } catch (error) {
      await database.close();
      throw error;
    }
    const files = new FileStore(folder, budgets);
    const stores = storesOn(database, files, partition);
    // In a folder that is ours alone nobody is still writing: what a killed process left goes now.
    const beforeMs = isOurs ? Date.now() : Date.now() - TEMPORARY_KEPT_MS;
    await files.sweep(beforeMs);
    await sweepUnnamed(stores, beforeMs);
    return {
      ...stores,
      close: async () => {
        await stores.close();
        await release?.();
      },
    };
  } catch (error) {
    await release?.();
    throw error;
  }
}

type StoreCheck = {
  /** It may lose what it was told last when it is killed. */
  readonly isForgetful: boolean;
  /** What the chats keep of the places that installed them. */
  readonly installations: readonly unknown[];
};

/** Throws what `openStores` would throw, and changes nothing: the store may be a running bot's, or not be there yet. */
export async function checkStores({ folder, url }: StoreOptions): Promise<StoreCheck> {
  if (isEmbedded(url) && !(await hasEmbedded(folder))) {
    return { isForgetful: false, installations: [] };
  }
  const { database, name } = await openDatabase(folder, url);
  try {
    await readSchema(database, name);
    return {
      isForgetful: (await database.isForgetful?.()) ?? false,
      installations: await new InstallationStore(database).list(''),
    };
  } finally {
    await database.close();
  }
}

function isEmbedded(url: string | undefined): url is '' | undefined {
  return url === undefined || url === '';
}

async function claimed(folder: string, onUnguarded: (cause: unknown) => void): Promise<Release> {
  await makeFolder(folder);
  return await claimFolder(folder, onUnguarded);
}

/** Nothing is written for so long without a word: such a file is a crash's. */
const TEMPORARY_KEPT_MS = 3_600_000;

/** The stores on a database that is open. */
export function storesOn(database: Database, files: FileStore, partition?: Partition): Stores {
  const jobs = new JobStore(database, partition);
  const styles = new StyleStore(database);
  const trainings = new TrainingStore(database);
  return {
    jobs,
    settings: new SettingsStore(database),
    styles,
    trainings,
    people: new PeopleStore(database),
    quotas: new QuotaStore(database),
    audit: new AuditStore(database),
    inbox: new InboxStore(database),
    starts: new StartStore(database),
    departures: new DepartureStore({ database, jobs, styles, trainings, files }),
    installations: new InstallationStore(database),
    files,
    tidy: async (jobsBeforeMs) => {
      await sweepExpired(database);
      await sweepUnnamed({ styles, trainings, files }, Date.now() - TEMPORARY_KEPT_MS);
      for (const job of await jobs.prune(jobsBeforeMs)) {
        const pictures = job.state.kind === 'done' ? job.state.pictures : [];
        await Promise.all(pictures.map(async ({ file }) => (file === '' ? undefined : await files.remove(file))));
      }
    },
    close: async () => {
      await database.close();
    },
  };
}

/** LoRAs and training pictures that no record names, and that nobody has touched since `beforeMs`. */
async function sweepUnnamed(
  { styles, trainings, files }: Pick<Stores, 'styles' | 'trainings' | 'files'>,
  beforeMs: number,
): Promise<void> {
  await files.sweepUnused('loras', await styles.files(), beforeMs);
  await files.sweepUnused('training', await trainings.files(), beforeMs);
}

const EXPIRING = [
  'seen/',
  'accepted/',
  'draft/',
  'training/',
  'training-time/',
  'quota/',
  'audit/',
  'start/',
  'removed/',
  'installation/once',
];
const PAGE = 500;

/** Reading an expired record deletes it; not every kind of store does so by itself. */
async function sweepExpired(database: Database): Promise<void> {
  for (const prefix of EXPIRING) {
    const keys = await database.keys(prefix);
    for (let start = 0; start < keys.length; start += PAGE) {
      await database.getMany(keys.slice(start, start + PAGE));
    }
  }
}

async function openDatabase(
  folder: string,
  url: string | undefined,
): Promise<{ readonly database: Database; readonly name: string }> {
  if (isEmbedded(url)) {
    return { database: await openEmbedded(folder), name: join(folder, 'store.mdb') };
  }
  const scheme = /^([a-z]+):\/\//u.exec(url)?.[1];
  const name = withoutPassword(url);
  try {
    if (scheme === 'redis' || scheme === 'rediss') {
      return { database: await openRedis(url), name };
    }
    if (scheme === 'postgres' || scheme === 'postgresql') {
      return { database: await openPostgres(url), name };
    }
  } catch (error) {
    throw new UserError(
      'store.unreachable',
      `The store ${name} cannot be reached. Check STORE_URL and that the server runs, or leave STORE_URL out to keep everything in ${folder}.`,
      { params: { name, folder }, cause: error },
    );
  }
  throw new UserError(
    'store.url',
    `STORE_URL begins with redis:// or postgres://; it is ${name}. Leave it out to keep everything in ${folder}.`,
    { params: { name, folder } },
  );
}

function withoutPassword(url: string): string {
  return url.replace(/\/\/.*@/u, '//***@');
}
