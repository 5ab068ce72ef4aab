/**
 * Signed events over HTTP, as a plain request listener that the product's one server mounts at `/slack/events`.
 * Bolt checks the signature; what it lets through is refused here: timestamps that lie in the future.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { HTTPModuleFunctions, HTTPReceiver, type Logger } from '@slack/bolt';

import { readBody } from '../shared/http-body.ts';
import { isRecord } from './json.ts';
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
      // Bolt stumbles over events of no known shape; what could be read is dispatched by the adapter, which never throws.
      processEventErrorHandler: async ({ response }) => {
        if (!response.headersSent) {
          refuse(response, 400);
        }
        return false;
      },
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
    const isSigned = /^v0=[0-9a-f]{64}$/.test(String(request.headers['x-slack-signature'] ?? ''));
    const isProbe = request.headers['x-slack-signature'] === undefined; // Slack looks without one whether TLS is right
    if (!(seconds * 1000 - this.#now() <= LIMITS.signatureSkewMs) || !(isSigned || isProbe)) {
      refuse(response, 401);
      return;
    }
    if (request.method !== 'POST' || request.url?.split('?')[0] !== EVENTS_PATH) {
      refuse(response, 404);
      return;
    }
    readBody(request, { maxBytes: isSigned ? LIMITS.bodyBytes : LIMITS.probeBytes })
      .then(
        (body) => this.#take(request, body, response),
        () => refuse(response, 413),
      )
      .catch(() => refuse(response, 400));
  };

  /** Bolt takes what is read already, and checks the signature; it cannot bear a body that is no object. */
  #take(request: IncomingMessage, rawBody: Buffer, response: ServerResponse): void {
    const whole = Object.assign(request, { rawBody });
    if (!isRecord(HTTPModuleFunctions.parseHTTPRequestBody(whole))) {
      refuse(response, 400);
      return;
    }
    response.once('finish', () => {
      if (response.statusCode === 200) {
        this.#lastEventAtMs = this.#now();
      }
    });
    this.receiver.requestListener(whole, response);
  }
}

function refuse(response: ServerResponse, status: number): void {
  if (!response.headersSent) {
    response.writeHead(status, { connection: 'close' });
  }
  response.end();
}
