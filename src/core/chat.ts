/**
 * The ports between the bot and the chats.
 *
 * An adapter turns a platform's event into an `Invocation`, acknowledges it at once as `Bot.acknowledgement` says
 * (at most one look at the server's settings), and hands it over. From then on everything shown goes through
 * `Chat.deliver` and the saved `ReplyAddress`, so an answer after a restart takes the same path as one before it.
 */
import type { OptionValue, Upload } from './command.ts';
import type { ReplyAddress } from './job.ts';
import type { Form, Message } from './message.ts';
import type { Actor, Locale, Place, Platform, Role, ServerKey, UserKey } from './people.ts';

/** What the menu of any message with a picture offers. */
export const MESSAGE_ACTIONS = ['upscale', 'use', 'info', 'train'] as const;
export type MessageAction = (typeof MESSAGE_ACTIONS)[number];

export type Action =
  | {
      readonly kind: 'command';
      readonly name: string;
      readonly options: Readonly<Record<string, OptionValue>>;
    }
  /**
   * `carried`: the ids that the pressed message carries; a press of another id is forged. `isPrivate`: one person alone
   * sees that message.
   */
  | {
      readonly kind: 'button';
      readonly id: string;
      readonly carried?: readonly string[] | undefined;
      readonly isPrivate?: boolean | undefined;
    }
  | {
      readonly kind: 'select';
      readonly id: string;
      readonly values: readonly string[];
      readonly carried?: readonly string[] | undefined;
    }
  /** A form came back; `id` is the form's, `isPrivate` of the message that opened it. */
  | {
      readonly kind: 'form';
      readonly id: string;
      readonly fields: Readonly<Record<string, string>>;
      /** What was put into fields that take pictures. */
      readonly files?: Readonly<Record<string, readonly Upload[]>> | undefined;
      readonly isPrivate?: boolean | undefined;
    }
  /**
   * A context-menu command on a message. Of one of ours `buttonIds` are the ids that it carries: they name its job;
   * `pictures` are what anybody's message shows, `author` whose it is, where the platform tells.
   */
  | {
      readonly kind: 'message';
      readonly name: MessageAction;
      readonly buttonIds: readonly string[];
      readonly pictures?: readonly Upload[] | undefined;
      readonly author?: UserKey | undefined;
      readonly isPrivate?: boolean | undefined;
    };

export type Invocation = {
  /** The platform's id of this event; the same id twice is one event. */
  readonly id: string;
  readonly actor: Actor;
  readonly place: Place;
  readonly action: Action;
  readonly receivedAtMs: number;
  /** What the platform was told; absent: what the action alone says. */
  readonly acknowledgedAs?: Acknowledgement | undefined;
};

/**
 * What the platform sees within its 3 s: a visible or private "thinking…" that the answer replaces, a form (then
 * `Bot.form` gives it and nothing else is sent), or nothing but the bare acknowledgement: the pressed message is then
 * itself edited through its address (`update`).
 */
export const ACKNOWLEDGEMENTS = ['public', 'private', 'form', 'update'] as const;
export type Acknowledgement = (typeof ACKNOWLEDGEMENTS)[number];

export type Suggestion = { readonly value: string; readonly label: string };

export type DeliverOptions = {
  /**
   * `edit` replaces what stands at the address; `new` posts another message in the same place (an answer of its own);
   * `private` is seen by the actor alone and leaves the public placeholder, if there is one, removed.
   */
  readonly mode: 'edit' | 'new' | 'private';
  /** The same key twice posts once, also across a restart, as far as the platform allows. */
  readonly key: string;
  /** A final answer must arrive (retried, through the channel if the token has expired); a progress edit may be dropped. */
  readonly isFinal: boolean;
  /** In which language the chat says what it had to leave out; absent: English. */
  readonly locale?: Locale;
};

/** A channel, and the server that it has to be a channel of. */
export type ServerChannel = { readonly server: ServerKey; readonly id: string };

export const EXPRESSION_KINDS = ['emoji', 'sticker'] as const;
export type ExpressionKind = (typeof EXPRESSION_KINDS)[number];

/** A server's own emoji and stickers, where a chat lets the bot add them. */
export interface Expressions {
  /** What a file of each kind may be. */
  readonly forms: Readonly<Record<ExpressionKind, { readonly sidePx: number; readonly maxBytes: number }>>;
  /**
   * Adds a PNG; `shown` is how it looks in a message. Throws `UserError` `emoji.permission` with the link that asks for
   * it, `emoji.full`, `emoji.refused`, `emoji.later`.
   */
  add(
    server: ServerKey,
    expression: { readonly kind: ExpressionKind; readonly name: string; readonly data: Uint8Array },
  ): Promise<{ readonly id: string; readonly shown: string }>;
  /** One that is already gone is no error. */
  remove(server: ServerKey, kind: ExpressionKind, id: string): Promise<void>;
}

/** A message of anybody's: of one of ours `buttonIds` name its job, `pictures` are what is attached to it. */
export type ShownMessage = { readonly buttonIds: readonly string[]; readonly pictures: readonly Upload[] };

export type Avatar = { readonly user: UserKey; readonly picture: Upload };

export interface Chat {
  readonly platform: Platform;
  /** Absent where files are all that can be given. */
  readonly expressions?: Expressions | undefined;
  /**
   * Returns the address under which the delivered message can be edited from now on. What cannot be delivered as it is
   * goes as something less (a smaller picture, words, a direct message). Throws `UserError` where no later try can
   * succeed either, anything else where one may.
   */
  deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress>;
  /** Removes the message at the address; one that is already gone is no error. */
  remove(address: ReplyAddress): Promise<void>;
  /**
   * The picture of a person of that server, by key or as people name each other there (`<@123>`); undefined where there
   * is no such person. Absent where nobody has one.
   */
  avatar?(server: ServerKey, person: string): Promise<Avatar | undefined>;
  /**
   * What the message shows that began the thread of the address; undefined outside of threads, and where it is gone.
   * Absent where nobody asks in a thread. Throws `UserError` `image.thread-closed` where the bot may not read it.
   */
  threadHead?(address: ReplyAddress): Promise<ShownMessage | undefined>;
  /** Roles or user groups that people of that server can have; absent where there are none. */
  roles?(server: ServerKey): Promise<readonly Role[]>;
  /** Where the chat itself keeps what was said: all that was said to that person alone goes, and what stands at the addresses. */
  forget?(user: UserKey, addresses: readonly ReplyAddress[]): Promise<void>;
  /**
   * Posts into a channel by its id (the audit channel). Throws `UserError` `settings.channel` for one of another server:
   * ids are typed, and nobody speaks through the bot where they have no say.
   */
  post(channel: ServerChannel, message: Message, key: string): Promise<void>;
}

/** What the bot's own page shows one person, in a chat that gives it one. */
export type Home = {
  readonly about: Message;
  /** The person's latest answers, each where it stands; `message` has no picture of its own. */
  readonly pictures: readonly { readonly address: ReplyAddress; readonly message: Message }[];
  readonly styles: Message;
  /** For admins alone. */
  readonly settings: Message | undefined;
};

/** What somebody has to write differently in a form, and the sentence that says so. */
export type FormFault = { readonly field: string; readonly sentence: string };

export interface Adapter extends Chat {
  start(): Promise<void>;
  /** No new events are taken in; what runs is finished. */
  stop(): Promise<void>;
  /** Connected and hearing from the platform: a dead socket is not ready. */
  readiness(): { readonly isReady: boolean; readonly detail: string };
}

export interface Bot {
  /** At once for what the action alone says; else after one look at the place's settings, which never fails. */
  acknowledgement(action: Action, place: Place): Acknowledgement | Promise<Acknowledgement>;
  /** For actions acknowledged with `form`; may refuse with `UserError`, shown privately. Fast: one look into the store. */
  form(invocation: Invocation): Promise<Form>;
  /**
   * Makes durable that somebody is about to wait at `address`, before the platform is told that we heard: a crash
   * between the acknowledgement and the saved job then loses nothing. `handle` follows, or the next start takes it up;
   * what is returned takes it back, for an acknowledgement that did not arrive. Throws `UserError` where it cannot be
   * kept: that sentence is then the whole answer.
   */
  record(invocation: Invocation, address: ReplyAddress): Promise<() => Promise<void>>;
  /** Never throws; the conversation at `address` is ended by the time the job is: done, failed or cancelled. */
  handle(invocation: Invocation, address: ReplyAddress): Promise<void>;
  /** Only these of the platform's servers (of those that `isOurs`) have the bot; the rest left while nobody listened. */
  present?(platform: Platform, servers: ReadonlySet<ServerKey>, isOurs: (server: ServerKey) => boolean): Promise<void>;
  /** A server has taken the bot in, or away; an outage is neither. */
  joined?(server: ServerKey): Promise<void>;
  left?(server: ServerKey): Promise<void>;
  /**
   * What in a filled-in form cannot be taken, before the form is gone with all its words; undefined where nothing is, or
   * where the field does not matter. Changes nothing, fetches nothing, never throws.
   */
  formFault?(invocation: Invocation): Promise<FormFault | undefined>;
  /** For chats in which the bot has a page of its own. */
  home?(actor: Actor, place: Place): Promise<Home>;
  /** Values for an option while it is typed; at most 25, best first. */
  suggest(
    place: Place,
    user: UserKey,
    command: string,
    option: string,
    partial: string,
  ): Promise<readonly Suggestion[]>;
}
