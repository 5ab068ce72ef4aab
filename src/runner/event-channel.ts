/**
 * Events from one who pushes to one who iterates, in order, with an end or an error after the last. Passes each event
 * once, however often it is pushed: a work that is run again repeats itself, and its consumer must not notice.
 */
import type { WorkEvent } from '../core/work.ts';

type Ending = { readonly error: Error | undefined };

export class EventChannel {
  readonly #events: WorkEvent[] = [];
  readonly #seen = new Set<string>();
  #ending: Ending | undefined;
  #wake: (() => void) | undefined;

  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** Ignored when it has been pushed before, or after the end. */
  push(event: WorkEvent): void {
    const key = keyOf(event);
    if (this.hasEnded || this.#seen.has(key)) {
      return;
    }
    this.#seen.add(key);
    this.#events.push(event);
    this.#wake?.();
  }

  /** What was pushed before is still delivered; the first ending counts. */
  end(error?: Error): void {
    this.#ending ??= { error };
    this.#wake?.();
  }

  /** For one consumer. Throws what `end` was given. */
  async *drain(): AsyncGenerator<WorkEvent> {
    for (;;) {
      for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
        yield event;
      }
      if (this.#ending !== undefined) {
        if (this.#ending.error !== undefined) {
          throw this.#ending.error;
        }
        return;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
  }
}

/** The same for every run of the same work. */
export function keyOf(event: WorkEvent): string {
  switch (event.kind) {
    case 'started':
    case 'preparing':
      return event.kind;
    case 'learning':
    case 'learnt':
      return `${event.kind} ${event.step}`;
    case 'step':
    case 'preview':
      return `${event.kind} ${event.index} ${event.step}`;
    case 'picture':
      return `${event.kind} ${event.index}`;
    case 'notice':
      return `${event.kind} ${event.code} ${JSON.stringify(event.params)}`;
    default:
      return event satisfies never;
  }
}
