/**
 * One job in this process, from the line to its answer: drawn, tried again where the device failed, ended, answered.
 * Its state is one of `RunState`; what is saved of the job says enough to run it again after a crash.
 */
import { deferred } from '../../core/deferred.ts';
import { serverForLog } from '../../core/people.ts';
import { CancelledError, StoppedError, UserError } from '../../core/errors.ts';
import type { Job, JobState } from '../../core/job.ts';
import type { UserKey } from '../../core/people.ts';
import type { BotPorts, JobOutcome } from '../ports.ts';
import { progressMessage } from '../present/answer.ts';
import { refusal } from '../refusal.ts';
import { errorText, localeOf } from '../texts/index.ts';
import type { Answers } from './answers.ts';
import type { Drawn, ExecuteJob } from './execute-job.ts';
import { Progress, type ProgressView } from './progress.ts';

/** A device may fail a job so often. */
export const MAX_ATTEMPTS = 3;

type Outcome =
  | { readonly kind: 'done'; readonly drawn: Drawn }
  | { readonly kind: 'failed'; readonly error: UserError }
  | { readonly kind: 'cancelled'; readonly by: UserKey }
  /** This process is stopping: the job stays as it is and runs again. */
  | { readonly kind: 'stopped' };

type RunState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'drawing' }
  /** Its signal has fired; the device lets go at the next step. */
  | { readonly kind: 'cancelling'; readonly by: UserKey }
  | { readonly kind: 'ended'; readonly outcome: Outcome };

type RunPorts = Pick<BotPorts, 'stores' | 'chatOf' | 'clock' | 'log' | 'onEnd'> & {
  readonly answers: Answers;
  readonly execute: ExecuteJob;
  /** Gives back what the job was charged. */
  readonly refund: (job: Job) => Promise<void>;
};

export class JobRun {
  readonly #ports: RunPorts;
  readonly #progress: Progress;
  #job: Job;
  #state: RunState = { kind: 'waiting' };
  readonly #over = deferred();
  readonly #left = deferred<never>();

  constructor(ports: RunPorts, job: Job, receivedAtMs: number) {
    this.#ports = ports;
    this.#job = job;
    this.#progress = new Progress({ clock: ports.clock, receivedAtMs, show: async (view) => this.#show(view) });
    this.#left.promise.catch(() => undefined);
  }

  get job(): Job {
    return this.#job;
  }

  get state(): RunState['kind'] {
    return this.#state.kind;
  }

  /** Resolves when the conversation has ended, or is left for the next start. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Rejects with `StoppedError` once this process is ending and waits no longer. */
  get left(): Promise<never> {
    return this.#left.promise;
  }

  leave(): void {
    this.#left.reject(new StoppedError());
  }

  /** The admission has taken it out, or will make the device let go. */
  cancelled(by: UserKey): void {
    this.#state = { kind: 'cancelling', by };
  }

  /** It will not be drawn. */
  fail(error: UserError): void {
    this.#state = { kind: 'ended', outcome: { kind: 'failed', error } };
  }

  /** It left the line before its turn: cancelled by somebody, or by the end of this process. */
  leftLine(): void {
    if (this.#state.kind !== 'ended') {
      this.#state = { kind: 'ended', outcome: this.#interrupted() };
    }
  }

  offerPlace(place: { readonly ahead: number; readonly estimateMs: number }): void {
    if (this.#state.kind === 'waiting') {
      this.#progress.offer({ kind: 'waiting', ...place });
    }
  }

  /** In its turn, on the device. Never throws but for a mistake of ours. */
  async draw(signal: AbortSignal): Promise<void> {
    const { execute, clock, log } = this.#ports;
    if (this.#state.kind === 'waiting') {
      this.#state = { kind: 'drawing' };
    }
    for (;;) {
      const attempts = this.#job.attempts + 1;
      await this.#save({ ...this.#job, attempts, state: { kind: 'running', startedAtMs: clock.now() } });
      try {
        const drawn = await execute(this.#job, signal, (view) => this.#progress.offer(view));
        this.#state = { kind: 'ended', outcome: { kind: 'done', drawn } };
        return;
      } catch (error) {
        const outcome = this.#outcomeOf(error, signal);
        if (outcome === undefined) {
          log.warn({ job: this.#job.id, attempts, err: error }, 'the device failed; drawing again');
          this.#progress.offer({ kind: 'again' });
          continue;
        }
        this.#state = { kind: 'ended', outcome };
        if (outcome.kind === 'stopped') {
          await this.#save({ ...this.#job, attempts: attempts - 1, state: { kind: 'queued' } });
        }
        return;
      }
    }
  }

  /** Nothing of it is shown any more, and nothing was answered: it was refused. */
  async drop(): Promise<void> {
    this.#over.resolve();
    await this.#progress.close();
  }

  /** Saves how it ended and answers; `onSaved` is called once nothing of it runs any more. */
  async end(onSaved: () => void): Promise<void> {
    const { answers, onEnd, refund } = this.#ports;
    await this.#progress.close();
    const outcome = this.#state.kind === 'ended' ? this.#state.outcome : undefined;
    if (outcome === undefined || outcome.kind === 'stopped') {
      onSaved();
      this.#over.resolve();
      return;
    }
    await this.#save({ ...this.#job, state: this.#stateOf(outcome) });
    onSaved();
    this.#log(outcome.kind);
    onEnd(outcome.kind);
    const fresh = outcome.kind === 'done' ? { raw: outcome.drawn.raw, notices: outcome.drawn.notices } : undefined;
    await answers.answer(this.#job, fresh);
    if (outcome.kind !== 'done') {
      await refund(this.#job);
    }
    this.#over.resolve();
  }

  #interrupted(): Outcome {
    return this.#state.kind === 'cancelling' ? { kind: 'cancelled', by: this.#state.by } : { kind: 'stopped' };
  }

  /** Undefined: try again. */
  #outcomeOf(error: unknown, signal: AbortSignal): Outcome | undefined {
    if (error instanceof StoppedError) {
      return { kind: 'stopped' };
    }
    if (error instanceof CancelledError || signal.aborted) {
      return this.#interrupted();
    }
    if (error instanceof UserError) {
      return { kind: 'failed', error };
    }
    const { id, attempts } = this.#job;
    if (attempts < MAX_ATTEMPTS) {
      return undefined;
    }
    this.#ports.log.error({ job: id, err: error }, 'the device failed for the last time');
    return { kind: 'failed', error: refusal('job.attempts', { attempts }) };
  }

  #stateOf(outcome: Exclude<Outcome, { kind: 'stopped' }>): JobState {
    const ended = { endedAtMs: this.#ports.clock.now(), isAnswered: false };
    switch (outcome.kind) {
      case 'done':
        return { kind: 'done', ...ended, drawMs: outcome.drawn.drawMs, pictures: outcome.drawn.pictures };
      case 'failed': {
        const { error } = outcome;
        return { kind: 'failed', ...ended, code: error.code, sentence: errorText(localeOf(this.#job.locale), error) };
      }
      case 'cancelled':
        return { kind: 'cancelled', ...ended, by: outcome.by };
      default:
        return outcome satisfies never;
    }
  }

  /** Saves the job on its way. Where that fails the job goes on: what was saved before still says enough. */
  async #save(job: Job): Promise<void> {
    this.#job = job;
    try {
      await this.#ports.stores.jobs.save(job);
    } catch (error) {
      this.#ports.log.error({ job: job.id, state: job.state.kind, err: error }, 'the job could not be kept');
    }
  }

  async #show(view: ProgressView): Promise<void> {
    const { chatOf, log } = this.#ports;
    const job = this.#job;
    try {
      const message = await progressMessage(job, localeOf(job.locale), view);
      const options = { mode: 'edit', key: `${job.id}:${view.kind}`, isFinal: false } as const;
      const address = await chatOf(job.address.platform)?.deliver(job.address, message, options);
      if (address !== undefined && JSON.stringify(address) !== JSON.stringify(job.address)) {
        await this.#save({ ...this.#job, address });
      }
    } catch (error) {
      log.debug({ job: job.id, err: error }, 'a progress edit was dropped');
    }
  }

  #log(outcome: JobOutcome): void {
    const { log, clock } = this.#ports;
    const { id, server, attempts, work, createdAtMs } = this.#job;
    const ms = clock.now() - createdAtMs;
    log.info({ job: id, server: serverForLog(server), kind: work.kind, outcome, attempts, ms }, 'job ended');
  }
}
