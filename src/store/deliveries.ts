/** Which deliveries of a platform were handled: they may come twice, and count once. */
import { type Database, keyPart } from './database.ts';

/** How long a delivery may come again. */
const KEPT_MS = 3_600_000;
/** How long a bot may be down and still end what it had acknowledged. */
const ACCEPTED_KEPT_MS = 7 * 24 * 3_600_000;
const MAX_IN_MEMORY = 20_000;

export class DeliveryStore {
  readonly #database: Database;
  readonly #begun = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * True for the first that asks; false for a delivery that is being handled or has been. Where the store cannot say,
   * it throws, and the delivery may come again.
   */
  async begin(id: string): Promise<boolean> {
    if (this.#begun.has(id)) {
      return false;
    }
    this.#begun.add(id);
    if (this.#begun.size > MAX_IN_MEMORY) {
      const [oldest] = this.#begun;
      this.#begun.delete(oldest ?? id);
    }
    try {
      return (await this.#database.get(keyOf(id))) === undefined;
    } catch (error) {
      this.#begun.delete(id);
      throw error;
    }
  }

  /** It is about to be acknowledged: what is needed to handle it after a crash, as plain JSON. */
  async accept(id: string, record: unknown): Promise<void> {
    await this.#database.put([{ key: acceptedKeyOf(id), value: record, ttlMs: ACCEPTED_KEPT_MS }]);
  }

  /** What was accepted and not handled to its end, by id. */
  async accepted(): Promise<readonly { readonly id: string; readonly record: unknown }[]> {
    const keys = await this.#database.keys(ACCEPTED);
    const records = await this.#database.getMany(keys);
    return keys.flatMap((key, k) => {
      const record = records[k];
      return record === undefined ? [] : [{ id: decodeURIComponent(key.slice(ACCEPTED.length)), record }];
    });
  }

  /** It is in safe hands (its job is kept) or over: the next start need not take it up. */
  async settle(id: string): Promise<void> {
    await this.#database.delete([acceptedKeyOf(id)]);
  }

  /**
   * It has been handled: also after a restart it will not be handled again. On a full disk that cannot be written, and it
   * throws; but what was accepted needs no room to be forgotten, or the next start would answer a second time.
   */
  async end(id: string): Promise<void> {
    try {
      await this.#database.put([{ key: keyOf(id), value: 1, ttlMs: KEPT_MS }]);
    } finally {
      await this.settle(id);
    }
  }
}

const ACCEPTED = 'accepted/';

function acceptedKeyOf(id: string): string {
  return `${ACCEPTED}${keyPart(id).slice(0, 200)}`;
}

function keyOf(id: string): string {
  return `seen/${keyPart(id).slice(0, 200)}`;
}
