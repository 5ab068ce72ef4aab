/** Pictures that were chosen to start from while the words are being written: an hour each. */
import { z } from 'zod';
import type { UserKey } from '../core/people.ts';
import { type Database, keyPart } from './database.ts';

export type StartPicture = {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly mask?: string | undefined;
  /** Who chose it; absent in records from before it was noted. */
  readonly by?: UserKey | undefined;
};

const KEPT_MS = 3_600_000;
const schema = z.object({
  file: z.string(),
  width: z.number(),
  height: z.number(),
  mask: z.string().optional(),
  by: z.custom<UserKey>((value) => typeof value === 'string' && value.includes(':')).optional(),
});

export class StartStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async save(id: string, start: StartPicture): Promise<void> {
    await this.#database.put([{ key: keyOf(id), value: start, ttlMs: KEPT_MS }]);
  }

  async get(id: string): Promise<StartPicture | undefined> {
    return schema.safeParse(await this.#database.get(keyOf(id))).data;
  }

  /** Forgets what somebody chose; resolves to its files. */
  async forget(by: UserKey): Promise<readonly string[]> {
    const keys = await this.#database.keys('start/');
    const starts = (await this.#database.getMany(keys)).map((value) => schema.safeParse(value).data);
    await this.#database.delete(keys.filter((_, at) => starts[at]?.by === by));
    return starts.flatMap((start) =>
      start?.by === by ? [start.file, ...(start.mask === undefined ? [] : [start.mask])] : [],
    );
  }
}

function keyOf(id: string): string {
  return `start/${keyPart(id)}`;
}
