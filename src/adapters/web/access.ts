/**
 * Who is let in: under which names the page answers, from which sites requests may come, and who holds the visitors' or
 * the operator's token.
 *
 * A page on 127.0.0.1 can be reached by any site open in the same browser: requests under a foreign name (DNS rebinding;
 * an address in numbers cannot be rebound) or from a foreign page are refused, and cookies are SameSite=Strict and not
 * readable by scripts. A page that listens beyond this machine asks for a token, unless the operator says otherwise.
 */
import { isIP } from 'node:net';

import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';

import { refusal } from '../../bot/refusal.ts';
import { COOKIE, isSame, passOf, type Identities } from './identity.ts';
import { LIMITS } from './limits.ts';
import { WindowCounter } from './rates.ts';

const LOCAL_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]', '::1']);

export type Access = {
  readonly host: string;
  /** Names beside `host` under which the page is reached: a proxy's. */
  readonly names: readonly string[];
  readonly operatorToken: string;
  readonly visitorToken: string | undefined;
  /** Everybody who reaches the page may draw: said by the operator. */
  readonly isPublic: boolean;
};

/** Whether a visitor must show a token: the page can be reached from other machines, and nobody said that all may. */
export function needsVisitorToken({ host, names, visitorToken, isPublic }: Access): boolean {
  const isOnThisMachine = LOCAL_NAMES.has(host) && names.length === 0;
  return !isPublic && (visitorToken !== undefined || !isOnThisMachine);
}

/** Refuses requests that name another host than ours or come from another site's page. */
export function sameSiteOnly({ host, names }: Pick<Access, 'host' | 'names'>): MiddlewareHandler {
  const isBeyond = !LOCAL_NAMES.has(host);
  const allowed = new Set([...LOCAL_NAMES, ...names.map((name) => name.toLowerCase()), host]);
  return async (context, next) => {
    const named = context.req.header('host') ?? '';
    const name = named.replace(/:\d+$/, '').toLowerCase();
    const isAddress = isIP(name.replace(/^\[|\]$/g, '')) !== 0;
    if (!allowed.has(name) && !(isBeyond && isAddress)) {
      return context.text(
        `This page does not answer to ${name}. Open it under ${host}, or add the name to ALLOWED_HOSTS.`,
        403,
      );
    }
    const origin = context.req.header('origin');
    const isForeignOrigin = origin !== undefined && origin !== `http://${named}` && origin !== `https://${named}`;
    const site = context.req.header('sec-fetch-site') ?? 'none';
    const isForeignSite = site !== 'same-origin' && site !== 'none';
    const isLooking = context.req.path === '/' && context.req.method === 'GET'; // a link that leads here
    if ((isForeignOrigin && context.req.method !== 'GET') || (isForeignSite && !isLooking)) {
      return context.text('Requests from other sites are refused; use the page itself.', 403);
    }
    return next();
  };
}

/** Signing in with a token: the cookie it hands out is bound to the browser, and guesses are counted by address. */
type SignInOptions = {
  readonly cookie: string;
  /** Any of them will do; its holder has a cookie made with the first. */
  readonly tokens: readonly [string, ...string[]];
  readonly identities: Identities;
  readonly now: () => number;
};

export class TokenSignIn {
  readonly #options: SignInOptions;
  readonly #wrong = new WindowCounter(60_000, LIMITS.countedAddresses);

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /** False for a wrong token. Throws `UserError` `page.guesses` after too many of one address, right or wrong. */
  open(context: Context, token: string): boolean {
    const { cookie, tokens, identities, now } = this.#options;
    const { address, secret } = identities.of(context);
    if (this.#wrong.count(address, now()) >= LIMITS.wrongTokensPerMinute) {
      throw refusal('page.guesses', {}, { retryAfterMs: this.#wrong.leftMs(address, now()) });
    }
    // All are compared, so that the time tells nothing.
    const isRight = tokens.filter((right) => isSame(right, token)).length > 0;
    if (!isRight) {
      this.#wrong.add(address, now());
    } else if (secret !== undefined) {
      setCookie(context, cookie, passOf(tokens[0], secret), COOKIE);
    }
    return isRight && secret !== undefined;
  }

  close(context: Context): void {
    setCookie(context, this.#options.cookie, '', { ...COOKIE, maxAge: 0 });
  }

  isOpenFor(context: Context): boolean {
    const { cookie, tokens, identities } = this.#options;
    const { secret } = identities.of(context);
    const pass = getCookie(context, cookie);
    return secret !== undefined && pass !== undefined && isSame(pass, passOf(tokens[0], secret));
  }
}
