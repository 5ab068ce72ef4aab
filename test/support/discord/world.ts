/**
 * All that the stand-in remembers: guilds, channels, people, messages, interactions and registered commands; and a way
 * to wait for a change of it. Knows neither HTTP nor sockets.
 */
import { Changes } from '../changes.ts';
import type { Clock } from './clock.ts';
import type { RegisteredCommand } from './command-rules.ts';
import type { ModalBody, RowBody } from './message-rules.ts';

export const PERMISSIONS = {
  administrator: 1n << 3n,
  manageGuild: 1n << 5n,
  viewChannel: 1n << 10n,
  sendMessages: 1n << 11n,
  manageMessages: 1n << 13n,
  attachFiles: 1n << 15n,
  useCommands: 1n << 31n,
  sendInThreads: 1n << 38n,
  createExpressions: 1n << 43n,
} as const;
export type Permission = keyof typeof PERMISSIONS;

export const bitsOf = (permissions: readonly Permission[]): bigint =>
  permissions.reduce((bits, each) => bits | PERMISSIONS[each], 0n);

export type FakeGuild = { readonly id: string; readonly name: string; readonly locale: string };

export type FakeChannel = {
  readonly id: string;
  readonly name: string;
  /** Absent: a direct message with the bot. */
  readonly guild: FakeGuild | undefined;
  readonly isNsfw: boolean;
  /** A thread, or the post of a forum: whose. It says nothing of its own about adults. */
  readonly parent?: FakeChannel;
  /** Discord's number; text where none is given. */
  readonly type?: number;
  /** A thread that was locked or archived: nobody writes there, not even by a token. */
  isLocked?: boolean;
  /** What the bot may do there; a test may take some away. */
  botPermissions: readonly Permission[];
};

export type FakeUser = {
  readonly id: string;
  readonly name: string;
  readonly locale: string;
  readonly permissions: readonly Permission[];
  readonly roles: readonly string[];
  /** Has installed the bot; the guild or channel has not. */
  readonly isPersonal: boolean;
  readonly uploadLimitBytes: number;
};

export type StoredFile = {
  readonly id: string;
  readonly name: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly alt: string;
};

export type StoredMessage = {
  readonly id: string;
  readonly channel: FakeChannel;
  readonly createdAtMs: number;
  /** The only person who sees it; absent: everybody in the channel. */
  readonly visibleTo: string | undefined;
  readonly nonce: string | undefined;
  /** The press or command it answers; absent: posted by the bot's own token. */
  readonly interaction: Interaction | undefined;
  /** A person who wrote it; absent: the bot. */
  readonly author?: FakeUser;
  content: string;
  files: readonly StoredFile[];
  rows: readonly RowBody[];
  /** People who got a notification. */
  notified: readonly string[];
  isLoading: boolean;
  edits: number;
};

export type Interaction = {
  readonly id: string;
  readonly token: string;
  readonly type: 2 | 3 | 4 | 5;
  readonly channel: FakeChannel;
  readonly user: FakeUser;
  readonly createdAtMs: number;
  readonly source: string | undefined;
  acknowledgedAtMs: number | undefined;
  answerType: number | undefined;
  original: string | undefined;
  followUps: number;
  modal: ModalBody | undefined;
  choices: readonly { readonly name: string; readonly value: string | number }[] | undefined;
};

export const ACKNOWLEDGE_WITHIN_MS = 3_000;
export const TOKEN_LIVES_MS = 15 * 60_000;
export const DEFAULT_UPLOAD_LIMIT_BYTES = 10 * 1024 * 1024;

/** Messages by id, oldest first, and by channel: a long test looks into one channel often. */
export class MessageList extends Map<string, StoredMessage> {
  readonly #byChannel = new Map<FakeChannel, StoredMessage[]>();

  /** Oldest first. */
  in(channel: FakeChannel): readonly StoredMessage[] {
    return this.#byChannel.get(channel) ?? [];
  }

  /** Those from this moment on, oldest first. */
  since(channel: FakeChannel, atMs: number): readonly StoredMessage[] {
    const list = this.in(channel);
    return list.slice(list.findLastIndex(({ createdAtMs }) => createdAtMs < atMs) + 1);
  }

  override set(id: string, message: StoredMessage): this {
    const list = this.#byChannel.get(message.channel) ?? [];
    this.#byChannel.set(message.channel, list);
    list.push(message);
    return super.set(id, message);
  }

  override delete(id: string): boolean {
    const message = this.get(id);
    const list = message && this.#byChannel.get(message.channel);
    list?.splice(
      list.findIndex((each) => each.id === id),
      1,
    );
    return super.delete(id);
  }
}

export class World extends Changes {
  readonly clock: Clock;
  readonly application: { readonly id: string; readonly name: string };
  readonly guilds: FakeGuild[] = [];
  /** Of every guild. */
  readonly roles: { readonly id: string; readonly name: string }[] = [];
  readonly channels = new Map<string, FakeChannel>();
  readonly users = new Map<string, FakeUser>();
  readonly messages = new MessageList();
  /** Nonce → message id, as far back as this stand-in lives (Discord: some minutes). */
  readonly nonces = new Map<string, string>();
  readonly interactions = new Map<string, Interaction>();
  commands: readonly (RegisteredCommand & { readonly id: string })[] = [];
  /** Channels of direct messages whose person takes none. */
  readonly closed = new Set<string>();
  readonly #directs = new Map<string, FakeChannel>();
  readonly #byToken = new Map<string, Interaction>();

  constructor(clock: Clock) {
    super();
    this.clock = clock;
    this.application = { id: this.clock.nextId(), name: 'Fourstep' };
  }

  /** The channel of direct messages with a person, made when it is first asked for. */
  directOf(userId: string): FakeChannel {
    const known = this.#directs.get(userId);
    const channel = known ?? {
      id: this.clock.nextId(),
      name: 'direct',
      guild: undefined,
      isNsfw: false,
      botPermissions: ['viewChannel', 'sendMessages', 'attachFiles'],
    };
    this.#directs.set(userId, channel);
    this.channels.set(channel.id, channel);
    return channel;
  }

  add(interaction: Interaction): void {
    this.interactions.set(interaction.id, interaction);
    this.#byToken.set(interaction.token, interaction);
  }

  byToken(token: string): Interaction | undefined {
    return this.#byToken.get(token);
  }
}
