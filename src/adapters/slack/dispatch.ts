/**
 * A parsed event → the intake's terms, and after the acknowledgement → the bot: who asks is looked up, a first line is
 * posted or a form opened, and the bot takes over. The bot sees to all failures from then on.
 */
import type { Acknowledgement, Action, Bot, FormFault, Invocation } from '../../core/chat.ts';
import type { UserError } from '../../core/errors.ts';
import type { Actor, Locale } from '../../core/people.ts';
import type { InboundEvent } from '../shared/intake.ts';
import { encodeAddress, type SlackAddress } from './address.ts';
import type { Identity } from './identity.ts';
import { originOf, type SlackEvent } from './parse.ts';
import type { PressedMessage } from './payload.ts';
import type { People } from './people.ts';
import { placeOf } from './place.ts';
import { commandView, formView } from './render-form.ts';
import type { Responder } from './respond.ts';

export type DispatcherParts = {
  readonly bot: Bot;
  readonly people: People;
  readonly responder: Responder;
  readonly identity: Identity;
};

type Told = { readonly ack: () => Promise<void>; readonly receivedAtMs: number };
type Deferral = Exclude<Acknowledgement, 'form'>;

export class Dispatcher {
  readonly #parts: DispatcherParts;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  async inbound(event: SlackEvent, { ack, receivedAtMs }: Told): Promise<InboundEvent> {
    const { bot, responder, identity } = this.#parts;
    const { ask, source } = event;
    const place = placeOf(identity, source.channel, 'en');
    const acknowledgement = ask.kind === 'action' ? await bot.acknowledgement(ask.action, place) : undefined;
    let locale: Locale = 'en';
    return {
      id: source.id,
      receivedAtMs,
      acknowledgement,
      record: this.#recordOf(event, acknowledgement),
      acknowledge: async (refused) => {
        await ack();
        const dispatch = async (): Promise<void> => {
          const actor = await this.#actor(event);
          locale = actor.locale;
          await this.dispatch(event, actor, acknowledgement, refused);
        };
        return { kind: 'done', dispatch };
      },
      refuse: async (error) => responder.refuse(event, locale, error),
      acknowledgeAgain: ack,
    };
  }

  /** What is wrong in a form that came back: who sent it is remembered, or asked for. */
  async formFault(event: SlackEvent): Promise<FormFault | undefined> {
    const { bot } = this.#parts;
    const { ask } = event;
    if (ask.kind !== 'action') {
      return undefined;
    }
    // Rights are asked anew by the handler.
    const actor = await this.#actor({ ...event, isSubmit: false });
    return bot.formFault?.(this.#invocation(event, actor, ask.action));
  }

  /** Resolves when the bot is done. Throws `UserError` for what is refused before the bot is asked. */
  async dispatch(
    event: SlackEvent,
    actor: Actor,
    how: Acknowledgement | undefined,
    refused: UserError | undefined,
  ): Promise<void> {
    const { bot, responder } = this.#parts;
    const { ask } = event;
    if (refused !== undefined || ask.kind === 'refused') {
      throw refused ?? (ask.kind === 'refused' ? ask.error : refused);
    }
    if (ask.kind === 'command-form' && (ask.spec.audience === 'everybody' || actor.isAdmin)) {
      await responder.openForm(event, commandView(ask.spec, ask.options, originOf(event), actor.locale));
      return;
    }
    const action: Action =
      ask.kind === 'action' ? ask.action : { kind: 'command', name: ask.spec.name, options: ask.options };
    const heard = this.#invocation(event, actor, action);
    const acknowledgement = how ?? (await bot.acknowledgement(action, heard.place));
    const invocation = { ...heard, acknowledgedAs: acknowledgement };
    if (acknowledgement === 'form') {
      await responder.openForm(event, formView(await bot.form(invocation), originOf(event), actor.locale));
      return;
    }
    const expected = expectedAddress(event, acknowledgement);
    const address =
      acknowledgement === 'public' ? await responder.placeholder(event, expected, invocation.place.locale) : expected;
    await bot.handle(invocation, encodeAddress(address));
  }

  /** Asks nobody: rights and language are what is known of the person, and no rights where nothing is. */
  #recordOf(event: SlackEvent, how: Acknowledgement | undefined): InboundEvent['record'] {
    const { people, identity } = this.#parts;
    const { ask, source } = event;
    if (ask.kind !== 'action' || how === undefined || how === 'form') {
      return undefined;
    }
    const actor = people.remembered(identity, source.user, source.userName);
    return {
      invocation: { ...this.#invocation(event, actor, ask.action), acknowledgedAs: how },
      address: encodeAddress(expectedAddress(event, how)),
    };
  }

  #actor({ source, isSubmit }: SlackEvent): Promise<Actor> {
    return this.#parts.people.actor(this.#parts.identity, source.user, source.userName, isSubmit);
  }

  #invocation({ source, atMs }: SlackEvent, actor: Actor, action: Action): Invocation {
    const place = placeOf(this.#parts.identity, source.channel, actor.locale);
    return { id: source.id, actor, place, action, receivedAtMs: atMs };
  }
}

/** Where the answer belongs before anything is posted; after a crash it leads to the first line, if that was posted. */
function expectedAddress({ address, pressed, source }: SlackEvent, how: Deferral): SlackAddress {
  switch (how) {
    case 'public':
      return { ...address, isHome: false, placeholderKey: source.id };
    case 'private':
      return { ...address, isHome: false, isPrivate: true };
    case 'update':
      return address.isHome
        ? address
        : pressed === undefined
          ? { ...address, isPrivate: true }
          : pressedAddress(address, pressed);
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
