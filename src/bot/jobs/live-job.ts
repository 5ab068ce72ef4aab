/** A job of this process between being admitted and being answered: what is known of it besides what is kept. */
import { StoppedError, type UserError } from '../../core/errors.ts';
import type { Job } from '../../core/job.ts';
import type { UserKey } from '../../core/people.ts';
import type { Drawn } from './drawing.ts';
import type { Progress } from './progress.ts';

export type Outcome =
  | { readonly kind: 'done'; readonly drawn: Drawn }
  | { readonly kind: 'failed'; readonly error: UserError }
  | { readonly kind: 'cancelled' }
  /** This process is stopping: the job stays as it is and runs again. */
  | { readonly kind: 'stopped' };

export class LiveJob {
  job: Job;
  readonly progress: Progress;
  isBegun = false;
  isCancelled = false;
  cancelledBy: UserKey | undefined;
  outcome: Outcome | undefined;
  /** Resolves when the conversation has ended, or is left for the next start. */
  readonly ended: Promise<void>;
  /** Rejects with `StoppedError` once this process is ending and waits no longer. */
  readonly left: Promise<never>;
  #finish: () => void = () => undefined;
  #leave: (reason: Error) => void = () => undefined;

  constructor(job: Job, progressOf: (life: LiveJob) => Progress) {
    this.job = job;
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.left = new Promise((_resolve, reject) => {
      this.#leave = reject;
    });
    this.left.catch(() => undefined);
    this.progress = progressOf(this);
  }

  finish(): void {
    this.#finish();
  }

  leave(): void {
    this.#leave(new StoppedError());
  }
}
