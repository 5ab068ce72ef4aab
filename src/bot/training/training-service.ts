/**
 * Styles on their way through the device: in line behind other servers', learnt below pictures, shown as they go, taken
 * up after a restart, stopped at once. What came of one is handed on as a draft. Knows no buttons.
 */
import { CancelledError, StoppedError, UserError } from '../../core/errors.ts';
import { isServed } from '../../core/partition.ts';
import { serverForLog } from '../../core/people.ts';
import type { Training } from '../../store/index.ts';
import { randomId } from '../jobs/ids.ts';
import type { BotPorts } from '../ports.ts';
import { refusal } from '../refusal.ts';
import { errorText, localeOf } from '../texts/index.ts';
import { collectingMessage } from './collecting-message.ts';
import { Learner, type Learnt, type LearntHandling } from './learner.ts';
import { TrainingChanges } from './training-changes.ts';

/** What a style is expected to take, for the fair order. */
const COST_MS = 300_000;

export class TrainingService {
  readonly #ports: BotPorts;
  readonly #done: LearntHandling['done'];
  readonly #cancelled = new Set<string>();
  readonly #runs = new Map<string, Promise<void>>();
  readonly #changes: TrainingChanges;
  readonly #learner: Learner;
  readonly #closing = new AbortController();

  constructor(ports: BotPorts, handling: LearntHandling) {
    this.#ports = ports;
    this.#done = handling.done;
    this.#changes = new TrainingChanges(ports.stores.trainings);
    this.#learner = new Learner({ ...ports, changes: this.#changes, soFar: handling.soFar });
  }

  /** Changes what is kept of a training. Throws `UserError` `train.gone`. */
  async change(id: string, change: (training: Training) => Training): Promise<Training> {
    return await this.#changes.change(id, change);
  }

  /** Keeps that it is to be learnt, and puts it in line; resolves once that is shown. */
  async begin(given: Training): Promise<void> {
    const { rounds, address, seed } = given;
    const training = await this.change(given.id, (known) => ({
      ...known,
      rounds,
      seed,
      address,
      state: { kind: 'learning' },
    }));
    await this.#learner.show(training, { kind: 'begun' });
    this.#start(training);
  }

  /** Takes up what a stop or a crash has left. */
  async resume(): Promise<void> {
    const { stores, options } = this.#ports;
    const left = (await stores.trainings.all()).filter(({ server }) => isServed(server, options.partition));
    for (const training of left.filter(({ state, id }) => state.kind === 'learning' && !this.#runs.has(id))) {
      if ((await stores.styles.draft(training.id)) === undefined) {
        this.#start(training);
      } else {
        await this.change(training.id, (known) => ({ ...known, state: { kind: 'learnt' } }));
      }
    }
  }

  /** False: it is not in line and on no device. */
  cancel(id: string): boolean {
    if (!this.#runs.has(id)) {
      return false;
    }
    this.#cancelled.add(id);
    return this.#ports.trainingTurns.cancel(id);
  }

  /** Resolves when one that is here has ended. */
  async ended(id: string): Promise<void> {
    await this.#runs.get(id);
  }

  /** What runs is left where it stands; its checkpoint takes it up. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const id of this.#runs.keys()) {
      this.#ports.trainingTurns.cancel(id);
    }
    await Promise.all(this.#runs.values());
  }

  /** Says why it is not learnt, where its message stands, and lets it be started again. */
  async failed(training: Training, error: UserError): Promise<void> {
    const locale = localeOf(training.locale);
    const now = await this.change(training.id, (known) => ({ ...known, state: { kind: 'collecting' } }));
    const { travelsTo } = this.#ports.options.training;
    const shown = collectingMessage(now, locale, { notes: [errorText(locale, error)], travelsTo });
    await this.#learner.deliver(now, shown, `failed:${randomId(this.#ports.random)}`, true);
  }

  #start(training: Training): void {
    const { id, server } = training;
    const run = this.#run(training).catch((error: unknown) => {
      this.#ports.log.error({ training: id, server: serverForLog(server), err: error }, 'a style was not learnt');
    });
    this.#runs.set(
      id,
      run.finally(() => {
        this.#runs.delete(id);
        this.#cancelled.delete(id);
      }),
    );
  }

  async #run(training: Training): Promise<void> {
    const { trainingTurns, stores, log } = this.#ports;
    const { id, server, by: user } = training;
    let learnt: Learnt | undefined;
    try {
      const ticket = { id, server, user, costMs: COST_MS, priority: 'job' } as const;
      const ended = trainingTurns.add(ticket, undefined, async (signal) => {
        learnt = await this.#learner.learn(training, signal);
      });
      const ahead = trainingTurns.place(id)?.ahead;
      if (ahead !== undefined) {
        await this.#learner.show(training, { kind: 'waiting', ahead: ahead + 1 });
      }
      await ended;
      const now = await stores.trainings.get(id);
      if (learnt !== undefined && now !== undefined) {
        await this.#done(now, learnt);
      }
    } catch (error) {
      const reason = this.#reasonOf(error);
      if (reason === undefined) {
        return; // stays as it is, for the next start
      }
      if (!(error instanceof UserError || error instanceof CancelledError)) {
        log.error({ training: id, err: error }, 'learning a style failed');
      }
      if ((await stores.trainings.get(id)) !== undefined) {
        await this.failed(training, reason);
      }
    }
  }

  /** Undefined: this process is ending. */
  #reasonOf(error: unknown): UserError | undefined {
    if (error instanceof StoppedError || this.#closing.signal.aborted) {
      return undefined;
    }
    if (error instanceof CancelledError) {
      return refusal('train.cancelled');
    }
    return error instanceof UserError ? error : refusal('train.failed');
  }
}
