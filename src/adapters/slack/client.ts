/**
 * Calls to the Web API, with the token of the day, and how long each is worth waiting for. Knows methods; no message, no
 * picture.
 *
 * The SDK's own retries are off: its client pauses every call of a token while one is rate-limited, so that a throttled
 * edit holds back a form whose trigger lives three seconds, and a Socket Mode app inherits a hundred retries through a
 * shared options object. Here a 429 concerns its own method, a progress edit is tried once, and a final answer is tried
 * until it arrives or its patience ends.
 */
import { type Logger, webApi } from '@slack/bolt';

import { isFailure, RequestFailure } from '../shared/failure.ts';
import { retry } from '../shared/retry.ts';
import { failureOf, missingScope, UPLOAD } from './failure-of.ts';
import { isRecord, textAt } from './json.ts';

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

/** Where the bot's token comes from: it may be another one after a while. */
export interface TokenSource {
  /** Throws `RequestFailure`. */
  current(): Promise<string>;
  /** Slack says that this one has expired: true where there is another by now. Throws `RequestFailure`. */
  renewed(refused: string): Promise<boolean>;
}

export type SlackClientOptions = {
  readonly token: TokenSource;
  /** Web API base, with or without the slash at its end. */
  readonly apiUrl: string;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  /** Told each time that Slack refuses a call for want of a scope. */
  readonly onMissingScope?: ((scope: string) => void) | undefined;
  /** How long a final answer is tried. */
  readonly patienceMs?: number | undefined;
  /** The first pause after a failure; it doubles up to 30 s. */
  readonly firstPauseMs?: number | undefined;
};

const QUICK_MS = 2500;
const BRIEF_MS = 5000;
const REQUEST_TIMEOUT_MS = 20_000;

type Clients = {
  readonly token: string;
  readonly calls: webApi.WebClient;
  /** Forms and names: never in one queue with edits. */
  readonly urgent: webApi.WebClient;
};

export class SlackClient {
  readonly #options: SlackClientOptions;
  #clients: Clients | undefined;
  readonly #pausedUntil = new Map<string, number>();
  readonly #closing = new AbortController();
  #tokenFault: string | undefined;

  constructor(options: SlackClientOptions) {
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
    const call = async ({ calls, urgent }: Clients): Promise<unknown> =>
      (options.patience === 'quick' ? urgent : calls).apiCall(method, { ...args });
    return this.#persist(method, call, options);
  }

  /** The SDK's upload in three calls; the id of the file. Throws as `call` does, `no-files` where files are not taken. */
  async upload(
    file: { readonly data: Uint8Array; readonly name: string; readonly alt: string },
    destination: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<string> {
    const { data, name, alt } = file;
    const args = { ...destination, file: Buffer.from(data), filename: name, title: name, alt_text: alt };
    const result = await this.#persist(UPLOAD, async ({ calls }) => calls.files.uploadV2(args), options);
    return requireText(UPLOAD, result, 'files', 0, 'files', 0, 'id');
  }

  async #persist(
    method: string,
    attempt: (clients: Clients) => Promise<unknown>,
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

  async #once(method: string, attempt: (clients: Clients) => Promise<unknown>): Promise<SlackResult> {
    const afterMs = (this.#pausedUntil.get(method) ?? 0) - this.#options.monotonicMs();
    if (afterMs > 0) {
      throw new RequestFailure(`${method} is limited for ${Math.ceil(afterMs / 1000)} s more`, {
        kind: 'passing',
        code: 'ratelimited',
        afterMs,
      });
    }
    try {
      const result = await this.#withToken(method, attempt);
      this.#tokenFault = undefined;
      return isRecord(result) ? result : {};
    } catch (error) {
      const isOfToken = isFailure(error, 'token');
      this.#tokenFault = isOfToken ? error.code : this.#tokenFault;
      throw error;
    }
  }

  /** With the token of the day; where it expired meanwhile, once more with the next. */
  async #withToken(method: string, attempt: (clients: Clients) => Promise<unknown>): Promise<unknown> {
    const clients = await this.#ready();
    try {
      return await this.#attempt(method, clients, attempt);
    } catch (error) {
      if (!isFailure(error, 'token') || !(await this.#options.token.renewed(clients.token))) {
        throw error;
      }
      return await this.#attempt(method, await this.#ready(), attempt);
    }
  }

  async #attempt(method: string, clients: Clients, attempt: (clients: Clients) => Promise<unknown>): Promise<unknown> {
    try {
      return await attempt(clients);
    } catch (error) {
      if (error instanceof webApi.WebAPIRateLimitedError) {
        this.#pausedUntil.set(method, this.#options.monotonicMs() + error.retryAfter * 1000);
      }
      const scope = missingScope(error);
      if (scope !== undefined) {
        this.#options.onMissingScope?.(scope);
      }
      throw failureOf(method, error);
    }
  }

  async #ready(): Promise<Clients> {
    const token = await this.#options.token.current();
    if (this.#clients?.token !== token) {
      this.#clients = clientsFor(token, this.#options);
    }
    return this.#clients;
  }
}

/** A token that stays what it is. */
export function fixedToken(token: string): TokenSource {
  return { current: async () => token, renewed: async () => false };
}

function clientsFor(token: string, { apiUrl, logger }: SlackClientOptions): Clients {
  const shared: webApi.WebClientOptions = {
    slackApiUrl: apiBase(apiUrl),
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: true,
    timeout: REQUEST_TIMEOUT_MS,
    logger,
  };
  return {
    token,
    calls: new webApi.WebClient(token, { ...shared }),
    urgent: new webApi.WebClient(token, { ...shared, timeout: QUICK_MS }),
  };
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
