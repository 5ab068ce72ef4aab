/**
 * Discord as a chat: takes deliveries in, acknowledges each at once as the bot says, hands it over, and carries answers
 * back. Everything about words, jobs and rights is the bot's.
 */
import { randomUUID } from 'node:crypto';

import type { Log } from '../../bot/index.ts';
import { errorText, text } from '../../bot/texts/index.ts';
import type { Acknowledgement, Adapter, Bot, DeliverOptions, Invocation, ServerChannel } from '../../core/chat.ts';
import { UserError } from '../../core/errors.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Form, Message } from '../../core/message.ts';
import { Acknowledger } from './acknowledge.ts';
import { encodeAddress } from './address.ts';
import { Courier } from './courier.ts';
import type { Wait } from './courier.ts';
import { Deliveries } from './deliver.ts';
import { Gateway } from './gateway.ts';
import { parseInteraction } from './parse.ts';
import type { Delivery, Hook } from './parse.ts';
import { RecentIds } from './recent-ids.ts';
import { uploadFrom } from './uploads.ts';

const ACCEPT_WITHIN_MS = 1000;

export type DiscordOptions = {
  readonly token: string;
  /** Without the version: `https://discord.com/api`. */
  readonly restUrl: string;
  /** From where attachments may be fetched; nothing else is. */
  readonly cdnUrl: string;
  readonly bot: Bot;
  readonly log: Log;
  /** Told once a delivery: milliseconds until it was acknowledged, and whether that was in time. */
  readonly onAcknowledged?: (ms: number, isInTime: boolean) => void;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds that only go forward, whatever the machine's clock is set to. */
  readonly steadyMs?: () => number;
  readonly wait?: Wait;
  /** How long a final answer is tried in all, in pauses. */
  readonly patienceMs?: number;
  /** How long `stop` waits for what runs. */
  readonly drainMs?: number;
  readonly silentAfterMs?: number;
  readonly renewAfterMs?: number;
};

export class DiscordAdapter implements Adapter {
  readonly platform = 'discord';
  readonly #bot: Bot;
  readonly #log: Log;
  readonly #cdnUrl: string;
  readonly #now: () => number;
  readonly #steadyMs: () => number;
  readonly #drainMs: number;
  readonly #onAcknowledged: (ms: number, isInTime: boolean) => void;
  readonly #courier: Courier;
  readonly #acknowledger: Acknowledger;
  readonly #deliveries: Deliveries;
  readonly #gateway: Gateway;
  readonly #recent: RecentIds;
  readonly #running = new Set<Promise<void>>();
  #isStopping = false;

  constructor({
    token,
    restUrl,
    cdnUrl,
    bot,
    log,
    onAcknowledged = () => undefined,
    now = Date.now,
    steadyMs = () => performance.now(),
    wait = pause,
    patienceMs = 10 * 60_000,
    drainMs = 2_000,
    silentAfterMs = 100_000,
    renewAfterMs = 60_000,
  }: DiscordOptions) {
    this.#bot = bot;
    this.#log = log;
    this.#cdnUrl = cdnUrl;
    this.#now = now;
    this.#steadyMs = steadyMs;
    this.#drainMs = drainMs;
    this.#onAcknowledged = onAcknowledged;
    this.#courier = new Courier({ token, restUrl });
    this.#acknowledger = new Acknowledger({ courier: this.#courier, steadyMs, wait });
    this.#deliveries = new Deliveries({ courier: this.#courier, now, steadyMs, wait, patienceMs });
    this.#recent = new RecentIds({ steadyMs });
    this.#gateway = new Gateway({
      token,
      restUrl,
      log,
      steadyMs,
      silentAfterMs,
      renewAfterMs,
      onInteraction: (payload) => this.#receive(payload),
    });
  }

  async start(): Promise<void> {
    await this.#gateway.connect();
  }

  /** What was accepted is handed over and its deliveries are finished, within a limit; answers can still be delivered after. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await within(this.#drainMs, Promise.allSettled(this.#running));
    await within(this.#drainMs, this.#deliveries.settled());
    await this.#gateway.close();
    this.#courier.close();
  }

  readiness(): { readonly isReady: boolean; readonly detail: string } {
    return this.#isStopping ? { isReady: false, detail: 'Discord: stopping' } : this.#gateway.readiness();
  }

  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    return this.#deliveries.deliver(address, message, options);
  }

  async remove(address: ReplyAddress): Promise<void> {
    await this.#deliveries.remove(address);
  }

  async post(channel: ServerChannel, message: Message, key: string): Promise<void> {
    await this.#deliveries.post(channel, message, key);
  }

  #receive(payload: unknown): void {
    const delivery = parseInteraction(payload, {
      now: this.#now,
      steadyMs: this.#steadyMs,
      guildName: (id) => this.#gateway.guildName(id),
      upload: (attachment) => uploadFrom(this.#cdnUrl, attachment),
      onUnknown: (reason) => this.#log.warn({ reason }, 'a delivery of Discord was not understood'),
    });
    if (delivery === undefined || !this.#recent.add(delivery.hook.id)) {
      return;
    }
    const work = this.#answer(delivery).catch((error: unknown) => {
      this.#log.error({ err: error, interaction: delivery.hook.id }, 'a delivery of Discord was not answered');
    });
    this.#running.add(work);
    void work.then(() => this.#running.delete(work));
  }

  async #answer(delivery: Delivery): Promise<void> {
    if (delivery.kind === 'suggest') {
      await this.#suggest(delivery);
      return;
    }
    const { invocation, hook } = delivery;
    if (this.#isStopping) {
      await this.#acknowledger.say(hook, plain(text(invocation.actor.locale, 'error.stopping')));
      return;
    }
    const how = this.#bot.acknowledgement(invocation.action);
    if (how === 'form') {
      await this.#form(invocation, hook);
      return;
    }
    await this.#handle(invocation, hook, how);
  }

  async #handle(invocation: Invocation, hook: Hook, how: Exclude<Acknowledgement, 'form'>): Promise<void> {
    const accepted = this.#accept(invocation, hook, how);
    const refused = await within(ACCEPT_WITHIN_MS, accepted);
    if (refused instanceof UserError) {
      await this.#acknowledger.say(hook, plain(errorText(invocation.actor.locale, refused)));
      return;
    }
    const address = await this.#acknowledger.defer(hook, how);
    this.#note(hook, address !== 'late');
    if (typeof address === 'string') {
      this.#log.warn({ interaction: hook.id, outcome: address }, 'not acknowledged, so not carried out');
      const withdraw = await accepted;
      if (typeof withdraw === 'function') {
        await withdraw();
      }
      return;
    }
    await this.#bot.handle(invocation, encodeAddress(address));
  }

  /**
   * Written down first: between the acknowledgement and the job there is a moment in which a crash would leave somebody
   * waiting for ever. What cannot be written down is refused where a public answer would be owed.
   */
  async #accept(
    invocation: Invocation,
    hook: Hook,
    how: Exclude<Acknowledgement, 'form'>,
  ): Promise<(() => Promise<void>) | UserError | undefined> {
    try {
      return await this.#bot.accept?.(invocation, encodeAddress(this.#acknowledger.expect(hook, how)));
    } catch (error) {
      this.#log.error({ err: error, interaction: hook.id }, 'a delivery could not be written down');
      return error instanceof UserError && how === 'public' ? error : undefined;
    }
  }

  async #form(invocation: Invocation, hook: Hook): Promise<void> {
    const form = await this.#formOr(invocation);
    const outcome =
      'fields' in form ? await this.#acknowledger.showForm(hook, form) : await this.#acknowledger.say(hook, form);
    this.#note(hook, outcome.kind !== 'late');
  }

  /** The form, or the private sentence that stands in its place. */
  async #formOr(invocation: Invocation): Promise<Form | Message> {
    const { locale } = invocation.actor;
    try {
      return await this.#bot.form(invocation);
    } catch (error) {
      if (error instanceof UserError) {
        return plain(errorText(locale, error));
      }
      const id = randomUUID().slice(0, 8);
      this.#log.error({ err: error, id, interaction: invocation.id }, 'a form could not be made');
      return plain(text(locale, 'error.fault', { id }));
    }
  }

  async #suggest({ place, user, command, option, partial, hook }: Extract<Delivery, { kind: 'suggest' }>) {
    const suggestions = await this.#bot.suggest(place, user, command, option, partial).catch((error: unknown) => {
      this.#log.error({ err: error, command, option }, 'no suggestions');
      return [];
    });
    await this.#acknowledger.suggest(hook, suggestions);
  }

  #note(hook: Hook, isInTime: boolean): void {
    this.#onAcknowledged(this.#steadyMs() - hook.receivedAtMs, isInTime);
  }
}

function plain(sentence: string): Message {
  return {
    lines: [[{ kind: 'plain', text: sentence }]],
    picture: undefined,
    files: [],
    rows: [],
    notify: undefined,
  };
}

/** What the work gives, or undefined when it takes longer. The platform waits three seconds, and not all are the disk's. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const result = await Promise.race([work, limit]);
  clearTimeout(timer);
  return result;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
