/**
 * A `Database` on a server that may be gone for a moment: what was on its way is asked again. Every operation means the
 * same when it is carried out twice. Knows how a broken connection looks, and no kind of store.
 */
import { setTimeout as pause } from 'node:timers/promises';

import type { Database } from './database.ts';

/** A server that is started again is back by then, its log read too. */
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** Throws what the database throws when it is no broken connection, or when patience ends. */
export function steadied(database: Database, patienceMs = PATIENCE_MS): Database {
  const insist = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
    const until = performance.now() + patienceMs;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await ask();
      } catch (error) {
        if (!isBroken(error) || performance.now() + pauseMs > until) {
          throw error;
        }
      }
      await pause(pauseMs);
    }
  };
  return {
    get: async (key) => insist(async () => database.get(key)),
    getMany: async (keys) => insist(async () => database.getMany(keys)),
    put: async (entries) => insist(async () => database.put(entries)),
    delete: async (keys) => insist(async () => database.delete(keys)),
    keys: async (prefix) => insist(async () => database.keys(prefix)),
    ...(database.isForgetful === undefined
      ? {}
      : { isForgetful: async () => (await database.isForgetful?.()) ?? false }),
    close: async () => database.close(),
  };
}

/** Sockets' codes, PostgreSQL's classes 08 and 57P0x, and the words of clients that have no code. */
const CODES = /^(?:E(?:CONN(?:REFUSED|RESET|ABORTED)|PIPE|TIMEDOUT|HOSTUNREACH|AI_AGAIN)|08\w{3}|57P0[123])$/;
const WORDS =
  /socket closed|connection (?:terminated|ended|timeout)|timeout exceeded when trying to connect|^LOADING /i;

function isBroken(error: unknown): boolean {
  if (!(error instanceof Error)) {
    return false;
  }
  const code = 'code' in error ? String(error.code) : '';
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  return CODES.test(code) || WORDS.test(error.message) || inner.some(isBroken);
}
