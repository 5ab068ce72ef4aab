/** Who changed what, when, and what it was before: kept a year, newest first. */
import { z } from 'zod';
import type { ServerKey, UserKey } from '../core/people.ts';
import { type Database, keyPart } from './database.ts';

export type AuditEntry = {
  readonly atMs: number;
  readonly user: UserKey;
  readonly userName: string;
  /** A text key's last part: `model`, `style-add`; and the values of that text. */
  readonly what: string;
  readonly params: Readonly<Record<string, string>>;
  /** Shown as they are; '' for none. */
  readonly was: string;
  readonly is: string;
};

const KEPT_MS = 365 * 24 * 3_600_000;

const schema = z.object({
  atMs: z.number(),
  user: z.custom<UserKey>((value) => typeof value === 'string'),
  userName: z.string(),
  what: z.string(),
  params: z.record(z.string(), z.string()),
  was: z.string(),
  is: z.string(),
});

export class AuditStore {
  readonly #database: Database;
  #count = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  async add(server: ServerKey, entry: AuditEntry): Promise<void> {
    this.#count = (this.#count + 1) % 46_656;
    const order = `${entry.atMs.toString(36).padStart(9, '0')}${this.#count.toString(36).padStart(3, '0')}`;
    await this.#database.put([{ key: `audit/${keyPart(server)}/${order}`, value: entry, ttlMs: KEPT_MS }]);
  }

  async last(server: ServerKey, limit: number): Promise<readonly AuditEntry[]> {
    const keys = await this.#database.keys(`audit/${keyPart(server)}/`);
    const found = await this.#database.getMany(keys.slice(-limit).reverse());
    return found.flatMap((value) => {
      const parsed = schema.safeParse(value);
      return parsed.success ? [parsed.data] : [];
    });
  }
}
