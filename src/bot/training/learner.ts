/**
 * One style on the device: asked for, told about in its message as it goes, again where the device was lost, its time
 * counted. Knows no line and no buttons.
 */
import { CancelledError, StoppedError, UserError } from '../../core/errors.ts';
import type { Message, MessageFile } from '../../core/message.ts';
import type { TrainRequest } from '../../core/training.ts';
import type { WorkEvent } from '../../core/work.ts';
import type { Training } from '../../store/index.ts';
import type { BotPorts } from '../ports.ts';
import { localeOf } from '../texts/index.ts';
import { learningMessage, type LearningView } from './collecting-message.ts';
import { DeviceTime } from './device-time.ts';
import type { TrainingChanges } from './training-changes.ts';

export type Learnt = Extract<WorkEvent, { kind: 'learnt' }>;

/** What is done with a style when it has been learnt, or so far; the latter gives a picture. */
export type LearntHandling = {
  readonly done: (training: Training, learnt: Learnt) => Promise<void>;
  readonly soFar: (training: Training, learnt: Learnt) => Promise<MessageFile | undefined>;
};

type LearnerPorts = Pick<BotPorts, 'runner' | 'stores' | 'options' | 'clock' | 'log' | 'chatOf'> &
  Pick<LearntHandling, 'soFar'> & { readonly changes: TrainingChanges };

const MAX_ATTEMPTS = 3;
/** Between two edits of a message. */
const EDIT_MS = 4000;
/** A picture of what was learnt so far is worth its time where so much more is to come. */
const WORTH_A_LOOK_S = 20;

export class Learner {
  readonly #ports: LearnerPorts;

  constructor(ports: LearnerPorts) {
    this.#ports = ports;
  }

  /** On the device, again where that was lost. */
  async learn(training: Training, signal: AbortSignal): Promise<Learnt> {
    const time = new DeviceTime();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#learnOnce(training, time, signal);
      } catch (error) {
        const isFault = !(
          error instanceof UserError ||
          error instanceof CancelledError ||
          error instanceof StoppedError
        );
        if (!isFault || signal.aborted || attempt === MAX_ATTEMPTS) {
          throw error;
        }
        this.#ports.log.warn({ training: training.id, attempt, err: error }, 'the device failed; learning goes on');
      } finally {
        await this.#spend(training, time);
      }
    }
  }

  async #learnOnce(training: Training, time: DeviceTime, signal: AbortSignal): Promise<Learnt> {
    const { runner, clock } = this.#ports;
    const view = { shownAtMs: Number.NEGATIVE_INFINITY, picture: undefined as MessageFile | undefined, secondsLeft: 0 };
    let learnt: Learnt | undefined;
    const work = { kind: 'train', id: training.id, request: this.#requestOf(training) } as const;
    for await (const event of runner.run(work, signal)) {
      if (event.kind === 'learning') {
        time.heard(event.deviceMs);
        view.secondsLeft = event.secondsLeft;
        if (clock.now() - view.shownAtMs >= EDIT_MS) {
          view.shownAtMs = clock.now();
          void this.show(training, event, view.picture);
        }
      } else if (event.kind === 'learnt') {
        learnt = event;
        time.heard(event.deviceMs);
        await this.#spend(training, time);
        if (event.step < event.steps && view.secondsLeft > WORTH_A_LOOK_S) {
          void this.#lookAt(training, event).then((picture) => (view.picture = picture ?? view.picture));
        }
      }
    }
    if (learnt === undefined) {
      throw new Error('the runner learnt nothing');
    }
    return learnt;
  }

  async #lookAt(training: Training, learnt: Learnt): Promise<MessageFile | undefined> {
    try {
      return await this.#ports.soFar(training, learnt);
    } catch (error) {
      this.#ports.log.debug({ training: training.id, err: error }, 'what was learnt so far was not shown');
      return undefined;
    }
  }

  async #spend({ id, server }: Training, time: DeviceTime): Promise<void> {
    const { stores, clock, log } = this.#ports;
    const ms = time.take();
    try {
      await stores.trainings.spend(server, ms, clock.now());
      await this.#ports.changes.change(id, (known) => ({ ...known, deviceMs: known.deviceMs + ms }));
    } catch (error) {
      log.debug({ training: id, err: error }, 'the time of the device was not kept');
    }
  }

  #requestOf(training: Training): TrainRequest {
    const { stores, options, clock } = this.#ports;
    const { model, base, name, trigger, pictures, width, height, seed, rounds } = training;
    return {
      model,
      fingerprint: base,
      title: name,
      trigger,
      pictures: pictures.map(({ sha256, caption }) => ({
        file: stores.files.pathOf('training', sha256, '.png'),
        caption,
      })),
      width,
      height,
      seed,
      steps: options.training.steps,
      rounds,
      date: new Date(clock.now()).toISOString().slice(0, 10),
    };
  }

  /** An edit of its message; one that does not arrive is made up for by the next. */
  async show(training: Training, view: LearningView, picture?: MessageFile): Promise<void> {
    const step = view.kind === 'learning' ? view.step : 0;
    const shown = learningMessage(training, localeOf(training.locale), view, picture);
    await this.deliver(training, shown, `${view.kind}:${training.rounds}:${step}`, false);
  }

  async deliver(training: Training, shown: Message, key: string, isFinal: boolean): Promise<void> {
    const { chatOf, stores, log } = this.#ports;
    const address = (await stores.trainings.get(training.id))?.address ?? training.address;
    if (address === undefined) {
      return;
    }
    try {
      const options = { mode: 'edit', key: `${training.id}:${key}`, isFinal } as const;
      const now = await chatOf(address.platform)?.deliver(address, shown, options);
      if (now !== undefined && JSON.stringify(now) !== JSON.stringify(address)) {
        await this.#ports.changes.change(training.id, (known) => ({ ...known, address: now }));
      }
    } catch (error) {
      log.debug({ training: training.id, err: error }, 'how far a style has been learnt was not shown');
    }
  }
}
