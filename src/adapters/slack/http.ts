/**
 * Signed events over HTTP, as a plain request listener that the product's one server mounts at `/slack/events`.
 * Bolt checks the signature; what it lets through is refused here: timestamps that lie in the future.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { HTTPReceiver, type Logger } from '@slack/bolt';

import { LIMITS } from './limits.ts';

export const EVENTS_PATH = '/slack/events';

export type SignedHttpOptions = {
  readonly signingSecret: string;
  readonly logger: Logger;
  readonly now: () => number;
};

export class SignedHttp {
  readonly receiver: HTTPReceiver;
  readonly #now: () => number;
  #isOpen = false;
  #lastEventAtMs: number | undefined;

  constructor({ signingSecret, logger, now }: SignedHttpOptions) {
    this.#now = now;
    this.receiver = new HTTPReceiver({
      signingSecret,
      endpoints: [EVENTS_PATH],
      bodyLimit: LIMITS.bodyBytes,
      logger,
    });
  }

  get state(): { readonly isConnected: boolean; readonly detail: string } {
    const last = this.#lastEventAtMs;
    const heard = last === undefined ? 'nothing delivered yet' : `last delivery ${new Date(last).toISOString()}`;
    return { isConnected: this.#isOpen, detail: this.#isOpen ? `signed HTTP, ${heard}` : 'signed HTTP, closed' };
  }

  async start(): Promise<void> {
    this.#isOpen = true;
  }

  /** What comes from now on is answered with 503; Slack tells the person that the app did not respond. */
  async stop(): Promise<void> {
    this.#isOpen = false;
  }

  /** Handles one request, whatever its path. Never throws. */
  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    if (!this.#isOpen) {
      refuse(response, 503);
      return;
    }
    const seconds = Number(request.headers['x-slack-request-timestamp'] ?? 0);
    if (!(seconds * 1000 - this.#now() <= LIMITS.signatureSkewMs)) {
      refuse(response, 401);
      return;
    }
    response.once('finish', () => {
      if (response.statusCode === 200) {
        this.#lastEventAtMs = this.#now();
      }
    });
    try {
      this.receiver.requestListener(request, response);
    } catch {
      // Bolt throws for every path and method but POST to ours.
      refuse(response, 404);
    }
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close' });
  response.end();
}
