/** Who changed what, when, and what it was before: kept a year, newest first. */
import { z } from 'zod';
import type { Parsed } from '../core/parsed.ts';
import { placeKey, type ServerKey, type UserKey } from '../core/people.ts';
import { keyPart } from './database.ts';
import { RecordStore } from './record-store.ts';

const auditEntry = z.object({
  atMs: z.number(),
  user: placeKey,
  userName: z.string(),
  /** A text key's last part: `model`, `style-add`; and the values of that text. */
  what: z.string(),
  params: z.record(z.string(), z.string()),
  /** Whom it is about, where that is somebody. */
  about: placeKey.optional(),
  /** Shown as they are; '' for none. */
  was: z.string(),
  is: z.string(),
});
export type AuditEntry = Parsed<typeof auditEntry>;

const PAGE = 500;
const NOBODY = '–';
const KEPT_MS = 365 * 24 * 3_600_000;

export class AuditStore extends RecordStore {
  #count = 0;

  async add(server: ServerKey, entry: AuditEntry): Promise<void> {
    this.#count = (this.#count + 1) % 46_656;
    const order = `${entry.atMs.toString(36).padStart(9, '0')}${this.#count.toString(36).padStart(3, '0')}`;
    await this.write(`audit/${keyPart(server)}/${order}`, entry, KEPT_MS);
  }

  /** What was done stays, without the person: the server's list of its changes is not theirs alone. */
  async forget(user: UserKey): Promise<void> {
    const keys = await this.database.keys('audit/');
    for (let start = 0; start < keys.length; start += PAGE) {
      const page = keys.slice(start, start + PAGE);
      const found = await this.database.getMany(page);
      const changed = found.flatMap((value, index) => {
        const entry = auditEntry.safeParse(value).data;
        const key = page[index];
        return entry === undefined || key === undefined || (entry.user !== user && entry.about !== user)
          ? []
          : [{ key, value: without(entry, user), ttlMs: KEPT_MS }];
      });
      await this.database.put(changed);
    }
  }

  async last(server: ServerKey, limit: number): Promise<readonly AuditEntry[]> {
    const keys = await this.database.keys(`audit/${keyPart(server)}/`);
    const found = await this.database.getMany(keys.slice(-limit).reverse());
    return found.flatMap((value) => auditEntry.safeParse(value).data ?? []);
  }
}

function without(entry: AuditEntry, user: UserKey): AuditEntry {
  const by = entry.user === user ? { user: 'web:forgotten' as const, userName: NOBODY } : {};
  const about =
    entry.about === user
      ? { about: undefined, params: { ...entry.params, person: NOBODY }, was: entry.was === '' ? '' : NOBODY }
      : {};
  return { ...entry, ...by, ...about };
}
