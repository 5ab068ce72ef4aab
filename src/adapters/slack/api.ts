/**
 * Calls to the Web API, and how long each is worth waiting for. Knows methods and failures; no message, no picture.
 *
 * The SDK's own retries are off: its client pauses every call of a token while one is rate-limited, so that a throttled
 * edit holds back a form whose trigger lives three seconds, and a Socket Mode app inherits a hundred retries through a
 * shared options object. Here a 429 concerns its own method, a progress edit is tried once, and a final answer is tried
 * until it arrives or its patience ends.
 */
import { type Logger, webApi } from '@slack/bolt';

import { isRecord, listAt, textAt } from './json.ts';

export type SlackResult = Readonly<Record<string, unknown>>;

/** Slack said no: the answer has `ok: false`. */
export class SlackRefusal extends Error {
  override readonly name = 'SlackRefusal';
  readonly method: string;
  readonly code: string;
  /** Slack's details, such as where a block is wrong. */
  readonly details: readonly string[];

  constructor(method: string, code: string, details: readonly string[]) {
    super(`Slack refuses ${method}: ${code}${details.length === 0 ? '' : ` (${details.join('; ')})`}`);
    this.method = method;
    this.code = code;
    this.details = details;
  }
}

/** No answer, or one that says to come back. */
export class SlackUnreachable extends Error {
  override readonly name = 'SlackUnreachable';
  readonly method: string;
  /** How long Slack asks us to wait; undefined where it does not say. */
  readonly retryAfterMs: number | undefined;
  /** The call may have been carried out all the same. */
  readonly isOutcomeUnknown: boolean;

  constructor(method: string, options: { retryAfterMs?: number; isOutcomeUnknown: boolean; cause: unknown }) {
    super(`Slack did not answer ${method}: ${describe(options.cause)}`, { cause: options.cause });
    this.method = method;
    this.retryAfterMs = options.retryAfterMs;
    this.isOutcomeUnknown = options.isOutcomeUnknown;
  }
}

/**
 * `once`: a progress edit. `quick`: somebody's trigger is running out. `brief`: somebody waits for a first sign.
 * `patient`: a final answer.
 */
export type Patience = 'once' | 'quick' | 'brief' | 'patient';

export type CallOptions = {
  readonly patience: Patience;
  /** Asked before a call with unknown outcome is repeated: what it made, if it did. */
  readonly find?: () => Promise<SlackResult | undefined>;
  readonly signal?: AbortSignal;
};

export type SlackApiOptions = {
  readonly botToken: string;
  /** Web API base, with or without the slash at its end. */
  readonly apiUrl: string;
  readonly logger: Logger;
  /** Milliseconds by a clock that nobody sets: waits and limits are counted by it. */
  readonly monotonicMs: () => number;
  /** How long a final answer is tried. */
  readonly patienceMs?: number;
  /** The first pause after a failure; it doubles up to 30 s. */
  readonly firstPauseMs?: number;
};

/** Codes after which the same call can succeed. */
const PASSING = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
]);
/** Codes that say our token is no good. */
export const TOKEN_CODES: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'token_expired',
  'token_revoked',
  'account_inactive',
]);
const QUICK_MS = 2500;
const BRIEF_MS = 5000;
const LONGEST_PAUSE_MS = 30_000;
const REQUEST_TIMEOUT_MS = 20_000;

export class SlackApi {
  readonly #calls: webApi.WebClient;
  /** Forms and names: never in one queue with edits. */
  readonly #urgent: webApi.WebClient;
  readonly #monotonicMs: () => number;
  readonly #patienceMs: number;
  readonly #firstPauseMs: number;
  readonly #pausedUntil = new Map<string, number>();
  readonly #closing = new AbortController();
  #tokenFault: string | undefined;

  constructor({ botToken, apiUrl, logger, monotonicMs, patienceMs = 60_000, firstPauseMs = 500 }: SlackApiOptions) {
    const options: webApi.WebClientOptions = {
      slackApiUrl: apiBase(apiUrl),
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      allowAbsoluteUrls: true,
      timeout: REQUEST_TIMEOUT_MS,
      logger,
    };
    this.#calls = new webApi.WebClient(botToken, { ...options });
    this.#urgent = new webApi.WebClient(botToken, { ...options, timeout: QUICK_MS });
    this.#monotonicMs = monotonicMs;
    this.#patienceMs = patienceMs;
    this.#firstPauseMs = firstPauseMs;
  }

  /** Why Slack refuses our token; undefined while it does not. */
  get tokenFault(): string | undefined {
    return this.#tokenFault;
  }

  /** What waits for Slack gives up now; later calls are tried once. */
  close(): void {
    this.#closing.abort();
  }

  /** Throws `SlackRefusal` or `SlackUnreachable`. */
  call(method: string, args: Readonly<Record<string, unknown>>, options: CallOptions): Promise<SlackResult> {
    const client = options.patience === 'quick' ? this.#urgent : this.#calls;
    return this.#persist(method, () => client.apiCall(method, { ...args }), options);
  }

  /** The SDK's upload in three calls; the id of the file. Throws as `call` does. */
  async upload(
    file: { readonly data: Uint8Array; readonly name: string; readonly alt: string },
    destination: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<string> {
    const result = await this.#persist(
      'files.uploadV2',
      () =>
        this.#calls.files.uploadV2({
          ...destination,
          file: Buffer.from(file.data),
          filename: file.name,
          title: file.name,
          alt_text: file.alt,
        }),
      options,
    );
    const id = textAt(result, 'files', 0, 'files', 0, 'id');
    if (id === undefined) {
      throw new SlackRefusal('files.uploadV2', 'no_file', [JSON.stringify(result)]);
    }
    return id;
  }

  async #persist(
    method: string,
    attempt: () => Promise<unknown>,
    { patience, find, signal }: CallOptions,
  ): Promise<SlackResult> {
    const giveUpAtMs =
      this.#monotonicMs() + { once: 0, quick: QUICK_MS, brief: BRIEF_MS, patient: this.#patienceMs }[patience];
    let pauseMs = this.#firstPauseMs;
    for (;;) {
      let failure: SlackUnreachable;
      const waitMs = (this.#pausedUntil.get(method) ?? 0) - this.#monotonicMs();
      if (waitMs > 0) {
        const cause = new Error(`${method} is rate-limited for ${Math.ceil(waitMs / 1000)} s more`);
        failure = new SlackUnreachable(method, { retryAfterMs: waitMs, isOutcomeUnknown: false, cause });
      } else {
        try {
          const result = await attempt();
          this.#tokenFault = undefined;
          return isRecord(result) ? result : {};
        } catch (error) {
          failure = this.#failureOf(method, error);
        }
      }
      const nextMs = Math.max(pauseMs, failure.retryAfterMs ?? 0);
      if (this.#monotonicMs() + nextMs > giveUpAtMs) {
        throw failure;
      }
      await this.#pause(nextMs, failure, signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      const found = failure.isOutcomeUnknown ? await find?.() : undefined;
      if (found !== undefined) {
        return found;
      }
    }
  }

  /** What an error of the SDK means; throws where repeating it is of no use. */
  #failureOf(method: string, error: unknown): SlackUnreachable {
    if (error instanceof webApi.WebAPIRateLimitedError) {
      const retryAfterMs = error.retryAfter * 1000;
      this.#pausedUntil.set(method, this.#monotonicMs() + retryAfterMs);
      return new SlackUnreachable(method, { retryAfterMs, isOutcomeUnknown: false, cause: error });
    }
    if (error instanceof webApi.WebAPIPlatformError) {
      const code = error.data.error;
      if (PASSING.has(code)) {
        return new SlackUnreachable(method, { isOutcomeUnknown: code !== 'ratelimited', cause: error });
      }
      this.#tokenFault = TOKEN_CODES.has(code) ? code : this.#tokenFault;
      throw new SlackRefusal(method, code, detailsOf(error.data));
    }
    if (error instanceof webApi.WebAPIHTTPError && error.statusCode < 500 && error.statusCode !== 429) {
      throw new SlackRefusal(method, `http_${error.statusCode}`, [error.statusMessage]);
    }
    if (error instanceof webApi.WebAPIHTTPError || error instanceof webApi.WebAPIRequestError) {
      return new SlackUnreachable(method, { isOutcomeUnknown: true, cause: error });
    }
    if (error instanceof Error && /retry|rate limit/i.test(error.message)) {
      // A 429 without a usable Retry-After comes as a plain error.
      return new SlackUnreachable(method, { isOutcomeUnknown: false, cause: error });
    }
    throw error;
  }

  async #pause(ms: number, failure: SlackUnreachable, signal: AbortSignal | undefined): Promise<void> {
    const signals = signal === undefined ? [this.#closing.signal] : [this.#closing.signal, signal];
    const stop = AbortSignal.any(signals);
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        clearTimeout(timer);
        reject(failure);
      };
      const timer = setTimeout(() => {
        stop.removeEventListener('abort', giveUp);
        resolve();
      }, ms);
      if (stop.aborted) {
        giveUp();
      } else {
        stop.addEventListener('abort', giveUp, { once: true });
      }
    });
  }
}

/** The base as the SDK wants it: with a slash at its end. */
export function apiBase(apiUrl: string): string {
  return apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`;
}

export function isRefusal(error: unknown, ...codes: readonly string[]): error is SlackRefusal {
  return error instanceof SlackRefusal && (codes.length === 0 || codes.includes(error.code));
}

function detailsOf(data: unknown): readonly string[] {
  const needed = textAt(data, 'needed');
  return [
    ...listAt(data, 'errors'),
    ...listAt(data, 'response_metadata', 'messages'),
    ...(needed === undefined ? [] : [`the scope ${needed} is missing`]),
  ].filter((detail) => typeof detail === 'string');
}

function describe(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
