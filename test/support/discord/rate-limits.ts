/**
 * The rate limits that Discord enforces whatever else happens: a bucket per webhook token and per channel, its state in
 * every answer's headers, and a count of invalid requests (10,000 in ten minutes end in a ban). In real time, whatever the
 * stand-in's clock says: clients count these windows by their own.
 */

export type Allowance = {
  readonly isAllowed: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly retryAfterS: number;
};

type Bucket = { used: number; resetsAtMs: number };

const PER_BUCKET = 5;
const WINDOW_MS = 2_000;

export class RateLimits {
  readonly #buckets = new Map<string, Bucket>();
  /** 401, 403, and 429 of any scope but `shared`. */
  invalidRequests = 0;

  /** Undefined for routes without a bucket (acknowledgements have none). */
  ask(method: string, path: string): Allowance | undefined {
    const major = /^\/(webhooks\/\d+\/[^/]+|channels\/\d+)\/?/.exec(path)?.[1];
    if (major === undefined) {
      return undefined;
    }
    const route = `${method} ${major.startsWith('webhooks') ? 'webhook' : 'channel'}`;
    const key = `${route} ${major}`;
    const now = Date.now();
    let bucket = this.#buckets.get(key);
    if (bucket === undefined || bucket.resetsAtMs <= now) {
      bucket = { used: 0, resetsAtMs: now + WINDOW_MS };
      this.#buckets.set(key, bucket);
    }
    const isAllowed = bucket.used < PER_BUCKET;
    bucket.used += isAllowed ? 1 : 0;
    const resetAfterS = (bucket.resetsAtMs - now) / 1000;
    return {
      isAllowed,
      retryAfterS: resetAfterS,
      headers: {
        'x-ratelimit-bucket': Buffer.from(route).toString('hex').slice(0, 16),
        'x-ratelimit-limit': String(PER_BUCKET),
        'x-ratelimit-remaining': String(PER_BUCKET - bucket.used),
        'x-ratelimit-reset': String(bucket.resetsAtMs / 1000),
        'x-ratelimit-reset-after': resetAfterS.toFixed(3),
      },
    };
  }

  note(status: number, scope?: string): void {
    if (status === 401 || status === 403 || (status === 429 && scope !== 'shared')) {
      this.invalidRequests += 1;
    }
  }
}
