/**
 * Socket Mode kept alive. The SDK's own reconnecting waits five seconds and more each time, and where Slack does not
 * answer while it reconnects its rejection is caught by nobody and ends the process; so it is off, and this loop opens
 * the next socket: at once after an orderly goodbye, later and later while Slack is away.
 */
import { type Logger, SocketModeReceiver } from '@slack/bolt';

import type { Log } from '../../bot/index.ts';
import { RequestFailure } from '../shared/failure.ts';
import { pause, retry, within } from '../shared/retry.ts';
import { apiBase } from './client.ts';
import { failureOf } from './failure-of.ts';

export type SocketOptions = {
  readonly appToken: string;
  readonly apiUrl: string;
  readonly log: Log;
  readonly logger: Logger;
  /** The first pause after a failed attempt; it doubles up to 30 s. */
  readonly firstPauseMs?: number | undefined;
};

const CONNECT_TIMEOUT_MS = 20_000;
const START_PATIENCE_MS = 60_000;
const STOP_WITHIN_MS = 2_000;

export class Socket {
  readonly receiver: SocketModeReceiver;
  readonly #log: Log;
  readonly #firstPauseMs: number;
  readonly #stopping = new AbortController();
  #isConnected = false;
  #fault = 'not started';
  #loop: Promise<void> | undefined;

  constructor({ appToken, apiUrl, log, logger, firstPauseMs = 250 }: SocketOptions) {
    this.#log = log;
    this.#firstPauseMs = firstPauseMs;
    this.receiver = new SocketModeReceiver({
      appToken,
      logger,
      autoReconnectEnabled: false,
      installerOptions: {
        // Given here because a receiver made by hand takes the Web API's address from nowhere else; the retries are
        // set because the SDK would otherwise write a hundred into this very object.
        clientOptions: { slackApiUrl: apiBase(apiUrl), retryConfig: { retries: 0 }, timeout: CONNECT_TIMEOUT_MS },
      },
    });
    this.receiver.client.on('connected', () => {
      this.#isConnected = true;
    });
    // Not `close`: a socket of before can still say that when the next one is open.
    for (const event of ['disconnecting', 'disconnected']) {
      this.receiver.client.on(event, () => {
        this.#isConnected = false;
      });
    }
  }

  get state(): { readonly isConnected: boolean; readonly detail: string } {
    return this.#isConnected
      ? { isConnected: true, detail: 'Socket Mode connected' }
      : { isConnected: false, detail: `Socket Mode not connected: ${this.#fault}` };
  }

  /** Opens the first socket; throws when Slack refuses it or stays away for a minute. Then it stays open by itself. */
  async start(): Promise<void> {
    await retry(async () => this.#connect(), { patienceMs: START_PATIENCE_MS, firstPauseMs: this.#firstPauseMs });
    this.#loop = this.#keepOpen();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#isConnected = false;
    this.#fault = 'stopped';
    await within(STOP_WITHIN_MS, this.receiver.client.disconnect());
    await this.#loop;
  }

  /** Whatever Slack says while it is away, it is asked again: a refusal that lasts shows in the state and the log. */
  async #keepOpen(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#untilDisconnected();
      const opening = retry(async () => this.#connect().catch((error: unknown) => this.#again(error)), {
        patienceMs: Number.POSITIVE_INFINITY,
        firstPauseMs: this.#firstPauseMs,
        wait: async (ms, stop) => pause(ms * (0.75 + Math.random() / 2), stop),
        signal,
      });
      await opening.then(
        () => this.#log.info({}, 'Slack: the socket is open again'),
        () => undefined, // stopped while it waited
      );
    }
  }

  #again(error: unknown): never {
    this.#fault = error instanceof Error ? error.message : String(error);
    this.#log.warn({ error: this.#fault }, 'Slack: the socket could not be opened; trying again');
    throw new RequestFailure(this.#fault, { kind: 'passing', cause: error });
  }

  async #connect(): Promise<void> {
    if (this.#stopping.signal.aborted || this.#isConnected) {
      return;
    }
    const starting = this.receiver.client.start().then(() => true);
    // Whichever loses the race must not end as a rejection that nobody handles.
    starting.catch(() => undefined);
    try {
      if ((await within(CONNECT_TIMEOUT_MS, starting)) === undefined) {
        void this.receiver.client.disconnect().catch(() => undefined);
        throw new Error(`no hello within ${CONNECT_TIMEOUT_MS / 1000} s`);
      }
    } catch (error) {
      const failure = failureOf('apps.connections.open', error ?? new Error('it closed before Slack said hello'));
      throw failure instanceof RequestFailure
        ? failure
        : new RequestFailure(`Slack's socket: ${String(failure)}`, { kind: 'passing', cause: failure });
    }
  }

  async #untilDisconnected(): Promise<void> {
    if (!this.#isConnected) {
      return;
    }
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.receiver.client.off('disconnected', done);
        this.#stopping.signal.removeEventListener('abort', done);
        resolve();
      };
      this.receiver.client.on('disconnected', done);
      this.#stopping.signal.addEventListener('abort', done, { once: true });
    });
    this.#fault = 'the socket was closed';
  }
}
