/**
 * Calls to the Web API, what their refusals mean, and how long each is worth waiting for. Knows methods; no message, no
 * picture.
 *
 * The SDK's own retries are off: its client pauses every call of a token while one is rate-limited, so that a throttled
 * edit holds back a form whose trigger lives three seconds, and a Socket Mode app inherits a hundred retries through a
 * shared options object. Here a 429 concerns its own method, a progress edit is tried once, and a final answer is tried
 * until it arrives or its patience ends.
 */
import { type Logger, webApi } from '@slack/bolt';

import { type FailureKind, RequestFailure } from '../shared/failure.ts';
import { retry } from '../shared/retry.ts';
import { isRecord, listAt, textAt } from './json.ts';

export type SlackResult = Readonly<Record<string, unknown>>;

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

export type SlackClientOptions = {
  readonly botToken: string;
  /** Web API base, with or without the slash at its end. */
  readonly apiUrl: string;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  /** How long a final answer is tried. */
  readonly patienceMs?: number | undefined;
  /** The first pause after a failure; it doubles up to 30 s. */
  readonly firstPauseMs?: number | undefined;
};

const QUICK_MS = 2500;
const BRIEF_MS = 5000;
const REQUEST_TIMEOUT_MS = 20_000;
const UPLOAD = 'files.uploadV2';

/** Slack's error codes that change what is done next. */
const CODES: Readonly<Partial<Record<FailureKind, readonly string[]>>> = {
  passing: [
    'ratelimited',
    'rate_limited',
    'internal_error',
    'fatal_error',
    'service_unavailable',
    'request_timeout',
    'team_added_to_org',
  ],
  token: ['invalid_auth', 'not_authed', 'token_expired', 'token_revoked', 'account_inactive'],
  late: ['expired_trigger_id', 'trigger_expired', 'exchanged_trigger_id'],
  gone: ['message_not_found', 'thread_not_found'],
  // The message is there and takes no edit any more.
  expired: ['cant_update_message', 'edit_window_closed'],
  'shut-out': [
    'channel_not_found',
    'not_in_channel',
    'is_archived',
    'restricted_action',
    'restricted_action_read_only_channel',
    'restricted_action_thread_only_channel',
  ],
  'too-large': ['file_upload_size_restricted', 'file_too_large'],
};
const KINDS = new Map<string, FailureKind>(
  Object.entries(CODES).flatMap(([kind, codes]) => codes.map((code) => [code, kind as FailureKind] as const)),
);

export class SlackClient {
  readonly #calls: webApi.WebClient;
  /** Forms and names: never in one queue with edits. */
  readonly #urgent: webApi.WebClient;
  readonly #options: SlackClientOptions;
  readonly #pausedUntil = new Map<string, number>();
  readonly #closing = new AbortController();
  #tokenFault: string | undefined;

  constructor(options: SlackClientOptions) {
    const { botToken, apiUrl, logger } = options;
    const shared: webApi.WebClientOptions = {
      slackApiUrl: apiBase(apiUrl),
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      allowAbsoluteUrls: true,
      timeout: REQUEST_TIMEOUT_MS,
      logger,
    };
    this.#calls = new webApi.WebClient(botToken, { ...shared });
    this.#urgent = new webApi.WebClient(botToken, { ...shared, timeout: QUICK_MS });
    this.#options = options;
  }

  /** Why Slack refuses our token; undefined while it does not. */
  get tokenFault(): string | undefined {
    return this.#tokenFault;
  }

  /** What waits for Slack gives up now; later calls are tried once. */
  close(): void {
    this.#closing.abort();
  }

  /** Throws `RequestFailure`. */
  call(method: string, args: Readonly<Record<string, unknown>>, options: CallOptions): Promise<SlackResult> {
    const client = options.patience === 'quick' ? this.#urgent : this.#calls;
    return this.#persist(method, async () => client.apiCall(method, { ...args }), options);
  }

  /** The SDK's upload in three calls; the id of the file. Throws as `call` does, `no-files` where files are not taken. */
  async upload(
    file: { readonly data: Uint8Array; readonly name: string; readonly alt: string },
    destination: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<string> {
    const { data, name, alt } = file;
    const args = { ...destination, file: Buffer.from(data), filename: name, title: name, alt_text: alt };
    const result = await this.#persist(UPLOAD, async () => this.#calls.files.uploadV2(args), options);
    return requireText(UPLOAD, result, 'files', 0, 'files', 0, 'id');
  }

  async #persist(
    method: string,
    attempt: () => Promise<unknown>,
    { patience, find, signal }: CallOptions,
  ): Promise<SlackResult> {
    const { patienceMs = 60_000, firstPauseMs, monotonicMs } = this.#options;
    const stop = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    return retry(async () => this.#once(method, attempt), {
      patienceMs: { once: 0, quick: QUICK_MS, brief: BRIEF_MS, patient: patienceMs }[patience],
      ...(firstPauseMs === undefined ? {} : { firstPauseMs }),
      monotonicMs,
      signal: stop,
      find,
    });
  }

  async #once(method: string, attempt: () => Promise<unknown>): Promise<SlackResult> {
    const afterMs = (this.#pausedUntil.get(method) ?? 0) - this.#options.monotonicMs();
    if (afterMs > 0) {
      throw new RequestFailure(`${method} is limited for ${Math.ceil(afterMs / 1000)} s more`, {
        kind: 'passing',
        code: 'ratelimited',
        afterMs,
      });
    }
    try {
      const result = await attempt();
      this.#tokenFault = undefined;
      return isRecord(result) ? result : {};
    } catch (error) {
      const failure = failureOf(method, error);
      if (error instanceof webApi.WebAPIRateLimitedError) {
        this.#pausedUntil.set(method, this.#options.monotonicMs() + error.retryAfter * 1000);
      }
      this.#tokenFault =
        failure instanceof RequestFailure && failure.kind === 'token' ? failure.code : this.#tokenFault;
      throw failure;
    }
  }
}

/** The base as the SDK wants it: with a slash at its end. */
export function apiBase(apiUrl: string): string {
  return apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`;
}

/** A word that Slack's answer has to hold. */
export function requireText(method: string, result: unknown, ...path: readonly (string | number)[]): string {
  const found = textAt(result, ...path);
  if (found === undefined) {
    throw new RequestFailure(`Slack's answer to ${method} holds no ${path.join('.')}`, { kind: 'refused' });
  }
  return found;
}

/** What an error of the SDK means; what is none of Slack's stays as it is. */
export function failureOf(method: string, error: unknown): unknown {
  const noAnswer = (options: { afterMs?: number; mayHaveArrived: boolean }): RequestFailure =>
    new RequestFailure(`Slack did not answer ${method}: ${error instanceof Error ? error.message : String(error)}`, {
      kind: 'passing',
      ...options,
      cause: error,
    });
  if (error instanceof webApi.WebAPIRateLimitedError) {
    return noAnswer({ afterMs: error.retryAfter * 1000, mayHaveArrived: false });
  }
  if (error instanceof webApi.WebAPIPlatformError) {
    const code = error.data.error;
    const details = detailsOf(error.data);
    const kind = KINDS.get(code) ?? (method === UPLOAD ? 'no-files' : 'refused');
    return kind === 'passing'
      ? noAnswer({ mayHaveArrived: !code.startsWith('rate') })
      : new RequestFailure(`Slack refuses ${method}: ${[code, ...details].join('; ')}`, { kind, code, details });
  }
  if (error instanceof webApi.WebAPIHTTPError && error.statusCode < 500 && error.statusCode !== 429) {
    const { statusCode, statusMessage } = error;
    const kind = statusCode === 413 ? 'too-large' : method === UPLOAD ? 'no-files' : 'refused';
    const code = `http_${statusCode}`;
    return new RequestFailure(`Slack refuses ${method}: ${code} ${statusMessage}`, { kind, code });
  }
  if (error instanceof webApi.WebAPIHTTPError || error instanceof webApi.WebAPIRequestError) {
    return noAnswer({ mayHaveArrived: true });
  }
  // A 429 without a usable Retry-After comes as a plain error.
  return error instanceof Error && /retry|rate limit/i.test(error.message)
    ? noAnswer({ mayHaveArrived: false })
    : error;
}

function detailsOf(data: unknown): readonly string[] {
  const needed = textAt(data, 'needed');
  return [
    ...listAt(data, 'errors'),
    ...listAt(data, 'response_metadata', 'messages'),
    ...(needed === undefined ? [] : [`the scope ${needed} is missing`]),
  ].filter((detail) => typeof detail === 'string');
}
