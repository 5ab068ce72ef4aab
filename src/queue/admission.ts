/**
 * The shared admission: the fair order decides whose turn it is, each server's own queue holds and runs its work, and
 * here the two are kept in step: bounds, places and estimates, cancelling, draining. Knows tickets and durations, no
 * request, chat or device. Its clock only measures: set by the caller, and best one that never jumps.
 */
import type { Admission, QueueLimits, QueuePlace, Ticket } from '../core/admission.ts';
import { CancelledError, UserError } from '../core/errors.ts';
import type { JobId } from '../core/job.ts';
import type { ServerKey } from '../core/people.ts';
import { FairOrder, type FairPolicy } from './fair-order.ts';
import { PaceMeter } from './pace-meter.ts';
import { ServerQueue } from './server-queue.ts';

export type FairAdmissionOptions = {
  /** Jobs that run at once: what the devices can interleave or batch together. */
  readonly slots: number;
  readonly policy?: Partial<FairPolicy>;
  /** Milliseconds; monotonic. */
  readonly now?: () => number;
  /** At most one call of the change listeners in so long. */
  readonly changeMs?: number;
  readonly onBegin?: (ticket: Ticket, waitedMs: number) => void;
  readonly onEnd?: (ticket: Ticket, ranMs: number) => void;
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

type ServerState = { readonly queue: ServerQueue; readonly entries: Set<Entry> };

/** Between sweeps of what the order remembers of the past. */
const SWEEP_EVERY = 1000;

export class FairAdmission implements Admission {
  readonly #options: FairAdmissionOptions;
  readonly #now: () => number;
  readonly #order: FairOrder;
  readonly #pace = new PaceMeter();
  readonly #entries = new Map<JobId, Entry>();
  readonly #servers = new Map<ServerKey, ServerState>();
  readonly #listeners = new Set<() => void>();
  readonly #idle: (() => void)[] = [];
  #changeTimer: ReturnType<typeof setTimeout> | undefined;
  /** Dropped by every change. */
  #forecast: ReadonlyMap<JobId, QueuePlace> | undefined;
  #running = 0;
  #added = 0;
  #isDraining = false;

  constructor(options: FairAdmissionOptions) {
    if (!(options.slots >= 1)) {
      throw new RangeError(`expected at least 1 slot, got ${options.slots}`);
    }
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#order = new FairOrder(options.policy);
  }

  async add(
    ticket: Ticket,
    limits: QueueLimits,
    run: (signal: AbortSignal) => Promise<void>,
    { isResumed = false }: { readonly isResumed?: boolean } = {},
  ): Promise<void> {
    if (this.#entries.has(ticket.id)) {
      throw new Error(`expected a job that is not in the queue yet, got ${ticket.id} again`);
    }
    const replaced = ticket.priority === 'live' ? this.#olderLive(ticket) : [];
    if (!isResumed) {
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
    const server = this.#serverOf(ticket.server);
    server.entries.add(entry);
    this.#entries.set(ticket.id, entry);
    this.#order.add(ticket, entry.addedAtMs);
    const ended = server.queue.add(ticket.id, () => this.#run(entry, run), entry.waiting.signal);
    if (++this.#added % SWEEP_EVERY === 0) {
      this.#order.sweep(entry.addedAtMs);
    }
    this.#fill();
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
    this.#order.remove(id);
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
    const queue = this.#servers.get(server)?.queue;
    return { waiting: queue?.waiting ?? 0, running: queue?.running ?? 0 };
  }

  /**
   * What waits is neither begun nor refused and its promise stays open: the process that drains is about to end, and
   * the next one takes the saved jobs up.
   */
  async drain(limitMs: number): Promise<void> {
    this.#isDraining = true;
    if (this.#running === 0) {
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs);
      this.#idle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async #run(entry: Entry, run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const begunAtMs = entry.begunAtMs ?? this.#now();
    try {
      await run(entry.running.signal);
      this.#pace.measure(entry.ticket.costMs, this.#now() - begunAtMs);
    } finally {
      this.#running--;
      this.#forget(entry);
      this.#options.onEnd?.(entry.ticket, this.#now() - begunAtMs);
      if (this.#running === 0) {
        this.#idle.splice(0).forEach((wake) => wake());
      }
      this.#fill();
    }
  }

  /** Begins whose turn it is while there are free slots. */
  #fill(): void {
    while (this.#running < this.#options.slots && !this.#isDraining) {
      const nowMs = this.#now();
      const ticket = this.#order.take(nowMs);
      const entry = ticket === undefined ? undefined : this.#entries.get(ticket.id);
      if (entry === undefined) {
        return;
      }
      entry.begunAtMs = nowMs;
      this.#running++;
      this.#options.onBegin?.(entry.ticket, nowMs - entry.addedAtMs);
      this.#serverOf(entry.ticket.server).queue.begin(entry.ticket.id);
    }
  }

  #refuseBeyond(limits: QueueLimits, ticket: Ticket, replaced: readonly Entry[]): void {
    const entries = [...(this.#servers.get(ticket.server)?.entries ?? [])].filter((entry) => !replaced.includes(entry));
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

  #olderLive(ticket: Ticket): readonly Entry[] {
    return [...(this.#servers.get(ticket.server)?.entries ?? [])].filter(
      (entry) => entry.ticket.priority === 'live' && entry.ticket.user === ticket.user,
    );
  }

  #serverOf(key: ServerKey): ServerState {
    const server = this.#servers.get(key) ?? { queue: new ServerQueue(), entries: new Set() };
    this.#servers.set(key, server);
    return server;
  }

  #forget(entry: Entry): void {
    const { id, server: key } = entry.ticket;
    const server = this.#servers.get(key);
    this.#entries.delete(id);
    server?.entries.delete(entry);
    if (server?.entries.size === 0) {
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
