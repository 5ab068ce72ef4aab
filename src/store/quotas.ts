/**
 * Pictures counted against a person and a server in windows of a day that begin with the first picture. Taking and
 * giving back are serialised, so that two presses at once cannot take the last picture twice. Time comes in.
 */
import { z } from 'zod';
import type { ServerKey, UserKey } from '../core/people.ts';
import { keyPart } from './database.ts';
import { RecordStore } from './record-store.ts';

export type Quota = {
  readonly user: UserKey;
  readonly server: ServerKey;
  /** Pictures a day; undefined: not counted. */
  readonly perUser: number | undefined;
  readonly perServer: number | undefined;
};

export type Balance = {
  readonly left: number;
  readonly of: number;
  /** When there will be all of them again. */
  readonly resetsAtMs: number;
};

export type Balances = { readonly user: Balance | undefined; readonly server: Balance | undefined };

/** `of` names the balance that had too little left, and `balance` is what it had. */
export type Taken =
  | { readonly isTaken: true }
  | { readonly isTaken: false; readonly of: 'user' | 'server'; readonly balance: Balance };

const WINDOW_MS = 24 * 3_600_000;
const schema = z.object({ used: z.number(), resetsAtMs: z.number() });

export class QuotaStore extends RecordStore {
  #last: Promise<unknown> = Promise.resolve();

  async balances(quota: Quota, nowMs: number): Promise<Balances> {
    const [user, server] = await Promise.all([
      this.#balance(userKey(quota), quota.perUser, nowMs),
      this.#balance(serverKey(quota), quota.perServer, nowMs),
    ]);
    return { user, server };
  }

  /** Takes `pictures` from both balances, or from neither. */
  async take(quota: Quota, pictures: number, nowMs: number): Promise<Taken> {
    return await this.#inTurn(async () => {
      const { user, server } = await this.balances(quota, nowMs);
      if (user !== undefined && user.left < pictures) {
        return { isTaken: false, of: 'user', balance: user };
      }
      if (server !== undefined && server.left < pictures) {
        return { isTaken: false, of: 'server', balance: server };
      }
      await this.#change(quota, pictures, nowMs);
      return { isTaken: true };
    });
  }

  /** Gives back what `take` took. What was taken in a window that is over is not given to the next. */
  async refund(quota: Quota, pictures: number, nowMs: number): Promise<void> {
    await this.#inTurn(async () => {
      await this.#change(quota, -pictures, nowMs);
    });
  }

  async #change(quota: Quota, pictures: number, nowMs: number): Promise<void> {
    const keys = [
      ...(quota.perUser === undefined ? [] : [userKey(quota)]),
      ...(quota.perServer === undefined ? [] : [serverKey(quota)]),
    ];
    const entries = [];
    for (const key of keys) {
      const { used, resetsAtMs } = await this.#window(key, nowMs);
      const value = { used: Math.max(0, used + pictures), resetsAtMs };
      entries.push({ key, value, ttlMs: Math.max(1000, resetsAtMs - nowMs) });
    }
    await this.database.put(entries);
  }

  async #balance(key: string, of: number | undefined, nowMs: number): Promise<Balance | undefined> {
    if (of === undefined) {
      return undefined;
    }
    const { used, resetsAtMs } = await this.#window(key, nowMs);
    return { left: Math.max(0, of - used), of, resetsAtMs };
  }

  async #window(key: string, nowMs: number): Promise<{ readonly used: number; readonly resetsAtMs: number }> {
    const parsed = schema.safeParse(await this.database.get(key));
    // A window that ends later than a day from now was written before the clock was set back.
    const isOpen = parsed.success && parsed.data.resetsAtMs > nowMs && parsed.data.resetsAtMs <= nowMs + WINDOW_MS;
    return isOpen ? parsed.data : { used: 0, resetsAtMs: nowMs + WINDOW_MS };
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => undefined);
    return await turn;
  }
}

function userKey(quota: Quota): string {
  return `quota/user/${keyPart(quota.user)}/${keyPart(quota.server)}`;
}

function serverKey(quota: Quota): string {
  return `quota/server/${keyPart(quota.server)}`;
}
