/** Pictures that were chosen to start from while the words are being written: an hour each. */
import { z } from 'zod';
import { type Database, keyPart } from './database.ts';

export type StartPicture = {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly mask?: string | undefined;
};

const KEPT_MS = 3_600_000;
const schema = z.object({ file: z.string(), width: z.number(), height: z.number(), mask: z.string().optional() });

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
}

function keyOf(id: string): string {
  return `start/${keyPart(id)}`;
}
