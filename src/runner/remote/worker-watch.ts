/** Whether runners are there: each writes its name down and lets the entry lapse when it is gone. Knows no work. */
import type { Redis } from 'ioredis';

import { runnerKey, runnersKey } from './keys.ts';

export class WorkerWatch {
  readonly #redis: Redis;
  readonly #prefix: string;
  #seenAtMs: number | undefined;
  #isThere = false;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** As of the last look. */
  get isThere(): boolean {
    return this.#isThere;
  }

  get seenAtMs(): number | undefined {
    return this.#seenAtMs;
  }

  /** Looks anew, and strikes out those that are gone. Throws what Redis throws. */
  async look(): Promise<void> {
    const names = await this.#redis.smembers(runnersKey(this.#prefix));
    const seen = names.length === 0 ? [] : await this.#redis.mget(names.map((name) => runnerKey(this.#prefix, name)));
    const gone = names.filter((_, k) => (seen[k] ?? null) === null);
    if (gone.length > 0) {
      await this.#redis.srem(runnersKey(this.#prefix), ...gone);
    }
    this.#isThere = gone.length < names.length;
    if (this.#isThere) {
      this.#seenAtMs = Date.now();
    }
  }
}
