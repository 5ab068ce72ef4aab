/**
 * Which browser asks. A browser is known by a secret in a cookie that leaves it only for this server and is never shown,
 * stored or logged here; what is shown and stored is a person's id, derived from the secret and useless for getting in.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

import { incomingOf } from './bindings.ts';
import { LIMITS } from './limits.ts';
import { WindowCounter } from './rates.ts';

const SESSION_COOKIE = 'fourstep_session';
/** What identified a browser before; its value stood in public answers, so it opens nothing any more. */
const ENDED_COOKIE = 'fourstep_browser';
export const COOKIE = { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 31_536_000 } as const;
const NAME_COOKIE = 'fourstep_name';
const SECRET = /^[\w-]{43}$/;
const HOUR_MS = 3_600_000;

export type Identity = {
  /** 24 hex digits: the person in jobs, settings and messages. */
  readonly person: string;
  /** Where from: an IPv4 address, or the /64 of an IPv6 one. */
  readonly address: string;
  /** Undefined for a browser that holds none yet and gets none: it is the person of its address. */
  readonly secret: string | undefined;
};

export class Identities {
  readonly #isBehindProxy: boolean;
  readonly #now: () => number;
  readonly #made = new WindowCounter(HOUR_MS, LIMITS.countedAddresses);
  readonly #known = new WeakMap<Request, Identity>();

  constructor(options: { readonly isBehindProxy: boolean; readonly now: () => number }) {
    this.#isBehindProxy = options.isBehindProxy;
    this.#now = options.now;
  }

  /** The same for all of one request. A page that is opened gets a secret; what acts without one counts by its address. */
  of(context: Context): Identity {
    const known = this.#known.get(context.req.raw);
    if (known !== undefined) {
      return known;
    }
    const address = addressOf(incomingOf(context), this.#isBehindProxy);
    const secret = this.#secretOf(context, address);
    const identity = { person: derive(secret ?? `address ${address}`), address, secret };
    this.#known.set(context.req.raw, identity);
    return identity;
  }

  #secretOf(context: Context, address: string): string | undefined {
    if (getCookie(context, ENDED_COOKIE) !== undefined) {
      deleteCookie(context, ENDED_COOKIE, { path: '/' });
    }
    const held = getCookie(context, SESSION_COOKIE);
    if (held !== undefined && SECRET.test(held)) {
      return held;
    }
    const isOpening = context.req.method === 'GET';
    if (!isOpening || this.#made.add(address, this.#now()) > LIMITS.newPeoplePerHour) {
      return undefined;
    }
    const made = randomBytes(32).toString('base64url');
    setCookie(context, SESSION_COOKIE, made, COOKIE);
    return made;
  }
}

function derive(secret: string): string {
  return createHash('sha256').update(`person of the page ${secret}`).digest('hex').slice(0, 24);
}

/** What they call themselves, as their page has kept it: one line of words, never trusted for anything. */
export function nameOf(context: Context): string {
  const name = getCookie(context, NAME_COOKIE) ?? '';
  return name
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, LIMITS.nameCharacters);
}

/** What a browser holds after it has shown a token: bound to its secret, worthless in another browser. */
export function passOf(token: string, secret: string): string {
  return createHmac('sha256', token).update(secret).digest('hex');
}

/** Compares in a time that says nothing about either, whatever their lengths and letters. */
export function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHmac('sha256', 'compare').update(text, 'utf8').digest();
  return timingSafeEqual(digest(one), digest(other));
}

/** Where a request comes from. */
export function addressOf({ socket, headers }: IncomingMessage, isBehindProxy: boolean): string {
  const forwarded = isBehindProxy
    ? String(headers['x-forwarded-for'] ?? '')
        .split(',')
        .at(-1)
        ?.trim()
    : '';
  const address = forwarded || (socket.remoteAddress ?? 'unknown');
  const v4 = address.replace(/^::ffff:/i, '');
  return v4.includes(':') ? networkOf(v4) : v4;
}

/** The first 64 bits of an IPv6 address: one household has all of the rest. */
function networkOf(address: string): string {
  const [head = '', tail] = address.toLowerCase().split('::');
  const left = head.split(':').filter((part) => part !== '');
  const right = (tail ?? '').split(':').filter((part) => part !== '');
  const filled =
    tail === undefined ? left : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return filled.slice(0, 4).join(':');
}
