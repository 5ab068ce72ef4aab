/**
 * What happens to an event of a chat before the bot sees it, once for all chats: seen before? stopping? written down
 * within a second, acknowledged, taken back if that did not arrive, dispatched, and counted until it is done. Knows the
 * order of things; how a platform is told is the event's own.
 */
import type { Log } from '../../bot/index.ts';
import { BoundedMap } from '../../core/bounded-map.ts';
import type { Acknowledgement, Bot, Invocation } from '../../core/chat.ts';
import { UserError } from '../../core/errors.ts';
import type { ReplyAddress } from '../../core/job.ts';
import { within } from './retry.ts';

/** `late`: the platform no longer waits. `taken`: somebody else has acknowledged it. Neither is dispatched. */
export type Acknowledged =
  | { readonly kind: 'done'; readonly dispatch: () => Promise<void> }
  | { readonly kind: 'late' | 'taken' };

export type InboundEvent = {
  /** The platform's id; the same one twice is one event. */
  readonly id: string;
  /** By the monotonic clock: the platform's seconds are counted from here. */
  readonly receivedAtMs: number;
  /** Decided once, from the action alone; undefined where the bot is not asked. */
  readonly acknowledgement: Acknowledgement | undefined;
  /** What is written down before the platform is told; undefined where nobody is left waiting by it. */
  readonly record: { readonly invocation: Invocation; readonly address: ReplyAddress } | undefined;
  /**
   * Tells the platform that we heard. `refusal`: why it could not be written down, where that was owed; it is then the
   * whole answer. Throws where the platform may not have heard.
   */
  acknowledge(refusal: UserError | undefined): Promise<Acknowledged>;
  /** Tells the person what went wrong after the acknowledgement and before the bot took over. */
  refuse?(error: unknown): Promise<void>;
  /** What a process that is stopping says, if the platform would not tell the person itself. */
  turnAway?(): Promise<void>;
  /** Acknowledges it as a repetition, where the platform wants that. */
  acknowledgeAgain?(): Promise<void>;
};

export type IntakeOptions = {
  readonly bot: Bot;
  readonly log: Log;
  readonly monotonicMs: () => number;
  /** Told once an event: milliseconds until it was acknowledged, and whether that was in time. */
  readonly onAcknowledged?: ((ms: number, isInTime: boolean) => void) | undefined;
};

/** Slack's and Discord's limit; a browser waits no longer with patience. */
export const ACKNOWLEDGE_WITHIN_MS = 3000;
/** So much of it may be the disk's. */
const RECORD_WITHIN_MS = 1000;
const REMEMBERED = { events: 20_000, ms: 3_600_000 };

type Recorded =
  | { readonly kind: 'recorded'; readonly discard: () => Promise<void> }
  | { readonly kind: 'refused'; readonly error: UserError }
  | { readonly kind: 'not-recorded' };

export class Intake {
  readonly #options: IntakeOptions;
  readonly #seen: BoundedMap<string, true>;
  /** Events that are not acknowledged yet, by id. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();
  #isStopping = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    const { monotonicMs } = options;
    this.#seen = new BoundedMap({ maxCost: REMEMBERED.events, age: { ms: REMEMBERED.ms, monotonicMs } });
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Resolves once the platform has been told; what was asked goes on. Never throws. */
  receive(event: InboundEvent): Promise<void> {
    return this.track(async () => this.#receive(event), event.id);
  }

  /** Runs what belongs to an event besides: it is waited for like events are. Never throws. */
  async track(work: () => Promise<void>, id = ''): Promise<void> {
    const running = work().catch((error: unknown) => {
      this.#options.log.error({ err: error, event: id }, 'an event could not be handled');
    });
    this.#running.add(running);
    await running;
    this.#running.delete(running);
  }

  /** From now on events are turned away; resolves when those that came are done, or the limit has passed. */
  async drain(limitMs: number): Promise<void> {
    this.#isStopping = true;
    await within(limitMs, this.#idle());
  }

  async #idle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all(this.#running);
    }
  }

  async #receive(event: InboundEvent): Promise<void> {
    if (this.#isStopping) {
      await event.turnAway?.();
      return;
    }
    // The same once more shares the fate of the first: acknowledged before that is, it would be an acknowledgement of
    // what may yet be taken back.
    for (let first = this.#pending.get(event.id); first !== undefined; first = this.#pending.get(event.id)) {
      await first.catch(() => undefined);
    }
    if (this.#seen.has(event.id)) {
      await event.acknowledgeAgain?.();
      return;
    }
    this.#seen.set(event.id, true);
    const acknowledging = this.#acknowledge(event);
    this.#pending.set(event.id, acknowledging);
    try {
      await acknowledging;
    } finally {
      this.#pending.delete(event.id);
    }
  }

  async #acknowledge(event: InboundEvent): Promise<void> {
    const recording = this.#record(event);
    const recorded = await within(RECORD_WITHIN_MS, recording);
    let acknowledged: Acknowledged;
    try {
      acknowledged = await event.acknowledge(recorded?.kind === 'refused' ? recorded.error : undefined);
    } catch (error) {
      // The platform did not hear us and will tell the person, or deliver it again: then it is new.
      this.#seen.delete(event.id);
      await discard(recording);
      throw error;
    }
    const ms = this.#options.monotonicMs() - event.receivedAtMs;
    this.#options.onAcknowledged?.(ms, acknowledged.kind !== 'late' && ms < ACKNOWLEDGE_WITHIN_MS);
    if (acknowledged.kind === 'done') {
      void this.track(async () => this.#dispatch(event, acknowledged.dispatch, recording), event.id);
      return;
    }
    this.#options.log.warn({ event: event.id, outcome: acknowledged.kind }, 'not acknowledged, so not carried out');
    await discard(recording);
  }

  async #dispatch(event: InboundEvent, dispatch: () => Promise<void>, recording: Promise<Recorded>): Promise<void> {
    try {
      await dispatch();
    } catch (error) {
      await discard(recording);
      if (event.refuse === undefined) {
        throw error;
      }
      await event.refuse(error);
    }
  }

  /**
   * Written down first: between the acknowledgement and the job there is a moment in which a crash would leave somebody
   * waiting for ever. What cannot be written down is refused where a public answer would be owed.
   */
  async #record({ id, record, acknowledgement }: InboundEvent): Promise<Recorded> {
    const { bot, log } = this.#options;
    if (record === undefined) {
      return { kind: 'not-recorded' };
    }
    try {
      return { kind: 'recorded', discard: await bot.record(record.invocation, record.address) };
    } catch (error) {
      log.error({ err: error, event: id }, 'an event could not be written down');
      return error instanceof UserError && acknowledgement === 'public'
        ? { kind: 'refused', error }
        : { kind: 'not-recorded' };
    }
  }
}

async function discard(recording: Promise<Recorded>): Promise<void> {
  const recorded = await recording;
  if (recorded.kind === 'recorded') {
    await recorded.discard();
  }
}
