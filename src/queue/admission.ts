/**
 * The shared admission: one p-queue whose slots are the devices' and whose waiting work stands in the fair order. Here
 * are the bounds, places and estimates, cancelling, draining. Knows tickets and durations, no
 * request, chat or device. Its clock only measures: set by the caller, and best one that never jumps.
 */
import type { Admission, QueueLimits, QueuePlace, Ticket } from '../core/admission.ts';
import { CancelledError, UserError } from '../core/errors.ts';
import { Condition } from '../core/condition.ts';
import type { JobId } from '../core/job.ts';
import type { ServerKey } from '../core/people.ts';
import PQueue from 'p-queue';
import { FairOrder, type FairPolicy } from './fair-order.ts';
import { FairTurns, type TurnOptions } from './fair-turns.ts';
import { PaceMeter } from './pace-meter.ts';

export type FairAdmissionOptions = {
  /** Jobs that run at once: what the devices can interleave or batch together. */
  readonly slots: number;
  readonly policy?: Partial<FairPolicy>;
  /** Milliseconds; monotonic. */
  readonly now?: () => number;
  /** At most one call of the change listeners in so long. */
  readonly changeMs?: number;
  readonly onBegin?: (ticket: Ticket, waitedMs: number) => void;
};

type Entry = {
  readonly ticket: Ticket;
  readonly addedAtMs: number;
  readonly waiting: AbortController;
  readonly running: AbortController;
  begunAtMs: number | undefined;
  /** What has been shown; a place never grows. */
  shownAhead: number;
};

export class FairAdmission implements Admission {
  readonly #options: FairAdmissionOptions;
  readonly #now: () => number;
  readonly #order: FairOrder;
  readonly #queue: PQueue<FairTurns, TurnOptions>;
  readonly #pace = new PaceMeter();
  readonly #entries = new Map<JobId, Entry>();
  readonly #servers = new Map<ServerKey, Set<Entry>>();
  readonly #listeners = new Set<() => void>();
  readonly #idle = new Condition();
  #changeTimer: ReturnType<typeof setTimeout> | undefined;
  /** Dropped by every change. */
  #forecast: ReadonlyMap<JobId, QueuePlace> | undefined;
  #running = 0;

  constructor(options: FairAdmissionOptions) {
    if (!(options.slots >= 1)) {
      throw new RangeError(`expected at least 1 slot, got ${options.slots}`);
    }
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    const order = new FairOrder(options.policy);
    const now = this.#now;
    const queueClass = class extends FairTurns {
      constructor() {
        super(order, now);
      }
    };
    this.#order = order;
    this.#queue = new PQueue({ concurrency: options.slots, queueClass });
  }

  async add(
    ticket: Ticket,
    limits: QueueLimits | undefined,
    run: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    if (this.#entries.has(ticket.id)) {
      throw new Error(`expected a job that is not in the queue yet, got ${ticket.id} again`);
    }
    const replaced = ticket.priority === 'live' ? this.#olderLive(ticket) : [];
    if (limits !== undefined) {
      this.#refuseBeyond(limits, ticket, replaced);
    }
    replaced.forEach((older) => this.cancel(older.ticket.id));
    const entry: Entry = {
      ticket,
      addedAtMs: this.#now(),
      waiting: new AbortController(),
      running: new AbortController(),
      begunAtMs: undefined,
      shownAhead: Number.POSITIVE_INFINITY,
    };
    this.#entries.set(ticket.id, entry);
    this.#servers.set(ticket.server, (this.#servers.get(ticket.server) ?? new Set<Entry>()).add(entry));
    // The signal is for waiting alone: a slot is free when the device is, not when somebody has cancelled.
    const options = { id: ticket.id, ticket, signal: entry.waiting.signal };
    const ended = this.#queue.add(() => this.#run(entry, run), options);
    this.#changed();
    return ended;
  }

  cancel(id: JobId): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      return false;
    }
    if (entry.begunAtMs !== undefined) {
      entry.running.abort(new CancelledError());
      return true;
    }
    this.#forget(entry);
    entry.waiting.abort(new CancelledError());
    return true;
  }

  place(id: JobId): QueuePlace | undefined {
    const entry = this.#entries.get(id);
    this.#forecast ??= this.#foresee();
    const foreseen = this.#forecast.get(id);
    if (entry === undefined || foreseen === undefined) {
      return undefined;
    }
    entry.shownAhead = Math.min(entry.shownAhead, foreseen.ahead);
    return { ahead: entry.shownAhead, estimateMs: foreseen.estimateMs };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  counts(): { readonly waiting: number; readonly running: number; readonly servers: number } {
    return { waiting: this.#order.size, running: this.#running, servers: this.#servers.size };
  }

  countsOf(server: ServerKey): { readonly waiting: number; readonly running: number } {
    const entries = [...(this.#servers.get(server) ?? [])];
    const running = entries.filter(({ begunAtMs }) => begunAtMs !== undefined).length;
    return { waiting: entries.length - running, running };
  }

  /**
   * What waits is neither begun nor refused and its promise stays open: the process that drains is about to end, and
   * the next one takes the saved jobs up.
   */
  async drain(limitMs: number): Promise<void> {
    this.#queue.pause();
    if (this.#running > 0) {
      await this.#idle.wait({ limitMs });
    }
  }

  async #run(entry: Entry, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const begunAtMs = this.#now();
    entry.begunAtMs = begunAtMs;
    this.#running++;
    this.#options.onBegin?.(entry.ticket, begunAtMs - entry.addedAtMs);
    try {
      await run(entry.running.signal);
      this.#pace.measure(entry.ticket.costMs, this.#now() - begunAtMs);
    } finally {
      this.#order.settle(entry.ticket, this.#now() - begunAtMs);
      this.#running--;
      this.#forget(entry);
      if (this.#running === 0) {
        this.#idle.notify();
      }
    }
  }

  #refuseBeyond(limits: QueueLimits, ticket: Ticket, replaced: readonly Entry[]): void {
    // What follows a hand is bounded by itself: it keeps nobody from sending, and what was sent keeps no hand waiting.
    const isLive = ticket.priority === 'live';
    const entries = [...(this.#servers.get(ticket.server) ?? [])].filter(
      (entry) => (entry.ticket.priority === 'live') === isLive && !replaced.includes(entry),
    );
    const own = entries.filter((entry) => entry.ticket.user === ticket.user).length;
    const retryAfterMs = Math.ceil(this.#pace.expect(ticket.costMs));
    if (own >= limits.perUser) {
      throw new UserError(
        'queue.user-full',
        `Expected at most ${limits.perUser} of your jobs in the queue at once, and ${own} are there. Wait for one to finish, or cancel one.`,
        { params: { limit: limits.perUser, count: own }, retryAfterMs },
      );
    }
    if (entries.length >= limits.perServer) {
      throw new UserError(
        'queue.server-full',
        `Expected at most ${limits.perServer} jobs of this server in the queue at once, and ${entries.length} are there. Try again when some have finished.`,
        { params: { limit: limits.perServer, count: entries.length }, retryAfterMs },
      );
    }
  }

  /** What a newer picture of the same canvas makes needless: all but the one begun last, which is drawn to its end. */
  #olderLive(ticket: Ticket): readonly Entry[] {
    const older = [...(this.#servers.get(ticket.server) ?? [])].filter(
      ({ ticket: { priority, user, canvas } }) =>
        priority === 'live' && user === ticket.user && canvas === ticket.canvas,
    );
    const last = older.findLast(({ begunAtMs }) => begunAtMs !== undefined);
    return older.filter((entry) => entry !== last);
  }

  #forget(entry: Entry): void {
    const { id, server: key } = entry.ticket;
    const server = this.#servers.get(key);
    this.#entries.delete(id);
    server?.delete(entry);
    if (server?.size === 0) {
      this.#servers.delete(key);
    }
    this.#changed();
  }

  /** When each waiting job is expected to begin: what runs ends, then what waits follows in the fair order. */
  #foresee(): ReadonlyMap<JobId, QueuePlace> {
    const nowMs = this.#now();
    const running = [...this.#entries.values()].flatMap(({ ticket, begunAtMs }) =>
      begunAtMs === undefined ? [] : [Math.max(0, begunAtMs + this.#pace.expect(ticket.costMs) - nowMs)],
    );
    const slots = Array.from({ length: this.#options.slots }, (_, k) => running[k] ?? 0);
    const places = this.#order.order().map(({ id, costMs }, ahead) => {
      const slot = slots.indexOf(Math.min(...slots));
      const beginsMs = slots[slot] ?? 0;
      slots[slot] = beginsMs + this.#pace.expect(costMs);
      return [id, { ahead, estimateMs: Math.round(beginsMs) }] as const;
    });
    return new Map(places);
  }

  #changed(): void {
    this.#forecast = undefined;
    if (this.#changeTimer !== undefined || this.#listeners.size === 0) {
      return;
    }
    this.#changeTimer = setTimeout(() => {
      this.#changeTimer = undefined;
      this.#listeners.forEach((listener) => listener());
    }, this.#options.changeMs ?? 250);
    this.#changeTimer.unref();
  }
}
