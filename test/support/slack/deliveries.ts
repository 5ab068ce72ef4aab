/**
 * From the workspace to the app: the same payload through a socket or as a signed request, with Slack's patience of
 * three seconds. Knows no people.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { stringify } from 'node:querystring';

import { isJson, type Json, jsonOf } from './json.ts';
import type { SocketEnd } from './socket-end.ts';

export type Wire =
  | { readonly kind: 'socket' }
  | {
      readonly kind: 'http';
      /** A function where the app is opened after the workspace. */
      readonly eventsUrl: string | (() => string);
      readonly signingSecret: string;
    };

/** What Slack makes of the app's answer to a delivery. */
export type Outcome = {
  readonly isAcknowledged: boolean;
  readonly ms: number;
  /** What the acknowledgement carried. */
  readonly body: Json;
  /** Over HTTP. */
  readonly status: number | undefined;
};

export type Payload = { readonly type: 'slash_commands' | 'interactive' | 'events_api'; readonly body: Json };

export class Deliveries {
  readonly #socket: SocketEnd;
  readonly #wire: Wire;
  #last: { readonly payload: Payload; readonly envelope: string } | undefined;
  /** Slack's patience; shorter in tests of lateness. */
  ackMs = 3000;
  /** Every delivery comes twice, as after a refreshed socket. */
  isDoubling = false;
  /** Where the app is installed, for people of other workspaces in shared channels. */
  installedTeam: string | undefined;

  constructor(socket: SocketEnd, wire: Wire) {
    this.#socket = socket;
    this.#wire = wire;
  }

  /** The newest delivery's payload. */
  get last(): Payload | undefined {
    return this.#last?.payload;
  }

  /** The newest delivery once more, as Slack does with what it believes was not heard. */
  async again(): Promise<Outcome> {
    if (this.#last === undefined) {
      throw new Error('nothing has been delivered yet');
    }
    return this.#once(this.#last.payload, this.#last.envelope);
  }

  async deliver(payload: Payload): Promise<Outcome> {
    const envelope = randomUUID();
    this.#last = { payload, envelope };
    const first = this.#once(payload, envelope);
    if (this.isDoubling) {
      await this.#once(payload, envelope);
    }
    return first;
  }

  #once(payload: Payload, envelope: string): Promise<Outcome> {
    return this.#wire.kind === 'socket' ? this.#bySocket(payload, envelope) : this.#byHttp(payload, this.#wire);
  }

  async #bySocket(payload: Payload, envelope: string): Promise<Outcome> {
    await this.#socket.whenOpen();
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const end = (isAcknowledged: boolean, body: Json): void => {
        clearTimeout(timer);
        resolve({ isAcknowledged, ms: performance.now() - startedAt, body, status: undefined });
      };
      const onAck = (body: Json): void => {
        end(true, body);
      };
      const timer = setTimeout(() => {
        this.#socket.giveUp(envelope, onAck);
        end(false, {});
      }, this.ackMs);
      this.#socket.send(payload.type, envelope, payload.body, onAck);
    });
  }

  async #byHttp(payload: Payload, wire: Wire & { readonly kind: 'http' }): Promise<Outcome> {
    const form = FORMS[payload.type](payload.body);
    const startedAt = performance.now();
    try {
      const { eventsUrl } = wire;
      const response = await fetch(typeof eventsUrl === 'string' ? eventsUrl : eventsUrl(), {
        method: 'POST',
        headers: {
          ...signedHeaders(wire.signingSecret, form, Math.floor(Date.now() / 1000)),
          ...(payload.type === 'events_api' ? { 'content-type': 'application/json' } : {}),
        },
        body: form,
        signal: AbortSignal.timeout(this.ackMs),
      });
      const body = jsonOf(await response.text());
      return {
        isAcknowledged: response.ok,
        ms: performance.now() - startedAt,
        body: isJson(body) ? body : {},
        status: response.status,
      };
    } catch {
      return { isAcknowledged: false, ms: performance.now() - startedAt, body: {}, status: undefined };
    }
  }
}

const FORMS: Readonly<Record<Payload['type'], (body: Json) => string>> = {
  slash_commands: (body) => stringify(body as Record<string, string>),
  interactive: (body) => stringify({ payload: JSON.stringify(body) }),
  events_api: (body) => JSON.stringify(body),
};

/** The headers with which Slack signs a body at a moment. */
export function signedHeaders(secret: string, body: string, timestampS: number): Record<string, string> {
  const signature = createHmac('sha256', secret).update(`v0:${timestampS}:${body}`).digest('hex');
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': String(timestampS),
    'x-slack-signature': `v0=${signature}`,
  };
}
