/** Events of the platforms: written down before they are acknowledged, and handled once although they may come twice. */
import { z } from 'zod';

import { BoundedMap } from '../core/bounded-map.ts';
import { keyPart } from './database.ts';
import { RecordStore } from './record-store.ts';

/** How long an event may come again. */
const KEPT_MS = 3_600_000;
/** How long a bot may be down and still end what it had acknowledged. */
const RECORDED_KEPT_MS = 7 * 24 * 3_600_000;
const MAX_IN_MEMORY = 20_000;

export class InboxStore extends RecordStore {
  readonly #claimed = new BoundedMap<string, true>({ maxCost: MAX_IN_MEMORY });

  /**
   * True for the first that asks; false for an event that is being handled or has been. Where the store cannot say,
   * it throws, and the event may come again.
   */
  async claim(id: string): Promise<boolean> {
    if (this.#claimed.has(id)) {
      return false;
    }
    this.#claimed.set(id, true);
    try {
      return (await this.database.get(keyOf(id))) === undefined;
    } catch (error) {
      this.#claimed.delete(id);
      throw error;
    }
  }

  /** It is about to be acknowledged: what is needed to handle it after a crash, as plain JSON. */
  async record(id: string, record: unknown): Promise<void> {
    await this.write(recordKeyOf(id), record, RECORDED_KEPT_MS);
  }

  /** What was recorded and not handled to its end, by id. */
  async recorded(): Promise<readonly { readonly id: string; readonly record: unknown }[]> {
    return (await this.readable(RECORDED, z.unknown())).map(({ key, value: record }) => ({
      id: decodeURIComponent(key.slice(RECORDED.length)),
      record,
    }));
  }

  /** Forgets what was recorded of somebody; `isTheirs` knows the records. */
  async forget(isTheirs: (record: unknown) => boolean): Promise<void> {
    for (const { id, record } of await this.recorded()) {
      if (isTheirs(record)) {
        await this.discard(id);
      }
    }
  }

  /** It is in safe hands (its job is kept) or over: the next start need not take it up. */
  async discard(id: string): Promise<void> {
    await this.database.delete([recordKeyOf(id)]);
  }

  /**
   * It has been handled: also after a restart it will not be handled again. On a full disk that cannot be written, and it
   * throws; but what was recorded needs no room to be forgotten, or the next start would answer a second time.
   */
  async complete(id: string): Promise<void> {
    try {
      await this.write(keyOf(id), 1, KEPT_MS);
    } finally {
      await this.discard(id);
    }
  }
}

const RECORDED = 'accepted/';

function recordKeyOf(id: string): string {
  return `${RECORDED}${keyPart(id).slice(0, 200)}`;
}

function keyOf(id: string): string {
  return `seen/${keyPart(id).slice(0, 200)}`;
}
