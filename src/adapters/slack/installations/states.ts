/**
 * What goes along to Slack and back while an app is installed, so that nobody is made to finish what another began: a
 * random name, until when it counts, and our seal on both. Nothing is kept of it until it is used, and it is used once.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { InvalidStateError } from '@slack/oauth';

/** True the first time that a name is asked for. */
type IsFirst = (name: string, ttlMs: number) => Promise<boolean>;

const LIVES_MS = 10 * 60_000;

export class States {
  readonly #secret: string;
  readonly #isFirst: IsFirst;
  readonly #now: () => number;
  /** Of this process, while their use is being written down. */
  readonly #using = new Set<string>();

  constructor({
    secret,
    isFirst,
    now,
  }: {
    readonly secret: string;
    readonly isFirst: IsFirst;
    readonly now: () => number;
  }) {
    this.#secret = secret;
    this.#isFirst = isFirst;
    this.#now = now;
  }

  begin(): string {
    const words = `${randomBytes(16).toString('base64url')}.${this.#now() + LIVES_MS}`;
    return `${words}.${this.#sealOf(words)}`;
  }

  /** Throws `InvalidStateError` for one that is forged, over, or was used before. */
  async use(state: string): Promise<void> {
    const [name = '', until = '', seal = ''] = state.split('.');
    const [given, expected] = [Buffer.from(seal), Buffer.from(this.#sealOf(`${name}.${until}`))];
    const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
    if (!isOurs || !(Number(until) > this.#now()) || this.#using.has(name)) {
      throw new InvalidStateError('The state is not one of ours, over, or used.');
    }
    this.#using.add(name);
    try {
      if (!(await this.#isFirst(`state:${name}`, LIVES_MS))) {
        throw new InvalidStateError('The state was used before.');
      }
    } finally {
      this.#using.delete(name);
    }
  }

  #sealOf(words: string): string {
    return createHmac('sha256', `state of ${this.#secret}`).update(words).digest('base64url');
  }
}
