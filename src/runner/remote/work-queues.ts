/**
 * What waits for a machine: one queue for all of them, and one that only machines that multiply 8 bits listen to, so that no
 * other ever takes a work it would have to refuse. Knows no events.
 */
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

import { needsEightBits } from '../../core/eight-bits.ts';
import type { Work } from '../../core/work.ts';
import { EIGHT_BIT_QUEUE, jobIdOf, KEPT_S, QUEUE_NAME } from './keys.ts';

/** Times a work may lose its runner's machine. */
export const ATTEMPTS = 3;

export class WorkQueues {
  readonly #any: Queue;
  readonly #eightBits: Queue;

  constructor(redis: Redis, prefix: string) {
    const open = (name: string): Queue => {
      const queue = new Queue(name, { connection: redis, prefix });
      queue.on('error', () => {}); // its connection is watched by who gave it
      return queue;
    };
    this.#any = open(QUEUE_NAME);
    this.#eightBits = open(EIGHT_BIT_QUEUE);
  }

  /** The same id twice is one work: the first is kept. `files`: keys of what it names, by path. */
  async add(work: Work, files: Readonly<Record<string, string>>): Promise<void> {
    await this.#of(work).add(
      work.kind,
      { work, files },
      { jobId: jobIdOf(work.id), attempts: ATTEMPTS, removeOnComplete: true, removeOnFail: { age: KEPT_S } },
    );
  }

  /** Out of its queue; false where it is in none, or a machine draws it and has it locked. */
  async takeBack(work: Work): Promise<boolean> {
    const job = await this.#of(work).getJob(jobIdOf(work.id));
    return (
      job !== undefined &&
      job.remove().then(
        () => true,
        () => false,
      )
    );
  }

  async has(work: Work): Promise<boolean> {
    return (await this.#of(work).getJob(jobIdOf(work.id))) !== undefined;
  }

  /** Whether its machines were lost too often. */
  async hasFailed(work: Work): Promise<boolean> {
    const job = await this.#of(work).getJob(jobIdOf(work.id));
    return job !== undefined && (await job.getState()) === 'failed';
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#any.close(), this.#eightBits.close()]);
  }

  #of(work: Work): Queue {
    return needsEightBits(work) ? this.#eightBits : this.#any;
  }
}
