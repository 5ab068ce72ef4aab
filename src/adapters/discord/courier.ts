/**
 * Requests to Discord, one attempt each, through discord.js's REST client (its buckets, its headers, its forms); what a
 * failure means; and the patience to try again. The client's own retries are off: they have no pause between them, end
 * after seconds, and do not know a reset connection.
 */
import { DiscordAPIError, HTTPError, RateLimitError, REST, RequestMethod } from 'discord.js';
import type { RawFile } from 'discord.js';

export type Parcel = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: `/${string}`;
  readonly body?: unknown;
  readonly files?: readonly RawFile[];
  readonly query?: URLSearchParams;
  readonly signal?: AbortSignal;
};

/** `retry`: may succeed later. `expired`: this token's webhook is over. `gone`: the message or channel is. */
export type Verdict =
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'expired' | 'gone' | 'late' | 'acknowledged' | 'forbidden' | 'too-large' | 'refused' | 'fault' };

export type Wait = (ms: number) => Promise<void>;

const TIMEOUT_MS = 15_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export class Courier {
  /** Interaction routes: authorised by the token in their path, and not under the global limit. */
  readonly #hooks: REST;
  /** Everything else, with the bot's own token. */
  readonly #bot: REST;

  constructor({ token, restUrl }: { readonly token: string; readonly restUrl: string }) {
    const options = {
      api: restUrl,
      version: '10',
      retries: 0,
      timeout: TIMEOUT_MS,
      rejectOnRateLimit: () => true,
      // Every interaction has a bucket of its own; kept an hour, as by default, they would pile up.
      handlerSweepInterval: 60_000,
    } as const;
    this.#hooks = new REST({ ...options, globalRequestsPerSecond: Number.MAX_SAFE_INTEGER });
    this.#bot = new REST(options).setToken(token);
  }

  /** The answer's JSON. Without the bot's token, so that an expired interaction's 401 says nothing about that one. */
  async viaHook(parcel: Parcel): Promise<unknown> {
    return send(parcel, async () => this.#hooks.queueRequest({ ...requestOf(parcel), auth: false }));
  }

  async viaBot(parcel: Parcel): Promise<unknown> {
    return send(parcel, async () => this.#bot.queueRequest(requestOf(parcel)));
  }

  close(): void {
    for (const rest of [this.#hooks, this.#bot]) {
      rest.clearHandlerSweeper();
      rest.clearHashSweeper();
    }
  }
}

function requestOf({ method, path, body, files, query, signal }: Parcel) {
  return {
    method: METHODS[method],
    fullRoute: path,
    ...(body === undefined ? {} : { body }),
    ...(files === undefined ? {} : { files: [...files] }),
    ...(query === undefined ? {} : { query }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Undefined for an answer without a body, whatever its headers promise. */
async function send(parcel: Parcel, request: () => Promise<{ text(): Promise<string> }>): Promise<unknown> {
  try {
    const text = await (await request()).text();
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw faultOf(error, parcel);
  }
}

const METHODS = {
  GET: RequestMethod.Get,
  POST: RequestMethod.Post,
  PUT: RequestMethod.Put,
  PATCH: RequestMethod.Patch,
  DELETE: RequestMethod.Delete,
} as const;

/**
 * What went wrong, without what must not reach a log: the client's own errors carry the address with its token, and the
 * whole body with prompt and pictures.
 */
export class DiscordFault extends Error {
  override readonly name = 'DiscordFault';
  readonly verdict: Verdict;
  readonly status: number | undefined;

  constructor(message: string, { verdict, status, cause }: FaultParts) {
    super(message, cause === undefined ? undefined : { cause });
    this.verdict = verdict;
    this.status = status;
  }
}

type FaultParts = { readonly verdict: Verdict; readonly status?: number; readonly cause?: unknown };

export function verdictOf(error: unknown): Verdict {
  return error instanceof DiscordFault ? error.verdict : { kind: 'fault' };
}

function faultOf(error: unknown, { method, path }: Parcel): unknown {
  const asked = `${method} ${path.replace(/^(\/(?:webhooks|interactions)\/\d+\/)[^/]+/, '$1…')}`;
  if (error instanceof RateLimitError) {
    const longest = Math.max(error.retryAfter, error.sublimitTimeout, error.timeToReset, 0);
    const afterMs = Number.isFinite(longest) ? longest : 0;
    return new DiscordFault(`${asked}: limited, again in ${afterMs} ms`, {
      verdict: { kind: 'retry', afterMs },
      status: 429,
    });
  }
  if (error instanceof DiscordAPIError) {
    const kind = REFUSALS.get(Number(error.code)) ?? (error.status === 413 ? 'too-large' : 'refused');
    const { status } = error;
    return new DiscordFault(`${asked}: ${status} ${error.code} ${error.message}`, { verdict: { kind }, status });
  }
  if (error instanceof HTTPError) {
    const verdict = error.status >= 500 ? ({ kind: 'retry', afterMs: 0 } as const) : ({ kind: 'refused' } as const);
    return new DiscordFault(`${asked}: ${error.status} ${error.message}`, { verdict, status: error.status });
  }
  return isNetworkFault(error)
    ? new DiscordFault(`${asked}: no answer`, { verdict: { kind: 'retry', afterMs: 0 }, cause: error })
    : error;
}

/** Discord's error codes that change what is done next. */
const REFUSALS = new Map<number, Exclude<Verdict['kind'], 'retry' | 'fault'>>([
  [10_003, 'gone'],
  [10_008, 'gone'],
  [10_015, 'expired'],
  [10_062, 'late'],
  [40_005, 'too-large'],
  [40_060, 'acknowledged'],
  [50_001, 'forbidden'],
  [50_007, 'forbidden'],
  [50_013, 'forbidden'],
  [50_027, 'expired'],
]);

/** A timeout, or a socket's trouble: undici and Node name those by code, fetch wraps them as a cause. */
function isNetworkFault(error: unknown): boolean {
  if (!(error instanceof Error)) {
    return false;
  }
  const hasCode = 'code' in error && typeof error.code === 'string' && /^(E[A-Z]+|UND_ERR_\w+)$/.test(error.code);
  return error.name === 'AbortError' || error.name === 'TimeoutError' || hasCode || isNetworkFault(error.cause);
}

/**
 * Tries until it succeeds, is refused for good, or has waited `patienceMs` in all; then throws the last error. Pauses
 * double from half a second to half a minute, or are as long as Discord asks.
 */
export async function insist<T>(attempt: () => Promise<T>, patienceMs: number, wait: Wait): Promise<T> {
  let waitedMs = 0;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      const verdict = verdictOf(error);
      if (verdict.kind !== 'retry') {
        throw error;
      }
      const nextMs = Math.max(pauseMs, verdict.afterMs);
      waitedMs += nextMs;
      if (waitedMs > patienceMs) {
        throw error;
      }
      await wait(nextMs);
    }
  }
}
