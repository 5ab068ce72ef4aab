/**
 * The port of the queue: whose turn it is on the shared device. Knows servers, users and cost, no request and no chat.
 */
import type { JobId } from './job.ts';
import type { ServerKey, UserKey } from './people.ts';

export type Ticket = {
  readonly id: JobId;
  readonly server: ServerKey;
  readonly user: UserKey;
  /** Expected device time; fairness is counted in it. */
  readonly costMs: number;
  /** `live`: a picture that follows typing, replaced by the next; `button`: a press; `job`: everything else. */
  readonly priority: 'live' | 'button' | 'job';
  /** Of `live` ones: where it is shown. The next of the same user there replaces it. */
  readonly canvas?: string;
};

export type QueuePlace = {
  /** Jobs that will really begin before this one in the fair order; only shrinks while waiting. */
  readonly ahead: number;
  /** Until it begins, from measured durations. */
  readonly estimateMs: number;
};

export type QueueLimits = {
  readonly perUser: number;
  readonly perServer: number;
};

export interface Admission {
  /**
   * Waits for its turn, then runs. Throws `UserError` `queue.user-full` or `queue.server-full` at once when a bound is
   * reached, `CancelledError` when cancelled before its turn; otherwise ends as `run` does. Without limits nothing is
   * refused: a job from before a restart.
   */
  add(ticket: Ticket, limits: QueueLimits | undefined, run: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Cancels one that waits or runs (its signal fires). False: it is not here. */
  cancel(id: JobId): boolean;
  /** Undefined once it has begun or where it is unknown. */
  place(id: JobId): QueuePlace | undefined;
  /** Called (coalesced) when places may have changed; returns the unsubscriber. */
  onChange(listener: () => void): () => void;
  counts(): { readonly waiting: number; readonly running: number; readonly servers: number };
  countsOf(server: ServerKey): { readonly waiting: number; readonly running: number };
  /** Nothing new begins; resolves when what runs has ended or the limit has passed (what still waits stays saved). */
  drain(limitMs: number): Promise<void>;
}
