/** Pictures that were chosen to start from while the words are being written: an hour each. */
import { z } from 'zod';
import type { Parsed } from '../core/parsed.ts';
import { placeKey, type UserKey } from '../core/people.ts';
import { keyPart } from './database.ts';
import { RecordStore } from './record-store.ts';

const startPicture = z.object({
  file: z.string(),
  width: z.number(),
  height: z.number(),
  mask: z.string().optional(),
  /** Who chose it; absent in records from before it was noted. */
  by: placeKey.optional(),
});
export type StartPicture = Parsed<typeof startPicture>;

const KEPT_MS = 3_600_000;

export class StartStore extends RecordStore {
  async save(id: string, start: StartPicture): Promise<void> {
    await this.write(keyOf(id), start, KEPT_MS);
  }

  async get(id: string): Promise<StartPicture | undefined> {
    return startPicture.safeParse(await this.database.get(keyOf(id))).data;
  }

  /** Forgets what somebody chose; resolves to its files. */
  async forget(by: UserKey): Promise<readonly string[]> {
    const own = (await this.readable('start/', startPicture)).filter(({ value }) => value.by === by);
    await this.database.delete(own.map(({ key }) => key));
    return own.flatMap(({ value: { file, mask } }) => (mask === undefined ? [file] : [file, mask]));
  }
}

function keyOf(id: string): string {
  return `start/${keyPart(id)}`;
}
