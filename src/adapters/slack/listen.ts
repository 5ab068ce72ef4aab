/**
 * What comes in: every delivery is acknowledged at once, read, given to the bot and followed until the bot is done.
 * Knows the order of things; nothing of blocks and nothing of what the bot does.
 */
import type { App } from '@slack/bolt';

import { refusal } from '../../bot/refusal.ts';
import { errorText, text } from '../../bot/texts/index.ts';
import type { Acknowledgement, Action, Bot, Invocation } from '../../core/chat.ts';
import type { Upload } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { Actor, Place } from '../../core/people.ts';
import { encodeAddress, newAddress, type SlackAddress } from './address.ts';
import { isRefusal, type SlackApi } from './api.ts';
import { type Delivery, SHUT_OUT } from './deliver.ts';
import { at, textAt } from './json.ts';
import { LIMITS } from './limits.ts';
import type { Log } from './log.ts';
import {
  commandOfView,
  commandView,
  formView,
  optionsOf,
  type Origin,
  readSubmission,
  type SlackView,
} from './modal.ts';
import { parsePress, parseShortcut, parseSlash, parseSubmitter, type PressedMessage, type Source } from './parse.ts';
import { type Identity, type People, serverKey, userKey } from './people.ts';
import type { Posts } from './posts.ts';
import { renderMessage } from './render.ts';
import { Seen } from './seen.ts';
import { readSlashCommand, specNamed } from './slash.ts';

export type ListenerParts = {
  readonly bot: Bot;
  readonly api: SlackApi;
  readonly delivery: Delivery;
  readonly posts: Posts;
  readonly people: People;
  readonly uploadOf: (file: unknown) => Upload;
  /** Throws before the adapter has started. */
  readonly identity: () => Identity;
  readonly log: Log;
  readonly now: () => number;
  /** Told once a delivery: milliseconds until it was acknowledged, and whether that was in time. */
  readonly onAcknowledged: (ms: number, isInTime: boolean) => void;
};

type Arrival = { readonly source: Source; readonly actor: Actor; readonly place: Place; readonly atMs: number };

export class Listener {
  readonly #parts: ListenerParts;
  readonly #seen: Seen;
  readonly #running = new Set<Promise<void>>();
  #isStopping = false;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    this.#seen = new Seen(parts.now);
  }

  register(app: App): void {
    const every = /[\s\S]*/;
    app.command(every, async ({ ack, body }) => {
      await this.#acknowledge(ack);
      this.#follow(() => this.#onSlash(body));
    });
    app.action(every, async ({ ack, body }) => {
      await this.#acknowledge(ack);
      this.#follow(() => this.#onPress(body));
    });
    app.shortcut(every, async ({ ack, body }) => {
      await this.#acknowledge(ack);
      this.#follow(() => this.#onShortcut(body));
    });
    app.view(every, async ({ ack, body }) => {
      await this.#acknowledge(ack);
      this.#follow(() => this.#onSubmission(body));
    });
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

  async #acknowledge(ack: () => Promise<void>): Promise<void> {
    const startedAtMs = performance.now();
    await ack();
    const ms = performance.now() - startedAtMs;
    this.#parts.onAcknowledged(ms, ms < LIMITS.ackMs);
  }

  /** Runs on after the acknowledgement; nothing of it is anybody else's to catch. */
  #follow(work: () => Promise<void>): void {
    if (this.#isStopping) {
      return;
    }
    const running = work().catch((error: unknown) => {
      this.#parts.log.error({ err: error }, 'Slack: a delivery could not be handled');
    });
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  async #onSlash(body: unknown): Promise<void> {
    const delivery = parseSlash(body);
    if (delivery === undefined || !this.#seen.isNew(delivery.source.id)) {
      return;
    }
    const arrival = await this.#arrive(delivery.source, false);
    const address = newAddress({ ...this.#spot(arrival), hook: delivery.source.hook, hookMode: 'command' });
    await this.#answering(arrival, address, async () => {
      const { spec, options, isIncomplete } = readSlashCommand(delivery.command, delivery.text);
      const isRefused = spec.audience === 'admins' && !arrival.actor.isAdmin;
      if (isIncomplete && !isRefused) {
        await this.#open(arrival, commandView(spec, options, originOf(arrival, undefined), arrival.actor.locale));
        return;
      }
      await this.#run(arrival, { kind: 'command', name: spec.name, options }, address, undefined);
    });
  }

  async #onPress(body: unknown): Promise<void> {
    const delivery = parsePress(body);
    if (delivery === undefined || !this.#seen.isNew(delivery.source.id)) {
      return;
    }
    const arrival = await this.#arrive(delivery.source, false);
    const address = newAddress({ ...this.#spot(arrival), hook: delivery.source.hook, hookMode: 'beside' });
    await this.#answering(arrival, address, () => this.#run(arrival, delivery.action, address, delivery.message));
  }

  async #onShortcut(body: unknown): Promise<void> {
    const delivery = parseShortcut(body);
    if (delivery === undefined || !this.#seen.isNew(delivery.source.id)) {
      return;
    }
    const arrival = await this.#arrive(delivery.source, false);
    const address = newAddress({ ...this.#spot(arrival), hook: delivery.source.hook, hookMode: 'beside' });
    await this.#answering(arrival, address, () => this.#run(arrival, delivery.action, address, undefined));
  }

  async #onSubmission(body: unknown): Promise<void> {
    const submitter = parseSubmitter(body);
    const read = readSubmission(at(body, 'view'));
    if (submitter === undefined || read === undefined || !this.#seen.isNew(submitter.id)) {
      return;
    }
    const { origin, submitted } = read;
    const source: Source = { ...submitter, channel: origin.channel, thread: origin.thread, hook: origin.hook };
    const arrival = await this.#arrive(source, true);
    const address = newAddress({
      ...this.#spot(arrival),
      at: origin.hook === null ? arrival.atMs : origin.hookAt,
      hook: origin.hook,
      hookMode: origin.ts === null ? 'command' : 'beside',
    });
    const pressed: PressedMessage | undefined =
      origin.ts === null
        ? undefined
        : { ts: origin.ts, isEphemeral: origin.isEphemeral, picture: undefined, isShare: false };
    await this.#answering(arrival, address, async () => {
      if (submitted.kind === 'form') {
        await this.#run(arrival, submitted, address, pressed);
        return;
      }
      const spec = specNamed(submitted.name);
      const options = optionsOf(spec, submitted.values, this.#parts.uploadOf);
      await this.#run(arrival, { kind: 'command', name: spec.name, options }, address, undefined);
    });
  }

  async #suggest(body: unknown): Promise<{ text: { type: 'plain_text'; text: string }; value: string }[]> {
    const submitter = parseSubmitter(body);
    const command = commandOfView(at(body, 'view'));
    const option = textAt(body, 'block_id');
    const identity = this.#parts.identity();
    if (submitter === undefined || command === undefined || option === undefined) {
      return [];
    }
    const origin = readSubmission(at(body, 'view'))?.origin;
    const place = placeOf(identity, origin?.channel ?? '', 'en');
    const user = userKey(identity, submitter.user);
    const suggestions = await this.#parts.bot.suggest(place, user, command, option, textAt(body, 'value') ?? '');
    return suggestions
      .filter((suggestion) => suggestion.value !== '' && suggestion.value.length <= LIMITS.optionValue)
      .slice(0, LIMITS.selectOptions)
      .map(({ value, label }) => ({
        text: { type: 'plain_text', text: (label === '' ? value : label).slice(0, LIMITS.optionText) },
        value,
      }));
  }

  async #arrive(source: Source, isSubmit: boolean): Promise<Arrival> {
    const atMs = this.#parts.now();
    const identity = this.#parts.identity();
    const actor = await this.#parts.people.actor(identity, source.user, source.userName, isSubmit);
    return { source, actor, place: placeOf(identity, source.channel, actor.locale), atMs };
  }

  /** Does the bot's bidding about acknowledgement, then hands the action over. */
  async #run(
    arrival: Arrival,
    action: Action,
    address: SlackAddress,
    pressed: PressedMessage | undefined,
  ): Promise<void> {
    this.#refuseStrangers(arrival.source);
    const { bot } = this.#parts;
    const { source, actor, place, atMs } = arrival;
    const invocation: Invocation = { id: source.id, actor, place, action, receivedAtMs: atMs };
    const acknowledgement = bot.acknowledgement(action);
    if (acknowledgement === 'form') {
      const form = await bot.form(invocation);
      await this.#open(arrival, formView(form, originOf(arrival, pressed), actor.locale));
      return;
    }
    await bot.handle(invocation, encodeAddress(await this.#addressFor(acknowledgement, arrival, address, pressed)));
  }

  async #addressFor(
    acknowledgement: Exclude<Acknowledgement, 'form'>,
    arrival: Arrival,
    address: SlackAddress,
    pressed: PressedMessage | undefined,
  ): Promise<SlackAddress> {
    switch (acknowledgement) {
      case 'public':
        return this.#placeholder(arrival, address);
      case 'private':
        return { ...address, isPrivate: true };
      case 'update':
        return pressed === undefined ? { ...address, isPrivate: true } : pressedAddress(address, pressed);
      default:
        return acknowledgement satisfies never;
    }
  }

  /**
   * One line in the channel that the answer replaces. With its `ts` saved before the work begins, everything later is an
   * edit, and an edit done twice after a crash is one edit. Where Slack is slow, the first answer makes the message.
   */
  async #placeholder(arrival: Arrival, address: SlackAddress): Promise<SlackAddress> {
    const { posts, log } = this.#parts;
    const spot = { channel: address.channel, thread: address.thread };
    const line = renderMessage(oneLine(text(arrival.place.locale, 'wait.begin'), 'italic'), undefined);
    try {
      const options = { key: `ack:${arrival.source.id}`, patience: 'brief', sinceMs: arrival.atMs } as const;
      return { ...address, ...(await posts.post(spot, line, options)), isPlaceholder: true };
    } catch (error) {
      if (isRefusal(error, ...SHUT_OUT)) {
        throw refusal('place.shut-out');
      }
      log.warn({ err: error }, 'Slack: no first line could be posted; the answer will make its own message');
      return address;
    }
  }

  async #open(arrival: Arrival, view: SlackView): Promise<void> {
    const { trigger } = arrival.source;
    if (trigger === undefined) {
      throw new Error('a delivery without trigger_id cannot open a form');
    }
    try {
      await this.#parts.api.call('views.open', { trigger_id: trigger, view }, { patience: 'quick' });
    } catch (error) {
      if (isRefusal(error, 'expired_trigger_id', 'trigger_expired', 'exchanged_trigger_id')) {
        throw refusal('form.late');
      }
      throw error;
    }
  }

  /** Sees to it that whoever asked hears of a failure on the way to the bot; the bot sees to all others. */
  async #answering(arrival: Arrival, address: SlackAddress, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { locale } = arrival.actor;
      const id = arrival.source.id.slice(-8);
      const isOurs = !(error instanceof UserError);
      if (isOurs) {
        this.#parts.log.error({ err: error, id }, 'Slack: a delivery could not be handed to the bot');
      }
      const sentence = isOurs ? text(locale, 'error.fault', { id }) : errorText(locale, error);
      await this.#parts.delivery.deliver({ ...address, isPrivate: true }, oneLine(sentence, 'plain'), {
        mode: 'private',
        key: `refused:${arrival.source.id}`,
        isFinal: true,
      });
    }
  }

  #refuseStrangers(source: Source): void {
    const identity = this.#parts.identity();
    const isOurs =
      source.team === undefined ||
      source.team === identity.team ||
      (identity.enterprise !== undefined && source.enterprise === identity.enterprise);
    if (!isOurs) {
      throw refusal('place.unknown');
    }
  }

  #spot(arrival: Arrival): Pick<SlackAddress, 'channel' | 'thread' | 'user' | 'at'> {
    const { source, atMs } = arrival;
    return { channel: source.channel, thread: source.thread, user: source.user, at: atMs };
  }
}

function placeOf(identity: Identity, channel: string, locale: Place['locale']): Place {
  return {
    platform: 'slack',
    server: serverKey(identity),
    serverName: identity.teamName,
    channel,
    // Slack marks no channels for adults.
    isNsfw: false,
    locale,
    maxUploadBytes: LIMITS.fileBytes,
  };
}

function originOf(arrival: Arrival, pressed: PressedMessage | undefined): Origin {
  const { source, atMs } = arrival;
  return {
    channel: source.channel,
    thread: source.thread,
    ts: pressed?.ts ?? null,
    isEphemeral: pressed?.isEphemeral ?? false,
    hook: source.hook,
    hookAt: atMs,
  };
}

function pressedAddress(address: SlackAddress, pressed: PressedMessage): SlackAddress {
  if (pressed.isEphemeral) {
    return { ...address, isPrivate: true, hookMode: 'replace' };
  }
  return {
    ...address,
    ts: pressed.ts,
    file: pressed.picture?.fileId ?? null,
    fileSum: pressed.picture?.sum ?? '',
    isShare: pressed.isShare,
  };
}

function oneLine(sentence: string, kind: 'plain' | 'italic'): Message {
  return { lines: [[{ kind, text: sentence }]], picture: undefined, files: [], rows: [], notify: undefined };
}
