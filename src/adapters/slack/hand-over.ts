/**
 * What was heard → the bot: who asks is looked up, a first line is posted or a form opened, and the bot takes over.
 * Sees to it that whoever asked hears of a failure on the way; the bot sees to all others.
 */
import { refusal } from '../../bot/refusal.ts';
import { errorText, text } from '../../bot/texts/index.ts';
import type { Acknowledgement, Action, Bot, Invocation } from '../../core/chat.ts';
import { UserError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { Actor, Locale, Place } from '../../core/people.ts';
import { encodeAddress, type SlackAddress } from './address.ts';
import { isRefusal, type SlackApi } from './api.ts';
import { type Delivery, SHUT_OUT } from './deliver.ts';
import { type Heard, originOf } from './hear.ts';
import { LIMITS } from './limits.ts';
import type { Log } from './log.ts';
import { commandView, formView, type SlackView } from './modal.ts';
import type { PressedMessage } from './parse.ts';
import { type Identity, type People, serverKey } from './people.ts';
import type { Posts } from './posts.ts';
import { renderMessage } from './render.ts';

export type HandOverParts = {
  readonly bot: Bot;
  readonly api: SlackApi;
  readonly delivery: Delivery;
  readonly posts: Posts;
  readonly people: People;
  /** Throws before the adapter has started. */
  readonly identity: () => Identity;
  readonly log: Log;
};

/** What was written down before the acknowledgement, or why it could not be. */
export type Accepted =
  | { readonly kind: 'kept'; readonly takeBack: () => Promise<void> }
  | { readonly kind: 'refused'; readonly error: UserError }
  | { readonly kind: 'not-kept' };

export class HandOver {
  readonly #parts: HandOverParts;

  constructor(parts: HandOverParts) {
    this.#parts = parts;
  }

  /**
   * Writes down that somebody is about to wait, before Slack is told that we heard. Asks nobody: rights and language are
   * what is known of the person, and no rights where nothing is. Never throws.
   */
  async accept(heard: Heard): Promise<Accepted> {
    const { bot, people, identity, log } = this.#parts;
    const { ask, source } = heard;
    const how = ask.kind === 'action' ? bot.acknowledgement(ask.action) : 'form';
    if (ask.kind !== 'action' || how === 'form' || bot.accept === undefined || this.#isStranger(heard)) {
      return { kind: 'not-kept' };
    }
    try {
      const actor = people.remembered(identity(), source.user, source.userName);
      const invocation = this.#invocation(heard, actor, ask.action);
      const takeBack = await bot.accept(invocation, encodeAddress(expectedAddress(heard, how)));
      return { kind: 'kept', takeBack };
    } catch (error) {
      log.error({ err: error }, 'Slack: a delivery could not be written down');
      // What cannot be kept is refused where everybody would wait for it.
      return error instanceof UserError && how === 'public' ? { kind: 'refused', error } : { kind: 'not-kept' };
    }
  }

  /** Resolves when the bot is done. Throws only where not even a refusal could be delivered. */
  async carryOut(heard: Heard, accepted: Accepted): Promise<void> {
    const { people, identity } = this.#parts;
    const { source, isSubmit, ask } = heard;
    const actor = await people.actor(identity(), source.user, source.userName, isSubmit);
    try {
      if (this.#isStranger(heard)) {
        throw refusal('place.unknown');
      }
      if (accepted.kind === 'refused') {
        throw accepted.error;
      }
      if (ask.kind === 'refused') {
        throw ask.error;
      }
      if (ask.kind === 'command-form' && (ask.spec.audience === 'everybody' || actor.isAdmin)) {
        await this.#open(heard, commandView(ask.spec, ask.options, originOf(heard), actor.locale));
        return;
      }
      const action: Action =
        ask.kind === 'action' ? ask.action : { kind: 'command', name: ask.spec.name, options: ask.options };
      await this.#run(heard, actor, action);
    } catch (error) {
      if (accepted.kind === 'kept') {
        await accepted.takeBack();
      }
      await this.#refuse(heard, actor.locale, error);
    }
  }

  async #run(heard: Heard, actor: Actor, action: Action): Promise<void> {
    const { bot } = this.#parts;
    const invocation = this.#invocation(heard, actor, action);
    const how = bot.acknowledgement(action);
    if (how === 'form') {
      await this.#open(heard, formView(await bot.form(invocation), originOf(heard), actor.locale));
      return;
    }
    const expected = expectedAddress(heard, how);
    const address = how === 'public' ? await this.#placeholder(heard, expected, invocation.place.locale) : expected;
    await bot.handle(invocation, encodeAddress(address));
  }

  /**
   * One line in the channel that the answer replaces. With its `ts` saved before the work begins, everything later is an
   * edit, and an edit done twice after a crash is one edit. Where Slack is slow, the first answer makes the message.
   */
  async #placeholder({ source, atMs }: Heard, address: SlackAddress, locale: Locale): Promise<SlackAddress> {
    const { posts, log } = this.#parts;
    const spot = { channel: address.channel, thread: address.thread };
    const line = renderMessage(oneLine(text(locale, 'wait.begin'), 'italic'), undefined);
    try {
      const options = { key: source.id, patience: 'brief', sinceMs: atMs } as const;
      return { ...address, ...(await posts.post(spot, line, options)), isPlaceholder: true };
    } catch (error) {
      if (isRefusal(error, ...SHUT_OUT)) {
        throw refusal('place.shut-out');
      }
      log.warn({ err: error }, 'Slack: no first line could be posted; the answer will make its own message');
      return address;
    }
  }

  async #open({ source }: Heard, view: SlackView): Promise<void> {
    if (source.trigger === undefined) {
      throw new Error('a delivery without trigger_id cannot open a form');
    }
    try {
      await this.#parts.api.call('views.open', { trigger_id: source.trigger, view }, { patience: 'quick' });
    } catch (error) {
      if (isRefusal(error, 'expired_trigger_id', 'trigger_expired', 'exchanged_trigger_id')) {
        throw refusal('form.late');
      }
      throw error;
    }
  }

  async #refuse({ source, address }: Heard, locale: Locale, error: unknown): Promise<void> {
    const id = source.id.slice(0, 8);
    const isOurs = !(error instanceof UserError);
    if (isOurs) {
      this.#parts.log.error({ err: error, fault: id }, 'Slack: a delivery could not be handed to the bot');
    }
    const sentence = isOurs ? text(locale, 'error.fault', { id }) : errorText(locale, error);
    const options = { mode: 'private', key: `refused:${source.id}`, isFinal: true } as const;
    await this.#parts.delivery.deliver({ ...address, isPrivate: true }, oneLine(sentence, 'plain'), options);
  }

  #invocation({ source, atMs }: Heard, actor: Actor, action: Action): Invocation {
    const place = placeOf(this.#parts.identity(), source.channel, actor.locale);
    return { id: source.id, actor, place, action, receivedAtMs: atMs };
  }

  #isStranger({ source }: Heard): boolean {
    const { team, enterprise } = this.#parts.identity();
    const isOfOrganisation = enterprise !== undefined && source.enterprise === enterprise;
    return source.team !== undefined && source.team !== team && !isOfOrganisation;
  }
}

export function placeOf(identity: Identity, channel: string, locale: Locale): Place {
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

/** Where the answer belongs before anything is posted; after a crash it leads to the first line, if that was posted. */
function expectedAddress({ address, pressed, source }: Heard, how: Exclude<Acknowledgement, 'form'>): SlackAddress {
  switch (how) {
    case 'public':
      return { ...address, placeholderKey: source.id };
    case 'private':
      return { ...address, isPrivate: true };
    case 'update':
      return pressed === undefined ? { ...address, isPrivate: true } : pressedAddress(address, pressed);
    default:
      return how satisfies never;
  }
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
