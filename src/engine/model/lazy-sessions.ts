/**
 * The sessions of one net, each opened when it is first asked for and kept under a name. One that did not open is
 * forgotten: a device that was full may open it the next time, and nothing is left to release. Knows no net.
 */
import type { Graph } from '../onnx/index.ts';
import type { Session } from '../ort/index.ts';
import type { OpenGraph } from './session-opener.ts';

export class LazySessions {
  readonly #open: OpenGraph;
  readonly #sessions = new Map<string, Promise<Session>>();

  constructor(open: OpenGraph) {
    this.#open = open;
  }

  /** The session of that name; those who ask while it opens share it. Throws what building or opening throws. */
  get(name: string, build: () => Graph | Promise<Graph>): Promise<Session> {
    const known = this.#sessions.get(name);
    if (known !== undefined) {
      return known;
    }
    const made = build();
    const opening = made instanceof Promise ? made.then(this.#open) : this.#open(made);
    this.#sessions.set(name, opening);
    void opening.catch(() => this.#sessions.delete(name));
    return opening;
  }

  /** Frees those that are open. */
  async release(): Promise<void> {
    const openings = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    for (const opening of openings) {
      if (opening.status === 'fulfilled') {
        await opening.value.release();
      }
    }
  }
}
