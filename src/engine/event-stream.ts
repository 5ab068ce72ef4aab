/**
 * Events from whoever has them to the one who reads them, in order, without either waiting for the other.
 *
 * Holds what has not been read yet: its writer must be bounded (here: the pictures of one request). Ends with `end` or
 * `fail`; what comes after is dropped. Knows nothing of what it carries.
 */

export class EventStream<T> {
  readonly #waiting: T[] = [];
  #state:
    | { readonly kind: 'open' }
    | { readonly kind: 'ended' }
    | { readonly kind: 'failed'; readonly error: unknown } = {
    kind: 'open',
  };
  #wake: (() => void) | undefined;

  get isOpen(): boolean {
    return this.#state.kind === 'open';
  }

  push(event: T): void {
    if (this.isOpen) {
      this.#waiting.push(event);
      this.#wake?.();
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
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
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

  #close(state: { readonly kind: 'ended' } | { readonly kind: 'failed'; readonly error: unknown }): void {
    if (this.isOpen) {
      this.#state = state;
      this.#wake?.();
    }
  }
}
