/**
 * One edit of a message at a time, in the order of asking, so that nothing older lands on top of what is newer. Of edits
 * that only show progress the newest waits and the others are dropped; a final one stops the progress on its way.
 */
import { asError } from '../../core/errors.ts';
import { Condition } from '../../core/condition.ts';

type Edit = {
  readonly run: () => Promise<void>;
  /** Progress only: gives it up while it waits. */
  readonly drop: (() => void) | undefined;
  /** Progress only: tells it, while it runs, that something final waits. */
  readonly overtaken: AbortController | undefined;
};

type Queue = { current: Edit; waiting: Edit[] };

export class EditLock {
  readonly #queues = new Map<string, Queue>();
  readonly #idle = new Condition();

  /** What the edit gives; undefined where it was dropped or overtaken. Throws what the edit throws. */
  progress<Result>(message: string, edit: (overtaken: AbortSignal) => Promise<Result>): Promise<Result | undefined> {
    const overtaken = new AbortController();
    return new Promise((resolve, reject) => {
      this.#enter(message, {
        run: async () =>
          edit(overtaken.signal).then(resolve, (error: unknown) => {
            if (overtaken.signal.aborted) {
              resolve(undefined);
            } else {
              reject(asError(error));
            }
          }),
        drop: () => resolve(undefined),
        overtaken,
      });
    });
  }

  /** What the edit gives, after whatever is on its way to the message. Throws what the edit throws. */
  final<Result>(message: string, edit: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#queues.get(message)?.current.overtaken?.abort();
      this.#enter(message, { run: async () => edit().then(resolve, reject), drop: undefined, overtaken: undefined });
    });
  }

  /** Resolves when nothing is being edited. */
  async idle(): Promise<void> {
    if (this.#queues.size > 0) {
      await this.#idle.wait();
    }
  }

  #enter(message: string, edit: Edit): void {
    const queue = this.#queues.get(message);
    if (queue === undefined) {
      const opened = { current: edit, waiting: [] };
      this.#queues.set(message, opened);
      void this.#work(message, opened);
      return;
    }
    for (const superseded of queue.waiting) {
      superseded.drop?.();
    }
    queue.waiting = [...queue.waiting.filter((each) => each.drop === undefined), edit];
  }

  async #work(message: string, queue: Queue): Promise<void> {
    for (let edit: Edit | undefined = queue.current; edit !== undefined; edit = queue.waiting.shift()) {
      queue.current = edit;
      await edit.run();
    }
    this.#queues.delete(message);
    if (this.#queues.size === 0) {
      this.#idle.notify();
    }
  }
}
