/**
 * What goes along to Slack and back while an app is installed, so that nobody is made to finish what another began: a
 * random name, until when it counts, and our seal on both. Nothing is kept of it until it is used, and it is used once.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import { InvalidStateError } from '@slack/oauth';

import type { Once } from './once.ts';

const LIVES_MS = 10 * 60_000;

type StatesOptions = { readonly secret: string; readonly once: Once; readonly now: () => number };

export class States {
  readonly #options: StatesOptions;

  constructor(options: StatesOptions) {
    this.#options = options;
  }

  begin(): string {
    const words = `${randomBytes(16).toString('base64url')}.${this.#options.now() + LIVES_MS}`;
    return `${words}.${this.#sealOf(words)}`;
  }

  /** Throws `InvalidStateError` for one that is forged, over, or was used before. */
  async use(state: string): Promise<void> {
    const [name = '', until = '', seal = ''] = state.split('.');
    const [given, expected] = [Buffer.from(seal), Buffer.from(this.#sealOf(`${name}.${until}`))];
    const isOurs = given.length === expected.length && timingSafeEqual(given, expected);
    const isOpen =
      isOurs && Number(until) > this.#options.now() && (await this.#options.once.isFirst(`state:${name}`, LIVES_MS));
    if (!isOpen) {
      throw new InvalidStateError('The state is not one of ours, over, or used before.');
    }
  }

  #sealOf(words: string): string {
    return createHmac('sha256', `state of ${this.#options.secret}`).update(words).digest('base64url');
  }
}
