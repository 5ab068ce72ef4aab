/**
 * Socket Mode kept alive. The SDK's own reconnecting waits five seconds and more each time, and where Slack does not
 * answer while it reconnects its rejection is caught by nobody and ends the process; so it is off, and this loop opens
 * the next socket: at once after an orderly goodbye, later and later while Slack is away.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { type Logger, SocketModeReceiver, webApi } from '@slack/bolt';

import { apiBase } from './api.ts';
import type { Log } from './log.ts';

export type SocketOptions = {
  readonly appToken: string;
  readonly apiUrl: string;
  readonly log: Log;
  readonly logger: Logger;
  /** The first pause after a failed attempt; it doubles up to 30 s. */
  readonly firstPauseMs?: number;
};

const CONNECT_TIMEOUT_MS = 20_000;
const START_PATIENCE_MS = 60_000;
const LONGEST_PAUSE_MS = 30_000;

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
    const giveUpAtMs = performance.now() + START_PATIENCE_MS;
    for (let pauseMs = this.#firstPauseMs; !this.#isConnected; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#connect();
      } catch (error) {
        if (error instanceof webApi.WebAPIPlatformError || performance.now() + pauseMs > giveUpAtMs) {
          throw error;
        }
        await this.#rest(pauseMs);
      }
    }
    this.#loop = this.#keepOpen();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#isConnected = false;
    this.#fault = 'stopped';
    await Promise.race([this.receiver.client.disconnect(), sleep(2000, undefined, { ref: false })]);
    await this.#loop;
  }

  async #keepOpen(): Promise<void> {
    let pauseMs = this.#firstPauseMs;
    while (!this.#stopping.signal.aborted) {
      await this.#untilDisconnected();
      if (this.#stopping.signal.aborted) {
        return;
      }
      try {
        await this.#connect();
        pauseMs = this.#firstPauseMs;
        this.#log.info({}, 'Slack: the socket is open again');
      } catch (error) {
        this.#fault = error instanceof Error ? error.message : String(error);
        this.#log.warn({ error: this.#fault, pauseMs }, 'Slack: the socket could not be opened; trying again');
        await this.#rest(pauseMs * (0.75 + Math.random() / 2));
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      }
    }
  }

  async #connect(): Promise<void> {
    const timeout = new Error(`no hello within ${CONNECT_TIMEOUT_MS / 1000} s`);
    const timer = new AbortController();
    const late = sleep(CONNECT_TIMEOUT_MS, undefined, { signal: timer.signal, ref: false }).then(() => {
      throw timeout;
    });
    // Whichever loses the race must not end as a rejection that nobody handles.
    late.catch(() => undefined);
    const starting = this.receiver.client.start();
    starting.catch(() => undefined);
    try {
      await Promise.race([starting, late]);
    } catch (error) {
      if (error === timeout) {
        void this.receiver.client.disconnect().catch(() => undefined);
      }
      throw error ?? new Error('the socket closed before Slack said hello');
    } finally {
      timer.abort();
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

  async #rest(ms: number): Promise<void> {
    try {
      await sleep(ms, undefined, { signal: this.#stopping.signal });
    } catch {
      // Stopped while resting.
    }
  }
}
