/**
 * The two families of failure.
 *
 * A `UserError` is somebody's to mend: its sentence says what was expected, what came and what to do, and is shown as
 * written (or, in a chat, in the reader's language by its code and params). Anything else that is thrown is ours to
 * mend: it is logged under an id and the reader sees a calm sentence with that id.
 *
 * This file knows no language but the default English sentence, no platform and no log.
 */

/** Values a sentence is built from; plain so that an error can cross a process boundary. */
export type ErrorParams = Readonly<Record<string, string | number | boolean>>;

export type UserErrorOptions = {
  /** What the sentence is built from; texts in other languages use the same names. */
  readonly params?: ErrorParams;
  /** Set when trying again later can succeed: after this many milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
};

/** An error to be shown as written: expected, came, to do. `code` is dotted and stable: `request.steps`, `lora.base`. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: string;
  readonly params: ErrorParams;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, sentence: string, options: UserErrorOptions = {}) {
    super(sentence, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.params = options.params ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Thrown where work stops because its `AbortSignal` fired: neither a mistake nor a bug. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';

  constructor(message = 'cancelled') {
    super(message);
  }
}

/**
 * Thrown where work stops because this process (or its device) is shutting down: the work is neither done nor failed,
 * stays saved as it is, and runs again at the next start.
 */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor(message = 'stopped before it ended') {
    super(message);
  }
}

/** Throws `CancelledError` where the work was given up, `StoppedError` where this process ends. */
export function throwIfOver(cancelled: AbortSignal, stopped: AbortSignal): void {
  if (cancelled.aborted) {
    throw new CancelledError();
  }
  if (stopped.aborted) {
    throw new StoppedError();
  }
}

/** Whatever was thrown, as an `Error`. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
