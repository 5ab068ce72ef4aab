/**
 * One delivery at a time to a message, in the order of asking; of those that may be dropped only the newest waits, and
 * none once something final has been asked for.
 */

type Task = { readonly run: () => Promise<void>; readonly drop: (() => void) | undefined };
type Lane = { waiting: Task[] };

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #emptied = new Set<() => void>();

  /** The task's own result; undefined when it was dropped. Throws what the task throws. */
  async run<T>(key: string, isDroppable: boolean, task: () => Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.#enter(key, {
        run: async () => task().then(resolve, reject),
        drop: isDroppable ? () => resolve(undefined) : undefined,
      });
    });
  }

  /** Resolves when nothing is being delivered. */
  async empty(): Promise<void> {
    if (this.#lanes.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied.add(resolve);
      });
    }
  }

  #enter(key: string, task: Task): void {
    const lane = this.#lanes.get(key);
    if (lane === undefined) {
      this.#lanes.set(key, { waiting: [] });
      void this.#work(key, task);
      return;
    }
    for (const superseded of lane.waiting) {
      superseded.drop?.();
    }
    lane.waiting = [...lane.waiting.filter((each) => each.drop === undefined), task];
  }

  async #work(key: string, first: Task): Promise<void> {
    for (let task: Task | undefined = first; task !== undefined; task = this.#lanes.get(key)?.waiting.shift()) {
      await task.run();
    }
    this.#lanes.delete(key);
    if (this.#lanes.size === 0) {
      for (const resolve of this.#emptied) {
        resolve();
      }
      this.#emptied.clear();
    }
  }
}
