/**
 * Jobs and the lists that are read of them: what is not ended or not answered yet, whose they are, and where they were
 * asked for. A list's entry
 * is written with the job or before it, never after: an entry without its job is passed over, a job without its entry
 * would be lost.
 */
import { type Job, type JobId, storedJob } from '../core/job.ts';
import { isTakenUp, type Partition, partitionName } from '../core/partition.ts';
import type { ServerKey, UserKey } from '../core/people.ts';
import { startFiles } from '../core/request.ts';
import { corruptStore, type Database, keyPart } from './database.ts';
import { readRecord, RecordStore } from './record-store.ts';

export class JobStore extends RecordStore {
  readonly #partition: Partition | undefined;

  /** `partition`: other processes have jobs there too. */
  constructor(database: Database, partition?: Partition) {
    super(database);
    this.#partition = partition;
  }

  /** Durable when it resolves. Throws `UserError` `store.full`. */
  async save(job: Job): Promise<void> {
    const entries = [
      { key: userKeyOf(job.user, job.id), value: 1 },
      { key: serverKeyOf(job), value: 1 },
      { key: jobKey(job.id), value: job },
    ];
    if (isOpen(job)) {
      const owner = this.#partition === undefined ? job.createdAtMs : partitionName(this.#partition);
      await this.database.put([{ key: openKey(job.id), value: owner }, ...entries]);
    } else {
      await this.database.put(entries);
      await this.database.delete([openKey(job.id)]);
    }
  }

  async get(id: JobId): Promise<Job | undefined> {
    const found = await this.database.get(jobKey(id));
    return found === undefined ? undefined : readJob(id, found);
  }

  async delete(job: Job): Promise<void> {
    await this.database.delete([jobKey(job.id), openKey(job.id), userKeyOf(job.user, job.id), serverKeyOf(job)]);
  }

  /** Whichever process has them is to end and delete them; asked for as long as it may take one to hear it. */
  async askToForget(ids: readonly JobId[]): Promise<void> {
    await this.database.put(ids.map((id) => ({ key: forgetKey(id), value: 1, ttlMs: FORGET_KEPT_MS })));
  }

  async askedToForget(ids: readonly JobId[]): Promise<readonly JobId[]> {
    const found = ids.length === 0 ? [] : await this.database.getMany(ids.map(forgetKey));
    return ids.filter((_, k) => found[k] !== undefined);
  }

  /** A server's jobs, the newest first, at most `limit`. */
  async recent(server: ServerKey, limit: number): Promise<readonly Job[]> {
    const prefix = `by-server/${keyPart(server)}/`;
    const keys = (await this.database.keys(prefix)).slice(-limit).reverse();
    return this.#load(keys.map((key) => decodeURIComponent(key.slice(prefix.length + ORDER_LENGTH + 1))));
  }

  /** Jobs that are not ended, or whose end has not been shown, and are this process's to end; oldest first. */
  async open(): Promise<readonly Job[]> {
    const keys = await this.database.keys('open/');
    const owners = new Map((await this.database.getMany(keys)).map((owner, k) => [keys[k], owner]));
    const jobs = await this.#load(keys.map((key) => decodeURIComponent(key.slice('open/'.length))));
    return jobs
      .filter(({ id, server }) => {
        const owner = owners.get(openKey(id));
        return isTakenUp(typeof owner === 'string' ? owner : undefined, server, this.#partition);
      })
      .sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** Oldest first. */
  async ofUser(user: UserKey): Promise<readonly Job[]> {
    const prefix = `by-user/${keyPart(user)}/`;
    const ids = (await this.database.keys(prefix)).map((key) => decodeURIComponent(key.slice(prefix.length)));
    return [...(await this.#load(ids))].sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /** Those of the files that some job has. */
  async filesAmong(files: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    const ids = files.size === 0 ? [] : await this.#ids();
    for (let start = 0; start < ids.length; start += PAGE) {
      const named = (await this.#load(ids.slice(start, start + PAGE))).flatMap(filesOf);
      named.filter((file) => files.has(file)).forEach((file) => found.add(file));
    }
    return found;
  }

  async #ids(): Promise<readonly JobId[]> {
    return (await this.database.keys('job/')).map((key) => decodeURIComponent(key.slice('job/'.length)));
  }

  /** Deletes ended jobs that were created before; resolves to them. */
  async prune(beforeMs: number): Promise<readonly Job[]> {
    const ids = await this.#ids();
    const gone: Job[] = [];
    for (let start = 0; start < ids.length; start += PAGE) {
      const old = (await this.#load(ids.slice(start, start + PAGE))).filter(
        (job) => job.createdAtMs < beforeMs && !isOpen(job),
      );
      await this.database.delete(old.flatMap((job) => [jobKey(job.id), userKeyOf(job.user, job.id), serverKeyOf(job)]));
      gone.push(...old);
    }
    return gone;
  }

  async #load(ids: readonly JobId[]): Promise<readonly Job[]> {
    const found = await this.database.getMany(ids.map(jobKey));
    return found.flatMap((value, index) => (value === undefined ? [] : [readJob(ids[index] ?? '', value)]));
  }
}

const PAGE = 200;
const FORGET_KEPT_MS = 3_600_000;
/** Digits of a moment, base 36: enough until the year 5188. */
const ORDER_LENGTH = 9;

/** Something is still owed to the person who asked. */
export function isOpen(job: Job): boolean {
  return job.state.kind === 'queued' || job.state.kind === 'running' || !job.state.isAnswered;
}

/** Paths of the pictures that a job began from and of those that it drew. */
export function filesOf({ work, state }: Job): readonly string[] {
  const starts = work.kind === 'imagine' ? startFiles(work.request) : [work.request.file];
  const pictures = state.kind === 'done' ? state.pictures.map(({ file }) => file) : [];
  return [...pictures, ...starts].filter((path) => path !== '');
}

function readJob(id: JobId, value: unknown): Job {
  const job = readRecord(`job ${id}`, value, storedJob);
  if (job.id !== id) {
    throw corruptStore(`job ${id}`, `it holds another, ${job.id}`);
  }
  return job;
}

function jobKey(id: JobId): string {
  return `job/${keyPart(id)}`;
}

function forgetKey(id: JobId): string {
  return `forget/${keyPart(id)}`;
}

function openKey(id: JobId): string {
  return `open/${keyPart(id)}`;
}

function userKeyOf(user: UserKey, id: JobId): string {
  return `by-user/${keyPart(user)}/${keyPart(id)}`;
}

/** Sorts by the moment of asking. */
function serverKeyOf({ server, createdAtMs, id }: Job): string {
  const order = Math.max(0, Math.floor(createdAtMs)).toString(36).padStart(ORDER_LENGTH, '0');
  return `by-server/${keyPart(server)}/${order}-${keyPart(id)}`;
}
