/**
 * Posts to the address that came with an event (`response_url`): it reaches places where the bot is no member, five times
 * within thirty minutes. Knows the count and the clock; no messages.
 */
import { BoundedMap } from '../../core/bounded-map.ts';
import { RequestFailure } from '../shared/failure.ts';
import { retry } from '../shared/retry.ts';
import { LIMITS } from './limits.ts';

export type ResponseBody = Readonly<Record<string, unknown>>;

const TIMEOUT_MS = 10_000;
const REMEMBERED = 2000;

export class ResponseUrls {
  readonly #now: () => number;
  readonly #firstPauseMs: number;
  readonly #posts = new BoundedMap<string, number>({ maxCost: REMEMBERED });

  constructor({ now, firstPauseMs = 500 }: { readonly now: () => number; readonly firstPauseMs?: number | undefined }) {
    this.#now = now;
    this.#firstPauseMs = firstPauseMs;
  }

  /** Posts left for an address received at `receivedAtMs`; those of an earlier process are not counted. */
  left(url: string, receivedAtMs: number): number {
    const isOver = this.#now() - receivedAtMs >= LIMITS.responseUrlMs;
    return isOver ? 0 : Math.max(0, LIMITS.responseUrlPosts - this.count(url));
  }

  /** How often this process has posted to the address. */
  count(url: string): number {
    return this.#posts.get(url) ?? 0;
  }

  /** Throws `RequestFailure`: `expired` where the address is over or used up, `refused` for bad blocks, or `passing`. */
  async post(url: string, body: ResponseBody): Promise<void> {
    // Four tries; somebody waits, and there are other ways.
    const patienceMs = this.#firstPauseMs * 7;
    await retry(async () => this.#postOnce(url, body), { patienceMs, firstPauseMs: this.#firstPauseMs });
  }

  async #postOnce(url: string, body: ResponseBody): Promise<void> {
    this.#posts.set(url, this.count(url) + 1);
    let response: Response;
    let answer: string;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      answer = await response.text();
    } catch (cause) {
      throw new RequestFailure('response_url: no answer', { kind: 'passing', mayHaveArrived: true, cause });
    }
    const { status } = response;
    if (status === 429 || status >= 500) {
      this.#posts.set(url, this.count(url) - 1);
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      const afterMs = Number.isFinite(seconds) ? seconds * 1000 : 0;
      throw new RequestFailure(`response_url: status ${status}`, { kind: 'passing', afterMs });
    }
    const refusal = refusalOf(answer) ?? (response.ok ? undefined : `http_${status}`);
    if (refusal !== undefined) {
      const kind = /expired|used|^http_404$/.test(refusal) ? 'expired' : 'refused';
      const details = [answer.slice(0, 300)];
      throw new RequestFailure(`Slack refuses response_url: ${refusal}`, { kind, code: refusal, details });
    }
  }
}

/** Slack answers `ok`, or JSON, or the bare name of an error such as `invalid_blocks`. */
function refusalOf(answer: string): string | undefined {
  const jsonError = /"ok":\s*false/.test(answer) ? (/"error":\s*"([^"]+)"/.exec(answer)?.[1] ?? 'refused') : undefined;
  return jsonError ?? /^(invalid|no|expired|used|cant)_[a-z_]+$/.exec(answer.trim())?.[0];
}
