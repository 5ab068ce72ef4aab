/**
 * What /healthz and /readyz say, from parts that can tell how they are. Ready: every part is, now. Live: no part has
 * been down for longer than it is given to come back by itself, and the event loop turns: a supervisor that restarts
 * what is not live does not restart for a hiccup. Knows parts by name only, and no HTTP.
 */

export type PartState = { readonly isReady: boolean; readonly detail: string };

export type Part = {
  /** `discord`, `runner cpu`, `store`. */
  readonly name: string;
  readonly state: () => PartState;
};

export type HealthReport = {
  readonly isOk: boolean;
  readonly body: {
    readonly status: 'ok' | 'unavailable';
    readonly uptimeSeconds: number;
    readonly loopLagMs: number;
    readonly parts: readonly {
      readonly name: string;
      readonly isReady: boolean;
      readonly detail: string;
      readonly downSeconds: number;
    }[];
  };
};

export type HealthOptions = {
  /** Asked anew each time: adapters and runners come and go. */
  readonly parts: () => readonly Part[];
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** A part that is down for longer will not come back by itself. */
  readonly deadAfterMs?: number;
  readonly lookEveryMs?: number;
};

const DEAD_AFTER_MS = 300_000;
const LOOK_EVERY_MS = 5000;

export class Health {
  readonly #options: HealthOptions;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  /** Since when each part is down. */
  readonly #down = new Map<string, number>();
  readonly #timer: ReturnType<typeof setInterval>;
  #dueAtMs: number;
  #loopLagMs = 0;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#startedAtMs = this.#now();
    const everyMs = options.lookEveryMs ?? LOOK_EVERY_MS;
    this.#dueAtMs = this.#startedAtMs + everyMs;
    // Looks by itself: how long something has been down must not depend on who asks.
    this.#timer = setInterval(() => {
      const nowMs = this.#now();
      this.#loopLagMs = Math.max(0, nowMs - this.#dueAtMs);
      this.#dueAtMs = nowMs + everyMs;
      this.#look();
    }, everyMs);
    this.#timer.unref();
  }

  ready(): HealthReport {
    return this.#report(({ isReady }) => isReady);
  }

  live(): HealthReport {
    const { deadAfterMs = DEAD_AFTER_MS } = this.#options;
    return this.#report(({ downSeconds }) => downSeconds * 1000 < deadAfterMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): HealthReport['body']['parts'] {
    const nowMs = this.#now();
    return this.#options.parts().map(({ name, state }) => {
      const { isReady, detail } = state();
      if (isReady) {
        this.#down.delete(name);
      } else if (!this.#down.has(name)) {
        this.#down.set(name, nowMs);
      }
      return { name, isReady, detail, downSeconds: (nowMs - (this.#down.get(name) ?? nowMs)) / 1000 };
    });
  }

  #report(isFine: (part: HealthReport['body']['parts'][number]) => boolean): HealthReport {
    const parts = this.#look();
    const isOk = parts.every(isFine);
    return {
      isOk,
      body: {
        status: isOk ? 'ok' : 'unavailable',
        uptimeSeconds: Math.round((this.#now() - this.#startedAtMs) / 1000),
        loopLagMs: Math.round(this.#loopLagMs),
        parts,
      },
    };
  }
}
