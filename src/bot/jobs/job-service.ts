/**
 * Jobs as the rest of the bot has them: submit, cancel, resume, close. Whatever happens in between, what is saved says
 * enough to go on from there, and the conversation ends: done, failed or cancelled.
 */
import type { Admission, QueueLimits, Ticket } from '../../core/admission.ts';
import { CancelledError, StoppedError, UserError } from '../../core/errors.ts';
import type { Job, JobId } from '../../core/job.ts';
import type { UserKey } from '../../core/people.ts';
import type { ServerSettings } from '../../store/index.ts';
import type { BotPorts } from '../ports.ts';
import { refusal } from '../refusal.ts';
import { within } from '../timing.ts';
import { Answers } from './answers.ts';
import { chargedQuota, chargeOf, quotaOf, takeCharge } from './charges.ts';
import { type Drawn, executor, type ExecuteJob, type TransientWork } from './execute-job.ts';
import { watchForgotten } from './forgotten-elsewhere.ts';
import { JobRun, MAX_ATTEMPTS } from './job-run.ts';
import { Pace } from './pace.ts';
import { drawInTurn } from './transient-work.ts';

/** At the end, what was drawn is still answered, and what is on its way arrives, within this time. */
const ANSWER_MS = 5000;

export type SubmitOptions = {
  readonly settings: ServerSettings;
  readonly priority: Ticket['priority'];
  readonly receivedAtMs: number;
  /** A longer wait for its turn is refused at once. */
  readonly answerWithinMs?: number | undefined;
};

/** `limits` undefined: from before a restart, and never refused. */
type Admitted = Pick<SubmitOptions, 'priority' | 'receivedAtMs' | 'answerWithinMs'> & {
  readonly limits: QueueLimits | undefined;
};

export class JobService {
  readonly answers: Answers;
  readonly #ports: BotPorts;
  readonly #pace = new Pace();
  readonly #execute: ExecuteJob;
  readonly #runs = new Map<JobId, JobRun>();
  /** About to be saved: two presses at one time may name the same job. */
  readonly #claimed = new Set<JobId>();
  /** Ends the wait for what is drawn without a job. */
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;
  readonly #endWatch: () => void;

  /** `check` is asked before every drawing, and throws `UserError` for what may not be drawn. */
  constructor(ports: BotPorts, check: (work: TransientWork) => Promise<void>) {
    this.#ports = ports;
    this.#execute = executor({ ...ports, files: ports.stores.files, pace: this.#pace, check });
    this.answers = new Answers(ports);
    this.#unsubscribe = ports.admission.onChange(() => {
      for (const run of this.#runs.values()) {
        offerPlace(ports.admission, run);
      }
    });
    this.#endWatch = watchForgotten(ports, this);
  }

  /**
   * Saves the job and sees it to its end; resolves when it is answered. Throws `UserError` where it is refused (quota,
   * full queue, full disk): nothing of it remains then; `job.unfinished` where that job is here already.
   */
  async submit(job: Job, options: SubmitOptions): Promise<void> {
    if (this.#claimed.has(job.id) || this.#runs.has(job.id)) {
      throw refusal('job.unfinished');
    }
    this.#claimed.add(job.id);
    try {
      await this.#submit(job, options);
    } catch (error) {
      if (error instanceof UserError) {
        this.#ports.onEnd('refused');
      }
      throw error;
    } finally {
      this.#claimed.delete(job.id);
    }
  }

  async #submit(asked: Job, { settings, priority, receivedAtMs, answerWithinMs }: SubmitOptions): Promise<void> {
    const { stores, options, clock } = this.#ports;
    const quota = quotaOf(asked.server, asked.user, settings, options);
    const charged = { user: quota.perUser !== undefined, server: quota.perServer !== undefined };
    const job: Job = charged.user || charged.server ? { ...asked, charged } : asked;
    const limits = {
      perUser: settings.perUser ?? options.queue.perUser,
      perServer: settings.perServer ?? options.queue.perServer,
    };
    await takeCharge(stores.quotas, quota, chargeOf(job), clock);
    try {
      await stores.jobs.save(job);
      await this.#admit(job, { priority, receivedAtMs, answerWithinMs, limits });
    } catch (error) {
      await stores.quotas.refund(quota, chargeOf(job), clock.now());
      throw error;
    }
  }

  /** Takes up what a stop has left; resolves when all of it is in line or answered again. */
  async resume(): Promise<void> {
    const { stores, log } = this.#ports;
    const open = await stores.jobs.open();
    const left = open.filter(({ id }) => !this.#runs.has(id) && !this.#claimed.has(id));
    for (const job of left) {
      void this.#resume(job).catch((error: unknown) => {
        log.error({ job: job.id, err: error }, 'the job could not be taken up');
      });
    }
    if (left.length > 0) {
      log.info({ jobs: left.length }, 'took up what was left');
    }
  }

  /** True: its conversation will end as cancelled. False: it is over, or not here. */
  cancel(id: JobId, by: UserKey): boolean {
    const run = this.#runs.get(id);
    if (run === undefined || run.state === 'ended' || !this.#ports.admission.cancel(id)) {
      return false;
    }
    run.cancelled(by);
    return true;
  }

  /** Resolves when a job that is here has ended and been answered. */
  async ended(id: JobId): Promise<void> {
    await this.#runs.get(id)?.over;
  }

  /** Jobs that wait or are drawn here, oldest first. */
  get unfinished(): readonly Job[] {
    return [...this.#runs.values()].map(({ job }) => job);
  }

  /** Draws in turn with everything else, without a saved job and an answer of its own. Throws what the device throws. */
  async drawWithoutJob(work: TransientWork): Promise<Drawn> {
    const { admission, random, options } = this.#ports;
    return await drawInTurn(work, {
      admission,
      random,
      limits: options.queue,
      costMs: this.#pace.costMs(work.work),
      execute: this.#execute,
      closing: this.#closing.signal,
    });
  }

  /** Nothing new is drawn; resolves when what is being answered or shown has been and is saved, or the limit has passed. */
  async close(limitMs: number): Promise<void> {
    const { admission, clock } = this.#ports;
    await admission.drain(limitMs);
    this.#unsubscribe();
    this.#endWatch();
    const runs = [...this.#runs.values()];
    // What is not drawn is left as it is: its job is saved, with the message that a view on its way may still make.
    // What was drawn is answered now.
    runs.filter(({ state }) => state !== 'ended').forEach((run) => run.leave());
    await within(clock, ANSWER_MS, Promise.all(runs.map(async ({ over }) => await over)));
    this.#closing.abort();
    this.answers.close();
  }

  async #resume(job: Job): Promise<void> {
    const { clock } = this.#ports;
    const isLost = job.state.kind === 'done' && (await this.answers.compose(job)) === undefined;
    const isUnfinished = job.state.kind === 'queued' || job.state.kind === 'running' || isLost;
    if (!isUnfinished) {
      await this.answers.answer(job);
      return;
    }
    const again: Job = { ...job, state: { kind: 'queued' } };
    if (job.attempts >= MAX_ATTEMPTS && !isLost) {
      const run = this.#begin(again, clock.now());
      run.fail(refusal('job.attempts', { attempts: job.attempts }));
      await this.#end(run);
      return;
    }
    await this.#admit(again, { priority: 'job', receivedAtMs: clock.now(), limits: undefined });
  }

  async #admit(
    job: Job,
    { priority, receivedAtMs, answerWithinMs = Number.POSITIVE_INFINITY, limits }: Admitted,
  ): Promise<void> {
    const { admission, stores } = this.#ports;
    const run = this.#begin(job, receivedAtMs);
    const { id, server, user } = job;
    const ticket = { id, server, user, costMs: this.#pace.costMs(job.work), priority };
    try {
      const ended = admission.add(ticket, limits, async (signal) => run.draw(signal));
      const waitMs = admission.place(id)?.estimateMs ?? 0;
      if (waitMs > answerWithinMs) {
        ended.catch(() => undefined);
        admission.cancel(id);
        throw refusal('queue.too-long', { minutes: Math.ceil(waitMs / 60_000) });
      }
      offerPlace(admission, run);
      await Promise.race([ended, run.left]);
    } catch (error) {
      if (!(error instanceof CancelledError || error instanceof StoppedError)) {
        this.#runs.delete(id);
        await run.drop();
        await stores.jobs.delete(job);
        throw error;
      }
      run.leftLine();
    }
    await this.#end(run);
  }

  #begin(job: Job, receivedAtMs: number): JobRun {
    const { answers } = this;
    const refund = async (ended: Job): Promise<void> => this.#refund(ended);
    const run = new JobRun({ ...this.#ports, answers, execute: this.#execute, refund }, job, receivedAtMs);
    this.#runs.set(job.id, run);
    return run;
  }

  async #end(run: JobRun): Promise<void> {
    await run.end(() => this.#runs.delete(run.job.id));
  }

  async #refund(job: Job): Promise<void> {
    const { stores, options, clock } = this.#ports;
    const settings = await stores.settings.of(job.server);
    await stores.quotas.refund(chargedQuota(job, settings, options), chargeOf(job), clock.now());
  }
}

function offerPlace(admission: Admission, run: JobRun): void {
  const place = admission.place(run.job.id);
  if (place !== undefined) {
    run.offerPlace(place);
  }
}
