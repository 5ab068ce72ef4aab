/** Whether runners are there and what they do in 8 bits: each writes its name down and lets the entry lapse when it is gone. Knows no work. */
import type { Redis } from 'ioredis';

import { runnerKey, runnersKey, SKILLS } from './keys.ts';

/** So long a machine may be away, for a new version say, before its work is given up. */
const AWAY_MS = 60_000;

export class WorkerWatch {
  readonly #redis: Redis;
  readonly #prefix: string;
  #seenAtMs: number | undefined;
  #isThere = false;
  #eightBitsSeenAtMs: number | undefined;
  #prefersEightBits = false;

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

  /** Runners are there, but none that draws 8 bits, and none was for a while. */
  get lacksEightBits(): boolean {
    const seenAtMs = this.#eightBitsSeenAtMs;
    return this.#isThere && (seenAtMs === undefined || Date.now() - seenAtMs > AWAY_MS);
  }

  /** All that are there are quicker in 8 bits; where none is, all that were there last. */
  get prefersEightBits(): boolean {
    return this.#prefersEightBits;
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
    const skills = seen.filter((skill) => skill !== null);
    if (this.#isThere) {
      this.#seenAtMs = Date.now();
      this.#prefersEightBits = skills.every((skill) => skill === SKILLS.prefers);
    }
    if (skills.some((skill) => skill !== SKILLS.none)) {
      this.#eightBitsSeenAtMs = Date.now();
    }
  }
}
