/**
 * One message, one edit at a time: a progress edit that comes while another is on its way is dropped, and a final answer
 * stops the progress edit before it and waits for it to end, so that nothing older can land on top of it.
 */
type Lane = { tail: Promise<unknown>; waiting: number; progress: AbortController | undefined };

export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  /** Runs `work` unless the lane is busy; undefined then, or when a final answer overtook it. */
  async progress<Result>(key: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result | undefined> {
    if (this.#lanes.has(key)) {
      return undefined;
    }
    const overtaken = new AbortController();
    try {
      return await this.#enter(key, overtaken, () => work(overtaken.signal));
    } catch (error) {
      if (overtaken.signal.aborted) {
        return undefined;
      }
      throw error;
    }
  }

  /** Runs `work` after whatever is on its way in the lane. */
  final<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    this.#lanes.get(key)?.progress?.abort();
    return this.#enter(key, undefined, work);
  }

  async #enter<Result>(
    key: string,
    progress: AbortController | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const lane = this.#lanes.get(key) ?? { tail: Promise.resolve(), waiting: 0, progress: undefined };
    this.#lanes.set(key, lane);
    lane.waiting += 1;
    lane.progress = progress;
    const before = lane.tail;
    const result = before.then(work);
    lane.tail = result.catch(() => undefined);
    try {
      return await result;
    } finally {
      lane.waiting -= 1;
      if (lane.waiting === 0) {
        this.#lanes.delete(key);
      }
    }
  }
}
