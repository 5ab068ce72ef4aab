/**
 * The works of one device: what waits and what is in its child. What was there when it died goes again, at most so often.
 * Which goes next is `dispatch-order.ts`. Knows no process.
 */
import { CancelledError, UserError } from '../core/errors.ts';
import { Condition } from '../core/condition.ts';
import type { Work } from '../core/work.ts';
import { nextToSend } from './dispatch-order.ts';
import { EventChannel } from './event-channel.ts';

export type PendingWork = {
  readonly work: Work;
  readonly events: EventChannel;
  attempts: number;
  /** Set while it is in the child. */
  call: number | undefined;
  cancelTimer: ReturnType<typeof setTimeout> | undefined;
};

export class PendingWorks {
  readonly #waiting: PendingWork[] = [];
  readonly #active = new Map<number, PendingWork>();
  readonly #idle = new Condition();
  #calls = 0;

  /** How many are in the child. */
  get active(): number {
    return this.#active.size;
  }

  inCall(call: number): PendingWork | undefined {
    return this.#active.get(call);
  }

  add(work: Work): PendingWork {
    const pending = { work, events: new EventChannel(), attempts: 0, call: undefined, cancelTimer: undefined };
    this.#waiting.push(pending);
    return pending;
  }

  /** The next that may go to the child; it counts as there from now on. */
  next(maxPictures: number): (PendingWork & { readonly call: number }) | undefined {
    const pending = nextToSend(this.#waiting, [...this.#active.values()], maxPictures);
    if (pending === undefined) {
      return undefined;
    }
    this.#waiting.splice(this.#waiting.indexOf(pending), 1);
    pending.attempts++;
    const sent = Object.assign(pending, { call: this.#calls++ });
    this.#active.set(sent.call, sent);
    return sent;
  }

  /** It is in the child no more. */
  release(pending: PendingWork): void {
    clearTimeout(pending.cancelTimer);
    this.#active.delete(pending.call ?? -1);
    pending.call = undefined;
    if (this.#active.size === 0) {
      this.#idle.notify();
    }
  }

  /** Ends one that waits. */
  withdraw(pending: PendingWork): void {
    const at = this.#waiting.indexOf(pending);
    if (at >= 0) {
      this.#waiting.splice(at, 1);
    }
    pending.events.end(new CancelledError());
  }

  endWaiting(error: Error): void {
    this.#waiting.splice(0).forEach(({ events }) => events.end(error));
  }

  /** The child is killed for one of them: its neighbours pay with a restart, not with one of their attempts. */
  forgiveAttempt(): void {
    this.#active.forEach((pending) => pending.attempts--);
  }

  /**
   * The child is gone: its works wait again, before the others, or end: with `stopped` where nothing is drawn any more, and
   * with `reason` once they have died so often, where it is the device's fault and not most likely theirs.
   */
  lose(maxAttempts: number, { stopped, reason }: Loss = {}): void {
    const again: PendingWork[] = [];
    for (const pending of this.#active.values()) {
      const isCancelled = pending.cancelTimer !== undefined;
      this.release(pending);
      if (isCancelled) {
        pending.events.end(new CancelledError());
      } else if (stopped !== undefined) {
        pending.events.end(stopped);
      } else if (pending.attempts >= maxAttempts) {
        pending.events.end(reason ?? crashed(pending.attempts));
      } else {
        again.push(pending);
      }
    }
    this.#waiting.unshift(...again);
  }

  /** Resolves when none is in the child, or after that time. */
  async idle(limitMs: number): Promise<void> {
    if (this.#active.size > 0) {
      await this.#idle.wait({ limitMs });
    }
  }
}

type Loss = { readonly stopped?: Error | undefined; readonly reason?: Error | undefined };

function crashed(attempts: number): UserError {
  return new UserError(
    'runner.crashed',
    `Expected a picture, but the device stopped ${attempts} times while drawing it. Try another size or other words, or ask the operator to look at the log.`,
    { params: { attempts } },
  );
}
