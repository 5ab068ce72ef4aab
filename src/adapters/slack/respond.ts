/**
 * Posts to a delivery's own address (`response_url`): it reaches places where the bot is no member, five times within
 * thirty minutes. Knows the count and the clock; no messages.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { SlackRefusal, SlackUnreachable } from './api.ts';
import { LIMITS } from './limits.ts';

export type HookPost = Readonly<Record<string, unknown>>;

const ATTEMPTS = 4;
const TIMEOUT_MS = 10_000;
const REMEMBERED = 2000;

export class Hooks {
  readonly #now: () => number;
  readonly #pauseMs: number;
  readonly #posts = new Map<string, number>();

  constructor({ now = Date.now, pauseMs = 500 }: { readonly now?: () => number; readonly pauseMs?: number } = {}) {
    this.#now = now;
    this.#pauseMs = pauseMs;
  }

  /** Posts left for a hook of a delivery received at `receivedAtMs`; those of an earlier process are not counted. */
  left(hook: string, receivedAtMs: number): number {
    const isOver = this.#now() - receivedAtMs >= LIMITS.responseUrlMs;
    return isOver ? 0 : Math.max(0, LIMITS.responseUrlPosts - this.count(hook));
  }

  /** How often this process has posted to the hook. */
  count(hook: string): number {
    return this.#posts.get(hook) ?? 0;
  }

  /** Throws `SlackRefusal` where Slack will not have it (expired, used up, bad blocks), `SlackUnreachable` otherwise. */
  async post(hook: string, body: HookPost): Promise<void> {
    let failure = new SlackUnreachable('response_url', { isOutcomeUnknown: false, cause: new Error('not tried') });
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (attempt > 0) {
        await sleep(Math.max(this.#pauseMs * 2 ** (attempt - 1), failure.retryAfterMs ?? 0));
      }
      try {
        await this.#postOnce(hook, body);
        return;
      } catch (error) {
        if (!(error instanceof SlackUnreachable)) {
          throw error;
        }
        failure = error;
      }
    }
    throw failure;
  }

  async #postOnce(hook: string, body: HookPost): Promise<void> {
    this.#remember(hook);
    let response: Response;
    let answer: string;
    try {
      response = await fetch(hook, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      answer = await response.text();
    } catch (cause) {
      throw new SlackUnreachable('response_url', { isOutcomeUnknown: true, cause });
    }
    if (response.status === 429 || response.status >= 500) {
      this.#posts.set(hook, this.count(hook) - 1);
      const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
      throw new SlackUnreachable('response_url', {
        ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
        isOutcomeUnknown: response.status !== 429,
        cause: new Error(`status ${response.status}`),
      });
    }
    const refusal = refusalOf(answer);
    if (!response.ok || refusal !== undefined) {
      throw new SlackRefusal('response_url', refusal ?? `http_${response.status}`, [answer.slice(0, 300)]);
    }
  }

  #remember(hook: string): void {
    this.#posts.set(hook, this.count(hook) + 1);
    const oldest = this.#posts.keys().next();
    if (this.#posts.size > REMEMBERED && oldest.done !== true) {
      this.#posts.delete(oldest.value);
    }
  }
}

/** Slack answers `ok`, or JSON, or the bare name of an error such as `invalid_blocks`. */
function refusalOf(answer: string): string | undefined {
  const jsonError = /"ok":\s*false/.test(answer) ? (/"error":\s*"([^"]+)"/.exec(answer)?.[1] ?? 'refused') : undefined;
  return jsonError ?? /^(invalid|no|expired|used|cant)_[a-z_]+$/.exec(answer.trim())?.[0];
}
