/**
 * The other end of `RemoteRunner`: a machine that takes work from the fleet's queue and draws it with its own `Runner`.
 * A machine that is lost gives its work back to the queue (BullMQ's lock runs out); one that is stopped gives it back at
 * once. A work that has ended is not drawn again, whoever asks.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';

import type { EightBitSkill } from '../../core/eight-bits.ts';
import { StoppedError } from '../../core/errors.ts';
import type { Runner } from '../../core/work.ts';
import { packError, wire } from '../wire.ts';
import { packEntry, unpackEntry, type Entry } from './entry.ts';
import { forgetPictures, receiveFiles, removeFaded } from './files.ts';
import {
  cancelChannel,
  cancelKey,
  DEFAULT_PREFIX,
  EIGHT_BIT_QUEUE,
  KEPT_S,
  outKey,
  PRESENCE_S,
  QUEUE_NAME,
  runnerKey,
  runnersKey,
  SKILLS,
  wakeChannel,
} from './keys.ts';

const TIDY_EVERY_MS = 3_600_000;

export type ServeOptions = {
  /** `redis://host:port`. */
  readonly url: string;
  readonly prefix?: string;
  readonly runner: Runner;
  /** Works drawn at once, of each queue: more than it draws at once wait in the runner. */
  readonly slots: number;
  /** Of the machine's devices together; works in 8 bits are taken only where some device draws them. */
  readonly eightBits: EightBitSkill;
  /** Absolute: where files that requests name are kept. */
  readonly filesFolder: string;
  /** A machine silent for so long has lost its work to another. */
  readonly lockMs?: number;
  /** Told when Redis cannot be reached or refuses; the connection is tried again by itself. */
  readonly onFault?: (error: Error) => void;
};

const payload = z.object({ work: wire.work, files: z.record(z.string(), z.string()) });
/** All that is needed to answer whoever sent what this version cannot read. */
const addressed = z.object({ work: z.object({ id: z.string() }) });

/** For giving back what has not ended. */
const UNREGISTER_MS = 5000;

export class RemoteWorker {
  readonly #options: ServeOptions;
  readonly #prefix: string;
  readonly #name = randomUUID();
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #workerRedis: Redis;
  readonly #workers: readonly Worker[];
  readonly #cancels = new Map<string, AbortController>();
  readonly #presence: ReturnType<typeof setInterval>;
  /** Also where no work comes any more: what a server brought goes with it. */
  readonly #tidying: ReturnType<typeof setInterval>;
  #closed: Promise<void> | undefined;

  constructor(options: ServeOptions) {
    const { url, prefix = DEFAULT_PREFIX, slots, lockMs = 30_000 } = options;
    this.#options = options;
    this.#prefix = prefix;
    this.#redis = new Redis(url, { maxRetriesPerRequest: null });
    this.#subscriber = new Redis(url, { maxRetriesPerRequest: null });
    this.#workerRedis = new Redis(url, { maxRetriesPerRequest: null });
    const names = options.eightBits === 'none' ? [QUEUE_NAME] : [QUEUE_NAME, EIGHT_BIT_QUEUE];
    this.#workers = names.map(
      (name) =>
        new Worker(name, (job) => this.#draw(job), {
          connection: this.#workerRedis,
          prefix,
          concurrency: slots,
          lockDuration: lockMs,
          stalledInterval: lockMs,
          maxStalledCount: 2,
        }),
    );
    for (const client of [this.#redis, this.#subscriber, this.#workerRedis, ...this.#workers]) {
      client.on('error', () => {}); // they reconnect by themselves
    }
    this.#redis.on('error', (error: Error) => options.onFault?.(error));
    this.#subscriber.on('message', (_channel: string, id: string) => this.#cancels.get(id)?.abort());
    this.#tidying = setInterval(() => void removeFaded(options.filesFolder).catch(() => {}), TIDY_EVERY_MS);
    this.#tidying.unref();
    this.#presence = setInterval(() => void this.#show().catch(() => {}), (PRESENCE_S * 1000) / 4);
  }

  /** Resolves once the queue is listened to. */
  async ready(): Promise<void> {
    await this.#subscriber.subscribe(cancelChannel(this.#prefix));
    await Promise.all(this.#workers.map((worker) => worker.waitUntilReady()));
    await this.#show();
  }

  /** Takes nothing new; what has not ended within `limitMs` goes back to the queue. */
  close(limitMs: number): Promise<void> {
    this.#closed ??= this.#close(limitMs);
    return this.#closed;
  }

  async #close(limitMs: number): Promise<void> {
    clearInterval(this.#presence);
    // A Redis that is away is told nothing: presence and locks run out by themselves.
    const isAway = this.#redis.status !== 'ready';
    const unregistered = [
      this.#redis.del(runnerKey(this.#prefix, this.#name)),
      ...this.#workers.map((worker) => worker.close(isAway)),
    ];
    const heard = Promise.allSettled(unregistered);
    await this.#options.runner.close(limitMs);
    await Promise.race([heard, sleep(isAway ? 0 : UNREGISTER_MS, undefined, { ref: false })]);
    this.#workerRedis.disconnect();
    this.#subscriber.disconnect();
    this.#redis.disconnect();
  }

  async #show(): Promise<void> {
    if (this.#options.runner.health().some(({ state }) => state === 'ready')) {
      const skill = SKILLS[this.#options.eightBits];
      await this.#redis.set(runnerKey(this.#prefix, this.#name), skill, 'EX', PRESENCE_S);
      await this.#redis.sadd(runnersKey(this.#prefix), this.#name);
    }
  }

  async #draw(job: Job): Promise<void> {
    const { id } = addressed.parse(job.data).work;
    if (await this.#hasEnded(id)) {
      return;
    }
    const cancel = new AbortController();
    this.#cancels.set(id, cancel);
    let forget = (): Promise<void> => Promise.resolve();
    try {
      if ((await this.#redis.exists(cancelKey(this.#prefix, id))) === 1) {
        cancel.abort();
      }
      const { work, files } = payload.parse(job.data);
      const shared = { prefix: this.#prefix, folder: this.#options.filesFolder, names: files, work };
      const local = await receiveFiles(this.#redis, shared);
      forget = () => forgetPictures(this.#redis, shared);
      for await (const event of this.#options.runner.run(local, cancel.signal)) {
        await this.#tell(id, { kind: 'event', event });
      }
      await forget();
      await this.#tell(id, { kind: 'end' });
    } catch (error) {
      if (error instanceof StoppedError) {
        throw error; // back to the queue: another machine draws it
      }
      await forget();
      await this.#tell(id, { kind: 'error', error: packError(error) });
    } finally {
      this.#cancels.delete(id);
    }
  }

  async #hasEnded(id: string): Promise<boolean> {
    const [last] = await this.#redis.xrevrangeBuffer(outKey(this.#prefix, id), '+', '-', 'COUNT', 1);
    return last !== undefined && unpackEntry(last[1]).kind !== 'event';
  }

  async #tell(id: string, entry: Entry): Promise<void> {
    const key = outKey(this.#prefix, id);
    await this.#redis.xadd(key, '*', ...packEntry(entry));
    await this.#redis.expire(key, KEPT_S);
    await this.#redis.publish(wakeChannel(this.#prefix, id), '');
  }
}
