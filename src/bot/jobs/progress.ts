/**
 * What a person sees while a job waits and is drawn: shown only when it says something new, never more often than
 * allowed, and not at all where the answer comes at once.
 */
import type { Clock } from '../ports.ts';

export type ProgressView =
  | { readonly kind: 'waiting'; readonly ahead: number; readonly estimateMs: number }
  | { readonly kind: 'again' }
  | { readonly kind: 'preparing' }
  | {
      readonly kind: 'drawing';
      readonly step: number;
      readonly steps: number;
      readonly preview: PreviewSource | undefined;
    };

/** Composed and encoded only when it is really shown. */
export type PreviewSource = () => Promise<{
  readonly data: Uint8Array;
  readonly contentType: string;
  readonly ending: string;
}>;

/** An answer that comes within this time is the first thing seen. */
export const QUIET_MS = 1500;
const WAITING_GAP_MS = 2500;
const DRAWING_GAP_MS = 3000;

type ProgressOptions = {
  readonly clock: Clock;
  readonly receivedAtMs: number;
  /** Must not throw. */
  readonly show: (view: ProgressView) => Promise<void>;
};

export class Progress {
  readonly #clock: Clock;
  readonly #show: (view: ProgressView) => Promise<void>;
  #notBeforeMs: number;
  #shown = '';
  #pending: ProgressView | undefined;
  #underWay: Promise<void> | undefined;
  #disarm: (() => void) | undefined;
  #isClosed = false;

  constructor({ clock, receivedAtMs, show }: ProgressOptions) {
    this.#clock = clock;
    this.#show = show;
    this.#notBeforeMs = receivedAtMs + QUIET_MS;
  }

  /** The newest view replaces one that has not been shown yet. */
  offer(view: ProgressView): void {
    if (this.#isClosed) {
      return;
    }
    // A long wait is said at once: nothing that is shown now flickers away.
    if (view.kind === 'waiting' && this.#shown === '' && view.estimateMs > QUIET_MS) {
      this.#notBeforeMs = Math.min(this.#notBeforeMs, this.#clock.now());
    }
    this.#pending = keyOf(view) === this.#shown ? undefined : view;
    this.#arm();
  }

  /** Nothing is shown any more; resolves when what is under way has been. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#pending = undefined;
    this.#disarm?.();
    await this.#underWay;
  }

  #arm(): void {
    this.#disarm?.();
    this.#disarm = undefined;
    if (this.#pending === undefined || this.#underWay !== undefined) {
      return;
    }
    const waitMs = this.#notBeforeMs - this.#clock.now();
    if (waitMs <= 0) {
      this.#flush();
    } else {
      this.#disarm = this.#clock.after(waitMs, () => {
        this.#flush();
      });
    }
  }

  #flush(): void {
    const view = this.#pending;
    if (view === undefined || this.#isClosed || this.#underWay !== undefined) {
      return;
    }
    this.#pending = undefined;
    this.#shown = keyOf(view);
    this.#underWay = this.#show(view).finally(() => {
      this.#underWay = undefined;
      this.#notBeforeMs = this.#clock.now() + (view.kind === 'waiting' ? WAITING_GAP_MS : DRAWING_GAP_MS);
      this.#arm();
    });
  }
}

function keyOf(view: ProgressView): string {
  switch (view.kind) {
    case 'waiting':
      return `waiting ${view.ahead}`;
    case 'again':
    case 'preparing':
      return view.kind;
    case 'drawing':
      return `drawing ${view.step}`;
    default:
      return view satisfies never;
  }
}
