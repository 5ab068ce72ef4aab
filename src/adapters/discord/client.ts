/**
 * Requests to Discord, one attempt each, through discord.js's REST client (its buckets, its headers, its forms), and what
 * its refusals mean. The library's own retries are off: they have no pause between them, end after seconds, and do not
 * know a reset connection.
 */
import { DiscordAPIError, HTTPError, RateLimitError, REST, RequestMethod } from 'discord.js';
import type { RawFile } from 'discord.js';

import { type FailureKind, RequestFailure } from '../shared/failure.ts';

export type ApiRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: `/${string}`;
  readonly body?: unknown;
  readonly files?: readonly RawFile[];
  readonly query?: URLSearchParams;
  /** Files among the body's own fields, instead of beside it as `payload_json`: what stickers want. */
  readonly isPlainForm?: boolean;
  readonly signal?: AbortSignal;
};

const TIMEOUT_MS = 15_000;

export class DiscordClient {
  /** Interaction routes: authorised by the token in their path, and not under the global limit. */
  readonly #tokenRest: REST;
  /** Everything else, with the bot's own token. */
  readonly #botRest: REST;

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
    this.#tokenRest = new REST({ ...options, globalRequestsPerSecond: Number.MAX_SAFE_INTEGER });
    this.#botRest = new REST(options).setToken(token);
  }

  /** The answer's JSON. Without the bot's token, so that an expired interaction's 401 says nothing about that one. */
  async byInteraction(request: ApiRequest): Promise<unknown> {
    return send(request, async () => this.#tokenRest.queueRequest({ ...optionsOf(request), auth: false }));
  }

  async byBot(request: ApiRequest): Promise<unknown> {
    return send(request, async () => this.#botRest.queueRequest(optionsOf(request)));
  }

  close(): void {
    for (const rest of [this.#tokenRest, this.#botRest]) {
      rest.clearHandlerSweeper();
      rest.clearHashSweeper();
    }
  }
}

function optionsOf({ method, path, body, files, query, isPlainForm, signal }: ApiRequest) {
  return {
    method: METHODS[method],
    fullRoute: path,
    ...(body === undefined ? {} : { body }),
    ...(files === undefined ? {} : { files: [...files] }),
    ...(query === undefined ? {} : { query }),
    ...(isPlainForm === true ? { appendToFormData: true } : {}),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Undefined for an answer without a body, whatever its headers promise. */
async function send(request: ApiRequest, queue: () => Promise<{ text(): Promise<string> }>): Promise<unknown> {
  try {
    const text = await (await queue()).text();
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw failureOf(error, request);
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
 * What went wrong, without what must not reach a log: the library's own errors carry the address with its token, and the
 * whole body with prompt and pictures.
 */
function failureOf(error: unknown, { method, path }: ApiRequest): unknown {
  const asked = `${method} ${path.replace(/^(\/(?:webhooks|interactions)\/\d+\/)[^/]+/, '$1…')}`;
  if (error instanceof RateLimitError) {
    const longest = Math.max(error.retryAfter, error.sublimitTimeout, error.timeToReset, 0);
    const afterMs = Number.isFinite(longest) ? longest : 0;
    return new RequestFailure(`${asked}: limited, again in ${afterMs} ms`, { kind: 'passing', code: '429', afterMs });
  }
  if (error instanceof DiscordAPIError) {
    const { status, code, message } = error;
    const kind = KINDS.get(Number(code)) ?? STATUS_KINDS.get(status) ?? 'refused';
    return new RequestFailure(`${asked}: ${status} ${code} ${message}`, { kind, code: String(code) });
  }
  if (error instanceof HTTPError) {
    const { status, message } = error;
    const kind = status >= 500 ? 'passing' : (STATUS_KINDS.get(status) ?? 'refused');
    const code = String(status);
    return new RequestFailure(`${asked}: ${status} ${message}`, { kind, code, mayHaveArrived: status >= 500 });
  }
  return isNetworkFault(error)
    ? new RequestFailure(`${asked}: no answer`, { kind: 'passing', mayHaveArrived: true, cause: error })
    : error;
}

/** Discord's error codes that change what is done next. */
const KINDS = new Map<number, FailureKind>([
  [10_003, 'gone'], // the channel
  [10_008, 'gone'],
  [10_014, 'gone'], // the emoji
  [10_015, 'expired'],
  [10_060, 'gone'], // the sticker
  [10_062, 'late'],
  [20_016, 'passing'], // slow mode
  [40_005, 'too-large'],
  [40_060, 'acknowledged'],
  [40_094, 'expired'], // a person's own bot has said all that it may
  [50_001, 'shut-out'],
  [50_007, 'shut-out'], // a person who takes no direct messages
  [50_013, 'shut-out'],
  [50_027, 'expired'],
  [50_083, 'shut-out'], // an archived or locked thread
]);
const STATUS_KINDS = new Map<number, FailureKind>([
  [401, 'token'],
  [413, 'too-large'],
]);

/** A timeout, or a socket's trouble: undici and Node name those by code, fetch wraps them as a cause. */
function isNetworkFault(error: unknown): boolean {
  if (!(error instanceof Error)) {
    return false;
  }
  const hasCode = 'code' in error && typeof error.code === 'string' && /^(E[A-Z]+|UND_ERR_\w+)$/.test(error.code);
  return error.name === 'AbortError' || error.name === 'TimeoutError' || hasCode || isNetworkFault(error.cause);
}
