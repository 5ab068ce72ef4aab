/**
 * The life of a job: kept, in line, drawn, ended, answered. Whatever happens in between, what is kept says enough to go
 * on from there, and the conversation ends: done, failed or cancelled.
 */
import { CancelledError, StoppedError, UserError } from '../../core/errors.ts';
import type { Job, JobId, JobState } from '../../core/job.ts';
import type { Ticket } from '../../core/admission.ts';
import type { Locale, UserKey } from '../../core/people.ts';
import type { ServerSettings } from '../../store/index.ts';
import type { BotPorts } from '../ports.ts';
import { progressMessage } from '../present/answer.ts';
import { refusal } from '../refusal.ts';
import { errorText } from '../texts/index.ts';
import { Answers } from './answers.ts';
import { chargeOf, quotaOf, takeCharge } from './charges.ts';
import { draw, type Drawn } from './drawing.ts';
import { randomId } from './ids.ts';
import { LiveJob, type Outcome } from './live-job.ts';
import { Pace } from './pace.ts';
import { Progress, type ProgressView } from './progress.ts';

/** A device may fail a job so often. */
export const MAX_ATTEMPTS = 3;
/** At the end, what was drawn is still answered, and what is on its way arrives, within this time. */
const ANSWER_MS = 5000;

export type SubmitOptions = {
  readonly settings: ServerSettings;
  readonly priority: Ticket['priority'];
  readonly receivedAtMs: number;
};

/** What is drawn without being a job. */
export type Aside = Pick<Job, 'server' | 'user' | 'work' | 'styleName' | 'typed'>;

export class JobLife {
  readonly answers: Answers;
  readonly #ports: BotPorts;
  readonly #pace = new Pace();
  readonly #lives = new Map<JobId, LiveJob>();
  /** About to be kept: two presses at one time may name the same job. */
  readonly #claimed = new Set<JobId>();
  /** Lets go of those who wait for what is drawn aside. */
  readonly #asides = new Set<() => void>();
  readonly #unsubscribe: () => void;

  constructor(ports: BotPorts) {
    this.#ports = ports;
    this.answers = new Answers(ports);
    this.#unsubscribe = ports.admission.onChange(() => {
      for (const life of this.#lives.values()) {
        this.#offerPlace(life);
      }
    });
  }

  /**
   * Keeps the job and sees it to its end; resolves when it is answered. Throws `UserError` where it is refused (quota,
   * full queue, full disk): nothing of it remains then; `job.unfinished` where that job is here already.
   */
  async submit(job: Job, options: SubmitOptions): Promise<void> {
    if (this.#claimed.has(job.id) || this.#lives.has(job.id)) {
      throw refusal('job.unfinished');
    }
    this.#claimed.add(job.id);
    try {
      await this.#submit(job, options);
    } catch (error) {
      if (error instanceof UserError) {
        this.#ports.onEnd?.('refused');
      }
      throw error;
    } finally {
      this.#claimed.delete(job.id);
    }
  }

  async #submit(job: Job, { settings, priority, receivedAtMs }: SubmitOptions): Promise<void> {
    const { stores, options, clock } = this.#ports;
    const quota = quotaOf(job.server, job.user, settings, options);
    await takeCharge(stores.quotas, quota, chargeOf(job), clock);
    try {
      await stores.jobs.save(job);
      await this.#admit(job, settings, { priority, receivedAtMs, isResumed: false });
    } catch (error) {
      await stores.quotas.refund(quota, chargeOf(job), clock.now());
      throw error;
    }
  }

  /** Takes up what a stop has left; resolves when all of it is in line or answered again. */
  async resume(): Promise<void> {
    const { stores, log } = this.#ports;
    const open = await stores.jobs.open();
    const left = open.filter(({ id }) => !this.#lives.has(id) && !this.#claimed.has(id));
    for (const job of left) {
      void this.#takeUp(job).catch((error: unknown) => {
        log.error({ job: job.id, err: error }, 'the job could not be taken up');
      });
    }
    if (left.length > 0) {
      log.info({ jobs: left.length }, 'took up what was left');
    }
  }

  /** True: its conversation will end as cancelled. False: it is over, or not here. */
  cancel(id: JobId, by: UserKey): boolean {
    const life = this.#lives.get(id);
    if (life === undefined || life.outcome !== undefined) {
      return false;
    }
    life.cancelledBy = by;
    life.isCancelled = true;
    const isHere = this.#ports.admission.cancel(id);
    life.isCancelled = isHere;
    return isHere;
  }

  /** Resolves when a job that is here has ended and been answered. */
  async ended(id: JobId): Promise<void> {
    await this.#lives.get(id)?.ended;
  }

  /** Jobs of a person that wait or are drawn, oldest first. */
  unfinishedOf(user: UserKey): readonly Job[] {
    return [...this.#lives.values()].map(({ job }) => job).filter((job) => job.user === user);
  }

  /** Draws in turn with everything else, without a kept job and an answer of its own. Throws what the device throws. */
  async drawAside(aside: Aside): Promise<Drawn> {
    const { admission, runner, stores, clock, log, options, random } = this.#ports;
    const { server, user, work } = aside;
    const id = randomId(random);
    let drawn: Drawn | undefined;
    const ended = admission.add(
      { id, server, user, costMs: this.#pace.costMs(work), priority: 'button' },
      options.queue,
      async (signal) => {
        const parts = { runner, files: stores.files, clock, log, pace: this.#pace, onProgress: () => undefined };
        drawn = await draw({ ...aside, id }, signal, parts);
      },
      { isResumed: true },
    );
    const left = new Promise<void>((resolve) => {
      this.#asides.add(resolve);
      void ended.finally(() => this.#asides.delete(resolve)).catch(() => undefined);
    });
    await Promise.race([ended, left]);
    if (drawn === undefined) {
      throw new StoppedError();
    }
    return drawn;
  }

  /** Nothing new is drawn; resolves when what is being answered or shown has been and is kept, or the limit has passed. */
  async close(limitMs: number): Promise<void> {
    const { admission, clock } = this.#ports;
    await admission.drain(limitMs);
    this.#unsubscribe();
    const lives = [...this.#lives.values()];
    // What is not drawn is left as it is: its job is kept, with the message that a view on its way may still make.
    // What was drawn is answered now.
    lives.filter(({ outcome }) => outcome === undefined).forEach((life) => life.leave());
    const ended = Promise.all(lives.map(async (life) => await life.ended));
    let disarm: () => void = () => undefined;
    const limit = new Promise<void>((resolve) => {
      disarm = clock.after(ANSWER_MS, resolve);
    });
    await Promise.race([ended, limit]);
    disarm();
    this.#asides.forEach((leave) => leave());
    this.answers.close();
  }

  async #takeUp(job: Job): Promise<void> {
    const { stores, clock } = this.#ports;
    const settings = await stores.settings.of(job.server);
    const isLost = job.state.kind === 'done' && (await this.answers.compose(job)) === undefined;
    const isUnfinished = job.state.kind === 'queued' || job.state.kind === 'running' || isLost;
    if (!isUnfinished) {
      await this.answers.answer(job);
      return;
    }
    const again: Job = { ...job, state: { kind: 'queued' } };
    const options = { priority: 'job', receivedAtMs: clock.now(), isResumed: true } as const;
    if (job.attempts >= MAX_ATTEMPTS && !isLost) {
      const life = this.#begin(again, clock.now());
      life.outcome = { kind: 'failed', error: refusal('job.attempts', { attempts: job.attempts }) };
      await this.#end(life, settings);
      return;
    }
    await this.#admit(again, settings, options);
  }

  async #admit(
    job: Job,
    settings: ServerSettings,
    options: { readonly priority: Ticket['priority']; readonly receivedAtMs: number; readonly isResumed: boolean },
  ): Promise<void> {
    const { admission, stores, options: own } = this.#ports;
    const { priority, receivedAtMs, isResumed } = options;
    const life = this.#begin(job, receivedAtMs);
    const { id, server, user } = job;
    const ticket = { id, server, user, costMs: this.#pace.costMs(job.work), priority };
    const limits = {
      perUser: settings.perUser ?? own.queue.perUser,
      perServer: settings.perServer ?? own.queue.perServer,
    };
    try {
      const ended = admission.add(ticket, limits, async (signal) => this.#draw(life, signal), { isResumed });
      this.#offerPlace(life);
      await Promise.race([ended, life.left]);
    } catch (error) {
      if (error instanceof CancelledError || error instanceof StoppedError) {
        life.outcome = life.isCancelled ? { kind: 'cancelled' } : { kind: 'stopped' };
      } else {
        this.#lives.delete(id);
        life.finish();
        await life.progress.close();
        await stores.jobs.delete(job);
        throw error;
      }
    }
    await this.#end(life, settings);
  }

  #begin(job: Job, receivedAtMs: number): LiveJob {
    const { clock } = this.#ports;
    const life = new LiveJob(
      job,
      (self) =>
        new Progress({
          clock,
          receivedAtMs,
          show: async (view) => {
            await this.#show(self, view);
          },
        }),
    );
    this.#lives.set(job.id, life);
    return life;
  }

  /** In its turn, on the device. Never throws but for a mistake of ours. */
  async #draw(life: LiveJob, signal: AbortSignal): Promise<void> {
    const { runner, stores, clock, log } = this.#ports;
    life.isBegun = true;
    while (life.outcome === undefined) {
      const attempts = life.job.attempts + 1;
      await this.#keep({ ...life.job, attempts, state: { kind: 'running', startedAtMs: clock.now() } }, life);
      try {
        const drawn = await draw(life.job, signal, {
          runner,
          files: stores.files,
          clock,
          log,
          pace: this.#pace,
          onProgress: (view) => {
            life.progress.offer(view);
          },
        });
        life.outcome = { kind: 'done', drawn };
      } catch (error) {
        life.outcome = this.#outcomeOf(error, life, signal);
        if (life.outcome?.kind === 'stopped') {
          await this.#keep({ ...life.job, attempts: attempts - 1, state: { kind: 'queued' } }, life);
        } else if (life.outcome === undefined) {
          log.warn({ job: life.job.id, attempts, err: error }, 'the device failed; drawing again');
          life.progress.offer({ kind: 'again' });
        }
      }
    }
  }

  /** Undefined: try again. */
  #outcomeOf(error: unknown, life: LiveJob, signal: AbortSignal): Outcome | undefined {
    if (error instanceof StoppedError) {
      return { kind: 'stopped' };
    }
    if (error instanceof CancelledError || signal.aborted) {
      return life.isCancelled ? { kind: 'cancelled' } : { kind: 'stopped' };
    }
    if (error instanceof UserError) {
      return { kind: 'failed', error };
    }
    const { attempts } = life.job;
    if (attempts < MAX_ATTEMPTS) {
      return undefined;
    }
    this.#ports.log.error({ job: life.job.id, err: error }, 'the device failed for the last time');
    return { kind: 'failed', error: refusal('job.attempts', { attempts }) };
  }

  async #end(life: LiveJob, settings: ServerSettings): Promise<void> {
    const { stores, options, clock } = this.#ports;
    const { outcome } = life;
    await life.progress.close();
    if (outcome === undefined || outcome.kind === 'stopped') {
      this.#lives.delete(life.job.id);
      life.finish();
      return;
    }
    await this.#keep({ ...life.job, state: this.#stateOf(outcome, life) }, life);
    this.#lives.delete(life.job.id);
    this.#log(life.job, outcome);
    this.#ports.onEnd?.(outcome.kind);
    const fresh = outcome.kind === 'done' ? { raw: outcome.drawn.raw, notices: outcome.drawn.notices } : undefined;
    await this.answers.answer(life.job, fresh);
    if (outcome.kind !== 'done') {
      const quota = quotaOf(life.job.server, life.job.user, settings, options);
      await stores.quotas.refund(quota, chargeOf(life.job), clock.now());
    }
    life.finish();
  }

  #stateOf(outcome: Exclude<Outcome, { kind: 'stopped' }>, life: LiveJob): JobState {
    const ended = { endedAtMs: this.#ports.clock.now(), isAnswered: false };
    switch (outcome.kind) {
      case 'done':
        return { kind: 'done', ...ended, drawMs: outcome.drawn.drawMs, pictures: outcome.drawn.pictures };
      case 'failed': {
        const { error } = outcome;
        return { kind: 'failed', ...ended, code: error.code, sentence: errorText(localeOf(life.job), error) };
      }
      case 'cancelled':
        return { kind: 'cancelled', ...ended, by: life.cancelledBy };
      default:
        return outcome satisfies never;
    }
  }

  /** Keeps a job on its way. Where that fails the job goes on: what was kept before still says enough. */
  async #keep(job: Job, life: LiveJob): Promise<void> {
    life.job = job;
    try {
      await this.#ports.stores.jobs.save(job);
    } catch (error) {
      this.#ports.log.error({ job: job.id, state: job.state.kind, err: error }, 'the job could not be kept');
    }
  }

  async #show(life: LiveJob, view: ProgressView): Promise<void> {
    const { chatOf, log } = this.#ports;
    const { job } = life;
    try {
      const message = await progressMessage(job, localeOf(job), view);
      const key = `${job.id}:${view.kind}`;
      const address = await chatOf(job.address.platform)?.deliver(job.address, message, {
        mode: 'edit',
        key,
        isFinal: false,
      });
      if (address !== undefined && JSON.stringify(address) !== JSON.stringify(job.address)) {
        await this.#keep({ ...life.job, address }, life);
      }
    } catch (error) {
      log.debug({ job: job.id, err: error }, 'a progress edit was dropped');
    }
  }

  #offerPlace(life: LiveJob): void {
    const place = life.isBegun ? undefined : this.#ports.admission.place(life.job.id);
    if (place !== undefined) {
      life.progress.offer({ kind: 'waiting', ahead: place.ahead, estimateMs: place.estimateMs });
    }
  }

  #log(job: Job, outcome: Outcome): void {
    const { log, clock } = this.#ports;
    const ms = clock.now() - job.createdAtMs;
    const { id, server, attempts } = job;
    log.info({ job: id, server, kind: job.work.kind, outcome: outcome.kind, attempts, ms }, 'job ended');
  }
}

function localeOf(job: Job): Locale {
  return job.locale === 'de' ? 'de' : 'en';
}
