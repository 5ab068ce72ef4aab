/**
 * Runners on other machines, seen as one `Runner`: work goes into a BullMQ queue on Redis, its events come back through
 * a stream of its own. A work's id is its name there, so a bot that was killed and asks again finds what has been drawn
 * meanwhile, and asking twice draws once. A bot that closes leaves its work running for the next one.
 */
import { Redis } from 'ioredis';

import { needsEightBits, noEightBits } from '../../core/eight-bits.ts';
import { asError, CancelledError, StoppedError, UserError } from '../../core/errors.ts';
import { Condition } from '../../core/condition.ts';
import type { Runner, RunnerHealth, Work, WorkEvent } from '../../core/work.ts';
import { EventChannel } from '../event-channel.ts';
import { unpackError } from '../wire.ts';
import { unpackEntry } from './entry.ts';
import { FileSender } from './files.ts';
import { cancelChannel, cancelKey, DEFAULT_PREFIX, KEPT_S, outKey, wakeChannel } from './keys.ts';
import { ATTEMPTS, WorkQueues } from './work-queues.ts';
import { WorkerWatch } from './worker-watch.ts';

export type RemoteRunnerOptions = {
  /** `redis://host:port`. */
  readonly url: string;
  readonly prefix?: string;
  /** Between looks for runners, and for events whose announcement was lost. */
  readonly pollMs?: number;
};

type Run = {
  readonly work: Work;
  readonly events: EventChannel;
  lastId: string;
  isCancelled: boolean;
  /** Reads one after the other: each begins where the last ended. */
  reading: Promise<void>;
};

export class RemoteRunner implements Runner {
  readonly #prefix: string;
  readonly #url: string;
  readonly #redis: Redis;
  readonly #subscriber: Redis;
  readonly #queues: WorkQueues;
  readonly #files: FileSender;
  readonly #workers: WorkerWatch;
  readonly #runs = new Map<string, Run>();
  readonly #idle = new Condition();
  readonly #timer: ReturnType<typeof setInterval>;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor({ url, prefix = DEFAULT_PREFIX, pollMs = 1000 }: RemoteRunnerOptions) {
    this.#url = url;
    this.#prefix = prefix;
    // Commands wait for a lost server to come back instead of failing the work.
    this.#redis = new Redis(url, { maxRetriesPerRequest: null });
    this.#subscriber = new Redis(url, { maxRetriesPerRequest: null });
    this.#queues = new WorkQueues(this.#redis, prefix);
    this.#files = new FileSender(this.#redis, prefix);
    this.#workers = new WorkerWatch(this.#redis, prefix);
    for (const client of [this.#redis, this.#subscriber]) {
      client.on('error', () => {}); // shown as not ready; the clients reconnect by themselves
    }
    this.#subscriber.on('message', (channel: string) => this.#wake(channel));
    this.#timer = setInterval(() => void this.#poll().catch(() => {}), pollMs);
  }

  /** Resolves once Redis answers and has heard of a runner at least once; never rejects. */
  async ready(): Promise<void> {
    while (!this.#workers.isThere && this.#state !== 'closed') {
      await this.#workers.look().catch(() => {});
      if (!this.#workers.isThere) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async *run(work: Work, signal: AbortSignal): AsyncGenerator<WorkEvent> {
    if (this.#state !== 'open') {
      throw new StoppedError();
    }
    if (signal.aborted) {
      throw new CancelledError();
    }
    if (this.#runs.has(work.id)) {
      throw new Error(`expected a work that is not running here yet, got ${work.id} again`);
    }
    const run: Run = { work, events: new EventChannel(), lastId: '-', isCancelled: false, reading: Promise.resolve() };
    const cancel = () => this.#cancel(run);
    this.#runs.set(work.id, run);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      void this.#send(run).catch((error: unknown) => run.events.end(asError(error)));
      yield* run.events.drain();
    } finally {
      signal.removeEventListener('abort', cancel);
      await this.#leave(run);
    }
  }

  health(): readonly RunnerHealth[] {
    const isUp = this.#redis.status === 'ready' && this.#workers.isThere;
    const waiting = this.#workers.seenAtMs === undefined ? 'starting' : 'restarting';
    return [
      {
        device: new URL(this.#url).host,
        state: this.#state !== 'open' ? 'stopped' : isUp ? 'ready' : waiting,
        active: this.#runs.size,
        lastHeartbeatAtMs: this.#workers.seenAtMs,
      },
    ];
  }

  /** Whether all machines that are there are quicker in 8 bits. */
  get prefersEightBits(): boolean {
    return this.#workers.prefersEightBits;
  }

  async close(limitMs: number): Promise<void> {
    this.#state = 'closing';
    if (this.#runs.size > 0) {
      await this.#idle.wait({ limitMs });
    }
    this.#state = 'closed';
    clearInterval(this.#timer);
    this.#runs.forEach((run) => run.events.end(new StoppedError()));
    await this.#queues.close();
    this.#subscriber.disconnect();
    this.#redis.disconnect();
  }

  async #send(run: Run): Promise<void> {
    const { work } = run;
    const files = await this.#files.send(work);
    await this.#subscriber.subscribe(wakeChannel(this.#prefix, work.id));
    if (run.isCancelled) {
      return;
    }
    await this.#queues.add(work, files);
    await this.#read(run);
  }

  #wake(channel: string): void {
    for (const run of this.#runs.values()) {
      if (channel === wakeChannel(this.#prefix, run.work.id)) {
        void this.#read(run).catch(() => {}); // the next poll reads again
      }
    }
  }

  #read(run: Run): Promise<void> {
    run.reading = run.reading.catch(() => {}).then(() => this.#readOnce(run));
    return run.reading;
  }

  async #readOnce(run: Run): Promise<void> {
    if (run.events.hasEnded) {
      return;
    }
    const from = run.lastId === '-' ? '-' : `(${run.lastId}`;
    const entries = await this.#redis.xrangeBuffer(outKey(this.#prefix, run.work.id), from, '+');
    for (const [id, fields] of entries) {
      run.lastId = id.toString();
      const entry = unpackEntry(fields);
      switch (entry.kind) {
        case 'event':
          run.events.push(entry.event);
          break;
        case 'end':
          run.events.end();
          break;
        case 'error':
          run.events.end(unpackError(entry.error));
          break;
        default:
          entry satisfies never;
      }
    }
  }

  #cancel(run: Run): void {
    if (run.isCancelled) {
      return;
    }
    run.isCancelled = true;
    const { id } = run.work;
    const cancelled = async () => {
      await this.#redis.set(cancelKey(this.#prefix, id), '1', 'EX', KEPT_S);
      await this.#redis.publish(cancelChannel(this.#prefix), id);
      // Still in the queue: nobody will say that it stopped.
      if ((await this.#queues.takeBack(run.work)) || !(await this.#queues.has(run.work))) {
        run.events.end(new CancelledError());
      }
    };
    void cancelled().catch((error: unknown) => run.events.end(asError(error)));
  }

  /** What nobody will fetch any more is removed, except by a bot that closes: its successor fetches it. */
  async #leave(run: Run): Promise<void> {
    const { id } = run.work;
    if (!run.events.hasEnded) {
      this.#cancel(run); // the consumer left early
    }
    this.#runs.delete(id);
    if (this.#runs.size === 0) {
      this.#idle.notify();
    }
    if (this.#state === 'closed') {
      return;
    }
    await this.#subscriber.unsubscribe(wakeChannel(this.#prefix, id)).catch(() => {});
    if (run.events.hasEnded) {
      await this.#redis.del(outKey(this.#prefix, id)).catch(() => {});
    }
  }

  async #poll(): Promise<void> {
    await this.#workers.look();
    for (const run of this.#runs.values()) {
      await this.#read(run);
      if (run.events.hasEnded) {
        continue;
      }
      if (needsEightBits(run.work) && this.#workers.lacksEightBits && (await this.#queues.takeBack(run.work))) {
        run.events.end(noEightBits());
      } else if (await this.#queues.hasFailed(run.work)) {
        await this.#queues.takeBack(run.work);
        run.events.end(
          new UserError(
            'runner.crashed',
            `Expected a picture, but its runner was lost ${ATTEMPTS} times while drawing it. Try again later, or ask the operator to look at the log.`,
            { params: { attempts: ATTEMPTS } },
          ),
        );
      }
    }
  }
}
