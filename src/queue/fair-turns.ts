/**
 * The fair order as p-queue's store of waiting work: p-queue asks for the next piece whenever a slot is free, and gets
 * the one whose turn it is. Knows no slot and no bound.
 */
import type { Queue, QueueAddOptions } from 'p-queue';
import type { Ticket } from '../core/admission.ts';
import type { FairOrder } from './fair-order.ts';

type Run = () => Promise<unknown>;
export type TurnOptions = QueueAddOptions & { readonly ticket?: Ticket };

/** Between sweeps of what the order remembers of the past. */
const SWEEP_EVERY = 1000;

export class FairTurns implements Queue<Run, TurnOptions> {
  readonly #order: FairOrder;
  readonly #now: () => number;
  readonly #runs = new Map<string, Run>();
  #added = 0;

  constructor(order: FairOrder, now: () => number) {
    this.#order = order;
    this.#now = now;
  }

  get size(): number {
    return this.#runs.size;
  }

  enqueue(run: Run, options?: Partial<TurnOptions>): void {
    const ticket = options?.ticket;
    if (ticket === undefined) {
      throw new Error('expected work with its ticket');
    }
    this.#runs.set(ticket.id, run);
    this.#order.add(ticket, this.#now());
    if (++this.#added % SWEEP_EVERY === 0) {
      this.#order.sweep(this.#now());
    }
  }

  dequeue(): Run | undefined {
    const id = this.#order.take(this.#now())?.id ?? '';
    const run = this.#runs.get(id);
    this.#runs.delete(id);
    return run;
  }

  remove(id: string): void {
    this.#runs.delete(id);
    this.#order.remove(id);
  }

  filter(): Run[] {
    return [...this.#runs.values()];
  }

  /** Priorities are the order's. */
  setPriority(): void {}
}
