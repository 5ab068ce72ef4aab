/**
 * Interactions over HTTP, as a plain request listener that the product's one server mounts: Discord sends them there only
 * once an address is set in the Developer Portal. Every request is checked against the application's public key, stale and
 * repeated ones are refused, and a PING is answered; what they mean is the adapter's, which answers by the callback.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { InteractionResponseType, InteractionType } from 'discord.js';
import { z } from 'zod';

import { jsonOf } from '../../core/parsed.ts';
import { BoundedMap } from '../../core/bounded-map.ts';
import { readBody } from '../shared/http-body.ts';

export const INTERACTIONS_PATH = '/discord/interactions';

/** DER of an Ed25519 public key before its 32 bytes. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
const BODY_BYTES = 2 * 1024 * 1024;
/** A request may be this much older or newer than our clock, and is remembered that long. */
const SKEW_MS = 5 * 60_000;

export type SignedInteractionsOptions = {
  /** 64 hexadecimal digits. */
  readonly publicKey: string;
  readonly now: () => number;
  readonly onInteraction: (payload: unknown) => void;
};

export class SignedInteractions {
  readonly #key: KeyObject;
  readonly #options: SignedInteractionsOptions;
  readonly #seen: BoundedMap<string, true>;
  #isOpen = false;

  constructor(options: SignedInteractionsOptions) {
    const key = Buffer.concat([SPKI_HEAD, Buffer.from(options.publicKey, 'hex')]);
    this.#key = createPublicKey({ key, format: 'der', type: 'spki' });
    this.#options = options;
    this.#seen = new BoundedMap({ maxCost: 100_000, age: { ms: 2 * SKEW_MS, monotonicMs: options.now } });
  }

  open(): void {
    this.#isOpen = true;
  }

  /** What comes from now on is answered with 503: Discord says that the app did not respond. */
  close(): void {
    this.#isOpen = false;
  }

  /** Handles one request. Never throws. */
  readonly listener = (request: IncomingMessage, response: ServerResponse): void => {
    if (!this.#isOpen || request.method !== 'POST') {
      answer(response, this.#isOpen ? 405 : 503);
      return;
    }
    // Nothing is read of what cannot be genuine.
    const claim = this.#claimOf(request);
    if (claim === undefined) {
      answer(response, 401);
      return;
    }
    readBody(request, { maxBytes: BODY_BYTES })
      .then(
        (body) => this.#take(claim, body, response),
        () => answer(response, 413),
      )
      // Nested deeper than anything can walk, or broken in another way that nobody thought of: it is not Discord's.
      .catch(() => answer(response, 400));
  };

  #take(claim: Claim, body: Buffer, response: ServerResponse): void {
    if (!this.#isGenuine(claim, body)) {
      answer(response, 401);
      return;
    }
    const payload = jsonOf(body.toString('utf8'));
    const type = withType.safeParse(payload).data?.type;
    if (type === undefined) {
      answer(response, 400);
    } else if (type === InteractionType.Ping) {
      answer(response, 200, { type: InteractionResponseType.Pong });
    } else {
      this.#options.onInteraction(payload);
      // The answer goes by the callback, like one to an interaction from the gateway.
      answer(response, 202);
    }
  }

  /** What a request says of itself; undefined where it is no signature or not of now. */
  #claimOf({ headers }: IncomingMessage): Claim | undefined {
    const [signature, timestamp] = [headers['x-signature-ed25519'], headers['x-signature-timestamp']];
    if (typeof signature !== 'string' || typeof timestamp !== 'string' || !/^[0-9a-f]{128}$/i.test(signature)) {
      return undefined;
    }
    const isFresh = Math.abs(Number(timestamp) * 1000 - this.#options.now()) <= SKEW_MS;
    return isFresh ? { signature, timestamp } : undefined;
  }

  #isGenuine({ signature, timestamp }: Claim, body: Buffer): boolean {
    const signed = Buffer.concat([Buffer.from(timestamp), body]);
    if (!verify(null, signed, this.#key, Buffer.from(signature, 'hex')) || this.#seen.has(signature)) {
      return false;
    }
    this.#seen.set(signature, true);
    return true;
  }
}

type Claim = { readonly signature: string; readonly timestamp: string };

const withType = z.object({ type: z.custom<InteractionType>((given) => typeof given === 'number') });

function answer(response: ServerResponse, status: number, json?: object): void {
  if (response.headersSent) {
    return;
  }
  response.writeHead(status, {
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(status >= 400 ? { connection: 'close' } : {}),
  });
  response.end(json === undefined ? undefined : JSON.stringify(json));
}
