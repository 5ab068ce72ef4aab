/**
 * A `Database` on a server that may be gone for a moment: what was on its way is asked again. Every operation means the
 * same when it is carried out twice. Knows how a broken connection looks, and no kind of store.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { UserError } from '../core/errors.ts';
import type { Database } from './database.ts';

/** A server that is started again is back by then, its log read too. */
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

/** Throws what the database throws when it is no broken connection, and `UserError` `store.away` when patience ends. */
export function steadied(database: Database, patienceMs = PATIENCE_MS): Database {
  const tryAgain = async <Result>(ask: () => Promise<Result>, until: number): Promise<Result> => {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await ask();
      } catch (error) {
        if (!isBroken(error)) {
          throw error;
        }
        if (performance.now() + pauseMs > until) {
          throw away(error);
        }
      }
      await pause(pauseMs);
    }
  };
  // A client may also wait for its server by itself, for ever.
  const retry = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(away(undefined)), patienceMs);
    });
    try {
      return await Promise.race([tryAgain(ask, performance.now() + patienceMs), silence]);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    get: async (key) => retry(async () => database.get(key)),
    getMany: async (keys) => retry(async () => database.getMany(keys)),
    put: async (entries) => retry(async () => database.put(entries)),
    delete: async (keys) => retry(async () => database.delete(keys)),
    keys: async (prefix) => retry(async () => database.keys(prefix)),
    ...(database.isForgetful === undefined
      ? {}
      : { isForgetful: async () => (await database.isForgetful?.()) ?? false }),
    close: async () => database.close(),
  };
}

function away(cause: unknown): UserError {
  return new UserError(
    'store.away',
    'Expected the store of this bot to answer, but it is away. Try again in a minute; if it goes on, tell its operator.',
    cause === undefined ? {} : { cause },
  );
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
