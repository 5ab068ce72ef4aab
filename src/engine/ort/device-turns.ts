/**
 * Whose call a device makes next, one at a time: a step of the pictures that are being drawn goes before whatever else waits,
 * and at most one other call (a prompt, a decoding) between two steps, so that many who come at once stall nobody who is
 * being drawn. Knows no session.
 */
export type Turn = 'step' | 'other';

type Waiting = { readonly turn: Turn; readonly begin: () => void };

export class DeviceTurns {
  readonly #waiting: Waiting[] = [];
  #isTaken = false;

  /** In its turn; what the call throws is thrown. */
  async take<Result>(turn: Turn, call: () => Promise<Result>): Promise<Result> {
    if (this.#isTaken) {
      await new Promise<void>((begin) => this.#waiting.push({ turn, begin }));
    }
    this.#isTaken = true;
    try {
      return await call();
    } finally {
      this.#next();
    }
  }

  /** The device passes on without a moment when it is nobody's: who asks meanwhile waits. */
  #next(): void {
    const step = this.#waiting.findIndex(({ turn }) => turn === 'step');
    const [next] = this.#waiting.splice(Math.max(0, step), 1);
    if (next === undefined) {
      this.#isTaken = false;
    } else {
      next.begin();
    }
  }
}
