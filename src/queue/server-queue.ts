/**
 * One server's own queue: a p-queue in which work waits until it is told to begin. Which one begins, and when, is the
 * shared order's business; here each piece of work waits, begins once, and is counted until it has really ended (a
 * cancelled one too: p-queue would free its place while the device is still busy with it, so only waiting work is
 * given a signal).
 */
import PQueue, { type Queue, type QueueAddOptions } from 'p-queue';

type Run = () => Promise<unknown>;

export class ServerQueue {
  readonly #turn: Turn = { id: '' };
  readonly #queue: PQueue<Turns>;

  constructor() {
    const turn = this.#turn;
    const queueClass = class extends Turns {
      constructor() {
        super(turn);
      }
    };
    this.#queue = new PQueue<Turns>({ concurrency: 1, autoStart: false, queueClass });
  }

  get waiting(): number {
    return this.#queue.size;
  }

  get running(): number {
    return this.#queue.pending;
  }

  /** Settles as `run` does, or rejects with the signal's reason when it fires before the work was told to begin. */
  async add(id: string, run: () => Promise<void>, waiting: AbortSignal): Promise<void> {
    await this.#queue.add(run, { id, signal: waiting });
  }

  /** Begins this one, whatever stands before it. */
  begin(id: string): void {
    this.#turn.id = id;
    // p-queue fills up to its concurrency when it is started: this lets exactly one more through.
    this.#queue.concurrency = this.#queue.pending + 1;
    this.#queue.start();
    this.#queue.pause();
  }
}

/** Whose turn it is. */
type Turn = { id: string };

/** p-queue's store of waiting work, which hands out the one whose turn it is. */
class Turns implements Queue<Run, QueueAddOptions> {
  readonly #runs = new Map<string, Run>();
  readonly #turn: Turn;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  get size(): number {
    return this.#runs.size;
  }

  enqueue(run: Run, options?: Partial<QueueAddOptions>): void {
    this.#runs.set(options?.id ?? '', run);
  }

  dequeue(): Run | undefined {
    const run = this.#runs.get(this.#turn.id);
    this.#runs.delete(this.#turn.id);
    return run;
  }

  remove(id: string): void {
    this.#runs.delete(id);
  }

  filter(): Run[] {
    return [...this.#runs.values()];
  }

  /** Priorities are the shared order's. */
  setPriority(): void {}
}
