/**
 * Events from one who pushes to one who iterates, in order, with an end or an error after the last. Passes each event
 * once, however often it is pushed: a work that is run again repeats itself, and its consumer must not notice.
 */
import { EventStream } from '../core/event-stream.ts';
import type { WorkEvent } from '../core/work.ts';

export class EventChannel {
  readonly #events = new EventStream<WorkEvent>();
  readonly #seen = new Set<string>();

  get hasEnded(): boolean {
    return !this.#events.isOpen;
  }

  /** Ignored when it has been pushed before, or after the end. */
  push(event: WorkEvent): void {
    const key = keyOf(event);
    if (!this.#seen.has(key)) {
      this.#seen.add(key);
      this.#events.push(event);
    }
  }

  /** What was pushed before is still delivered; the first ending counts. */
  end(error?: Error): void {
    if (error === undefined) {
      this.#events.end();
    } else {
      this.#events.fail(error);
    }
  }

  /** For one consumer. Throws what `end` was given. */
  drain(): AsyncGenerator<WorkEvent, void> {
    return this.#events.read();
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
