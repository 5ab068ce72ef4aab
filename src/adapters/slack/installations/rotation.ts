/**
 * A token that Slack lets expire: another is asked for well before that, kept, and only then used. The refresh token is
 * worth one use, so there is one renewal at a time, and one that another process made is taken over.
 */
import type { webApi } from '@slack/bolt';

import type { Log } from '../../../bot/index.ts';
import { isFailure, RequestFailure } from '../../shared/failure.ts';
import { retry } from '../../shared/retry.ts';
import type { TokenSource } from '../client.ts';
import { failureOf } from '../failure-of.ts';
import { at, textAt } from '../json.ts';
import type { Installation, Token } from './installation.ts';
import type { Installations } from './installations.ts';

export type RotationParts = {
  readonly installations: Installations;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Speaks without a token. */
  readonly oauth: webApi.WebClient;
  readonly now: () => number;
  readonly log: Log;
};

/** Of the twelve hours that a token lives. */
const EARLY_MS = 2 * 3_600_000;
const PATIENCE_MS = 5000;

export class RotatedToken implements TokenSource {
  readonly #parts: RotationParts;
  readonly #installation: Installation;
  #token: Token;
  /** Slack has given it, and it is not kept yet. */
  #unkept: Token | undefined;
  #renewing: Promise<void> | undefined;

  constructor(parts: RotationParts, installation: Installation, token: Token) {
    this.#parts = parts;
    this.#installation = installation;
    this.#token = token;
  }

  async current(): Promise<string> {
    if (this.#isOver(EARLY_MS)) {
      try {
        await this.#renewOnce();
      } catch (error) {
        if (this.#isOver(0)) {
          throw error;
        }
        this.#parts.log.warn({ err: error }, 'Slack: a token could not be renewed yet; the old one is used');
      }
    }
    return this.#token.access;
  }

  async renewed(refused: string): Promise<boolean> {
    if (this.#token.access === refused) {
      if (this.#token.refresh === null) {
        return false;
      }
      await this.#renewOnce();
    }
    return this.#token.access !== refused;
  }

  #isOver(earlyMs: number): boolean {
    const { refresh, expiresAtMs } = this.#token;
    return refresh !== null && expiresAtMs !== null && expiresAtMs - earlyMs <= this.#parts.now();
  }

  async #renewOnce(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
  }

  async #renew(): Promise<void> {
    const kept = this.#unkept === undefined ? await this.#keptByAnother() : undefined;
    if (kept !== undefined) {
      this.#token = kept;
      return;
    }
    this.#unkept ??= await this.#ask();
    await this.#parts.installations.save(this.#installation, this.#unkept);
    this.#token = this.#unkept;
    this.#unkept = undefined;
  }

  /** Throws `RequestFailure` where the app is no longer installed there. */
  async #keptByAnother(): Promise<Token | undefined> {
    const found = await this.#parts.installations.find(this.#installation);
    if (found === undefined) {
      throw new RequestFailure('the app is no longer installed there', { kind: 'token', code: 'not_installed' });
    }
    return found.kind === 'open' && found.token.access !== this.#token.access ? found.token : undefined;
  }

  async #ask(): Promise<Token> {
    const { oauth, clientId, clientSecret, now, log } = this.#parts;
    const method = 'oauth.v2.access';
    const args = {
      client_id: clientId,
      client_secret: clientSecret,
      grant_type: 'refresh_token',
      refresh_token: this.#token.refresh ?? '',
    };
    const once = async (): Promise<unknown> => {
      try {
        return await oauth.apiCall(method, args);
      } catch (error) {
        throw failureOf(method, error);
      }
    };
    try {
      const answer = await retry(once, { patienceMs: PATIENCE_MS });
      const [access, seconds] = [textAt(answer, 'access_token'), at(answer, 'expires_in')];
      if (access === undefined) {
        throw new RequestFailure(`Slack's answer to ${method} holds no token`, { kind: 'refused', code: 'no_token' });
      }
      return {
        access,
        refresh: textAt(answer, 'refresh_token') ?? null,
        expiresAtMs: typeof seconds === 'number' ? now() + seconds * 1000 : null,
      };
    } catch (error) {
      if (!isFailure(error) || error.kind === 'passing') {
        throw error;
      }
      const { name } = this.#installation;
      log.error(
        { workspace: name, code: error.code },
        'Slack renews a token no longer: the app must be installed anew',
      );
      throw new RequestFailure(error.message, { kind: 'token', code: error.code, cause: error });
    }
  }
}
