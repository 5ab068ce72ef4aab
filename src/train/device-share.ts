/**
 * When training may have the device that pictures are drawn on: at once where nobody draws, and for a small share of the
 * time where somebody always does, so that it ends some day. Decides between two calls of the device; knows none.
 */
import { Condition } from '../core/condition.ts';

/** Of the device's time, while pictures are drawn. */
const SHARE = 0.08;

export class DeviceShare {
  readonly #nowMs: () => number;
  #drawing = 0;
  /** When it was given the device, while it has it. */
  #grantedAtMs: number | undefined;
  #endedAtMs = Number.NEGATIVE_INFINITY;
  #lastMs = 0;
  #spentMs = 0;
  readonly #changed = new Condition();

  /** `nowMs`: of a monotonic clock. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** How long it has had the device in all. */
  get spentMs(): number {
    return this.#spentMs;
  }

  /** A picture's work begins; the returned function ends it. */
  drawing(): () => void {
    this.#drawing++;
    let isOver = false;
    return () => {
      if (!isOver) {
        isOver = true;
        this.#drawing--;
        this.#changed.notify();
      }
    };
  }

  /** What ran since the last turn is over. */
  release(): void {
    if (this.#grantedAtMs === undefined) {
      return;
    }
    this.#endedAtMs = this.#nowMs();
    this.#lastMs = this.#endedAtMs - this.#grantedAtMs;
    this.#spentMs += this.#lastMs;
    this.#grantedAtMs = undefined;
  }

  /** Gives the device back and resolves when it may be had for one more call, or when `signal` fires. */
  async turn(signal: AbortSignal): Promise<void> {
    this.release();
    // Calls of the device block the event loop: what has arrived meanwhile is heard first.
    await new Promise((resolve) => setImmediate(resolve));
    for (let waitMs = this.#waitMs(); waitMs > 0 && !signal.aborted; waitMs = this.#waitMs()) {
      await this.#changed.wait({ limitMs: Math.ceil(waitMs), signal });
    }
    this.#grantedAtMs = this.#nowMs();
  }

  /** 0: now. */
  #waitMs(): number {
    if (this.#drawing === 0) {
      return 0;
    }
    const pauseMs = this.#lastMs * (1 / SHARE - 1);
    return Math.max(0, this.#endedAtMs + pauseMs - this.#nowMs());
  }
}
