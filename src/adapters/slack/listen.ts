/**
 * What comes in: every delivery is heard, written down, acknowledged, and followed until the bot is done. Knows the order
 * of things and Bolt; nothing of what is asked.
 */
import type { App } from '@slack/bolt';

import type { Bot } from '../../core/chat.ts';
import type { Upload } from '../../core/command.ts';
import { type Accepted, type HandOver, placeOf } from './hand-over.ts';
import { type Heard, hearPress, hearShortcut, hearSlash, hearSubmission, type HearOptions } from './hear.ts';
import { at, textAt } from './json.ts';
import { LIMITS } from './limits.ts';
import type { Log } from './log.ts';
import { commandOfView, readSubmission } from './modal.ts';
import { parseSubmitter } from './parse.ts';
import { type Identity, userKey } from './people.ts';
import { Seen } from './seen.ts';

export type ListenerParts = {
  readonly bot: Bot;
  readonly handOver: HandOver;
  readonly uploadOf: (file: unknown) => Upload;
  /** Throws before the adapter has started. */
  readonly identity: () => Identity;
  readonly log: Log;
  readonly now: () => number;
  readonly monotonicMs: () => number;
  /** Told once a delivery: milliseconds until it was acknowledged, and whether that was in time. */
  readonly onAcknowledged: (ms: number, isInTime: boolean) => void;
};

type Ack = () => Promise<void>;
type Hear = (body: unknown, options: HearOptions) => Heard | undefined;

/** Of Slack's three seconds the disk may have one. */
const ACCEPT_WITHIN_MS = 1000;

export class Listener {
  readonly #parts: ListenerParts;
  readonly #seen: Seen;
  /** Deliveries that are not acknowledged yet, by id. */
  readonly #pending = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();
  #isStopping = false;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    this.#seen = new Seen(parts.monotonicMs);
  }

  register(app: App): void {
    const every = /[\s\S]*/;
    app.command(every, ({ ack, body }) => this.#receive(hearSlash, body, ack));
    app.action(every, ({ ack, body }) => this.#receive(hearPress, body, ack));
    app.shortcut(every, ({ ack, body }) => this.#receive(hearShortcut, body, ack));
    app.view(every, ({ ack, body }) => this.#receive(hearSubmission, body, ack));
    app.options(every, async ({ ack, body }) => {
      await ack({ options: await this.#suggest(body) });
    });
    app.error(async (error) => {
      this.#parts.log.error({ err: error }, 'Slack: a delivery could not be handled');
    });
  }

  /** Resolves when every delivery that came is finished. */
  async drain(): Promise<void> {
    this.#isStopping = true;
    while (this.#running.size > 0) {
      await Promise.all(this.#running);
    }
  }

  async #receive(hear: Hear, body: unknown, ack: Ack): Promise<void> {
    const { monotonicMs, now, uploadOf } = this.#parts;
    const startedAtMs = monotonicMs();
    if (this.#isStopping) {
      // Not acknowledged: Slack says that the app did not respond, which is the truth.
      return;
    }
    const heard = hear(body, { nowMs: now(), uploadOf });
    const id = heard?.source.id ?? '';
    // The same once more shares the fate of the first: acknowledged before that is, it would be an acknowledgement of
    // what may yet be taken back.
    for (let first = this.#pending.get(id); first !== undefined; first = this.#pending.get(id)) {
      await first.catch(() => undefined);
    }
    if (heard === undefined || !this.#seen.isNew(id)) {
      await ack();
      return;
    }
    const acknowledging = this.#acknowledge(heard, ack, startedAtMs);
    this.#pending.set(id, acknowledging);
    try {
      await acknowledging;
    } finally {
      this.#pending.delete(id);
    }
  }

  async #acknowledge(heard: Heard, ack: Ack, startedAtMs: number): Promise<void> {
    const { monotonicMs, handOver } = this.#parts;
    const accepting = handOver.accept(heard);
    const accepted = await within(ACCEPT_WITHIN_MS, accepting, { kind: 'not-kept' });
    try {
      await ack();
    } catch (error) {
      // Slack did not hear us and will tell the person, or deliver it again: then it is new.
      this.#seen.forget(heard.source.id);
      await takeBack(await accepting);
      throw error;
    }
    const ms = monotonicMs() - startedAtMs;
    this.#parts.onAcknowledged(ms, ms < LIMITS.ackMs);
    this.#follow(heard, accepted);
  }

  /** Runs on after the acknowledgement; nothing of it is anybody else's to catch. */
  #follow(heard: Heard, accepted: Accepted): void {
    const running = this.#parts.handOver.carryOut(heard, accepted).catch((error: unknown) => {
      this.#parts.log.error({ err: error }, 'Slack: a delivery could not be handled');
    });
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  async #suggest(body: unknown): Promise<{ text: { type: 'plain_text'; text: string }; value: string }[]> {
    const { bot, identity } = this.#parts;
    const submitter = parseSubmitter(body);
    const command = commandOfView(at(body, 'view'));
    const option = textAt(body, 'block_id');
    if (submitter === undefined || command === undefined || option === undefined) {
      return [];
    }
    const origin = readSubmission(at(body, 'view'))?.origin;
    const place = placeOf(identity(), origin?.channel ?? '', 'en');
    const user = userKey(identity(), submitter.user);
    const suggestions = await bot.suggest(place, user, command, option, textAt(body, 'value') ?? '');
    return suggestions
      .filter((suggestion) => suggestion.value !== '' && suggestion.value.length <= LIMITS.optionValue)
      .slice(0, LIMITS.selectOptions)
      .map(({ value, label }) => ({
        text: { type: 'plain_text', text: (label === '' ? value : label).slice(0, LIMITS.optionText) },
        value,
      }));
  }
}

async function takeBack(accepted: Accepted): Promise<void> {
  if (accepted.kind === 'kept') {
    await accepted.takeBack();
  }
}

async function within<Result>(ms: number, work: Promise<Result>, otherwise: Result): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Result>((resolve) => {
    timer = setTimeout(() => {
      resolve(otherwise);
    }, ms);
  });
  const result = await Promise.race([work, limit]);
  clearTimeout(timer);
  return result;
}
