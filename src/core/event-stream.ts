/**
 * Events from whoever has them to the one who reads them, in order, without either waiting for the other.
 *
 * Holds what has not been read yet: its writer must be bounded (here: the pictures of one request). Ends with `end` or
 * `fail`; what comes after is dropped. Knows nothing of what it carries.
 */
import { Condition } from './condition.ts';

type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: unknown };

export class EventStream<T> {
  readonly #waiting: T[] = [];
  readonly #changed = new Condition();
  #state: State = { kind: 'open' };

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  push(event: T): void {
    if (this.isOpen) {
      this.#waiting.push(event);
      this.#changed.notify();
    }
  }

  end(): void {
    this.#close({ kind: 'ended' });
  }

  /** The reader gets the events so far, then `error`. */
  fail(error: unknown): void {
    this.#close({ kind: 'failed', error });
  }

  /** One reader only. */
  async *read(): AsyncGenerator<T, void> {
    for (;;) {
      for (let event = this.#waiting.shift(); event !== undefined; event = this.#waiting.shift()) {
        yield event;
      }
      switch (this.#state.kind) {
        case 'open':
          await this.#changed.wait();
          break;
        case 'ended':
          return;
        case 'failed':
          throw this.#state.error;
        default:
          this.#state satisfies never;
      }
    }
  }

  #close(state: State): void {
    if (this.isOpen) {
      this.#state = state;
      this.#changed.notify();
    }
  }
}
