/**
 * Who is at the page: which requests are let in at all, which browser asks, and whether it holds the operator's token.
 *
 * A page on 127.0.0.1 can be reached by any site open in the same browser: requests with a foreign Host (DNS rebinding)
 * or a foreign Origin (cross-site forms) are refused, and cookies are SameSite=Strict and not readable by scripts.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

const BROWSER_COOKIE = 'fourstep_browser';
const OPERATOR_COOKIE = 'fourstep_operator';
const LOCAL_NAMES = ['localhost', '127.0.0.1', '[::1]'];
const COOKIE = { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 31_536_000 } as const;

/** Refuses requests that name another host than ours or come from another site's page. */
export function sameSiteOnly(host: string): MiddlewareHandler {
  const isOpenToNetwork = host === '0.0.0.0' || host === '::';
  return async (context, next) => {
    const named = context.req.header('host') ?? '';
    const name = named.replace(/:\d+$/, '');
    if (!isOpenToNetwork && name !== host && !LOCAL_NAMES.includes(name)) {
      return context.text(`This page answers to ${host}; open it under that name.`, 403);
    }
    const origin = context.req.header('origin');
    if (
      origin !== undefined &&
      context.req.method !== 'GET' &&
      origin !== `http://${named}` &&
      origin !== `https://${named}`
    ) {
      return context.text('Requests from other sites are refused; use the page itself.', 403);
    }
    return next();
  };
}

/** The browser's own random id; made on the first visit and the same for all of one request. */
export function browserOf(context: Context): string {
  const asked: unknown = context.get(BROWSER_COOKIE);
  const known = typeof asked === 'string' ? asked : getCookie(context, BROWSER_COOKIE);
  if (known !== undefined && /^[0-9a-f]{24}$/.test(known)) {
    return known;
  }
  const made = randomBytes(12).toString('hex');
  context.set(BROWSER_COOKIE, made);
  setCookie(context, BROWSER_COOKIE, made, COOKIE);
  return made;
}

/** Compares tokens and hands out the operator's cookie: a keyed hash of the browser's id, worthless in another browser. */
export class OperatorDoor {
  readonly #token: Buffer;
  #failures: readonly number[] = [];

  constructor(token: string) {
    this.#token = Buffer.from(token, 'utf8');
  }

  /** False for a wrong token; after ten of them within a minute for any, until the minute is over. */
  open(context: Context, token: string, nowMs: number): boolean {
    this.#failures = this.#failures.filter((atMs) => nowMs - atMs < 60_000);
    if (this.#failures.length >= 10) {
      return false;
    }
    const digest = (text: Buffer): Buffer => createHmac('sha256', 'compare').update(text).digest();
    if (!timingSafeEqual(digest(Buffer.from(token, 'utf8')), digest(this.#token))) {
      this.#failures = [...this.#failures, nowMs];
      return false;
    }
    setCookie(context, OPERATOR_COOKIE, this.#passOf(browserOf(context)), COOKIE);
    return true;
  }

  close(context: Context): void {
    setCookie(context, OPERATOR_COOKIE, '', { ...COOKIE, maxAge: 0 });
  }

  isOpenFor(context: Context): boolean {
    const pass = getCookie(context, OPERATOR_COOKIE) ?? '';
    const expected = this.#passOf(browserOf(context));
    return pass.length === expected.length && timingSafeEqual(Buffer.from(pass), Buffer.from(expected));
  }

  #passOf(browser: string): string {
    return createHmac('sha256', this.#token).update(browser).digest('hex');
  }
}
