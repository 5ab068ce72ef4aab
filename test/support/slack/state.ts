/** What a workspace holds: people, channels, messages, files, open modals. Plain data with a clock; no network. */
import { randomUUID } from 'node:crypto';

import { Changes } from '../changes.ts';
import type { Json } from './json.ts';
import { MessageList } from './message-list.ts';

export type StoredPerson = {
  readonly id: string;
  readonly name: string;
  readonly team: string;
  readonly isGuest: boolean;
  readonly locale: string;
  isAdmin: boolean;
};

export type StoredChannel = {
  readonly id: string;
  readonly name: string;
  readonly kind: 'public' | 'private' | 'direct';
  /** The workspace that it belongs to. */
  readonly team: string;
  hasBot: boolean;
};

export type StoredMessage = {
  readonly channel: string;
  readonly ts: string;
  readonly thread: string | undefined;
  /** Undefined: our bot. */
  readonly author: string | undefined;
  readonly metadata: unknown;
  /** Set for a message that only this person sees. */
  readonly onlyFor: string | undefined;
  readonly files: readonly string[];
  text: string;
  blocks: readonly Json[];
  edits: number;
};

export type StoredFile = {
  readonly id: string;
  readonly name: string;
  readonly alt: string;
  readonly length: number;
  data: Buffer | undefined;
  isComplete: boolean;
  /** By the workspace's clock; Infinity: never. */
  processedAtMs: number;
  shares: { channel: string; ts: string }[];
};

export type OpenView = { readonly id: string; readonly user: string; readonly view: Json };
export type ResponseUrl = {
  readonly token: string;
  readonly channel: string;
  readonly user: string;
  readonly madeAtMs: number;
  /** The message whose button was pressed, by ts. */
  readonly source: string | undefined;
  /** What the url posted last; a slash command's url can replace that. */
  last: string | undefined;
  posts: number;
};

export const TEAM = 'T0FAKE';
export const APP = 'A0FAKE';
export const BOT_USER = 'U0BOT';
export const BOT = 'B0BOT';

/** Tells of every message, edit and acknowledgement. */
export class State extends Changes {
  readonly people = new Map<string, StoredPerson>();
  /** People's own pictures, by id. */
  readonly avatars = new Map<string, Buffer>();
  /** User groups with who is in them. */
  readonly groups: { readonly id: string; readonly handle: string; readonly users: readonly string[] }[] = [];
  readonly channels = new Map<string, StoredChannel>();
  /** Workspaces of an organisation, with the organisation. */
  readonly organisations = new Map<string, string>();
  /** What each person's Home tab shows. */
  readonly homes = new Map<string, Json>();
  readonly messages = new MessageList();
  readonly files = new Map<string, StoredFile>();
  /** By the key of the address to which the file is to be sent. */
  readonly uploads = new Map<string, StoredFile>();
  readonly views: OpenView[] = [];
  readonly responseUrls = new Map<string, ResponseUrl>();
  readonly triggers = new Map<string, { readonly user: string; readonly madeAtMs: number; isUsed: boolean }>();
  #offsetMs = 0;
  #lastTs = 0;
  #serial = 0;

  now(): number {
    return Date.now() + this.#offsetMs;
  }

  /** Moves the workspace's clock; nobody sleeps. */
  advance(ms: number): void {
    this.#offsetMs += ms;
  }

  id(prefix: string): string {
    this.#serial += 1;
    return `${prefix}${String(this.#serial).padStart(6, '0')}`;
  }

  ts(): string {
    this.#lastTs = Math.max(this.#lastTs + 1, Math.floor(this.now() * 1000));
    return (this.#lastTs / 1_000_000).toFixed(6);
  }

  trigger(user: string): string {
    const id = `${this.id('')}.${randomUUID()}`;
    this.triggers.set(id, { user, madeAtMs: this.now(), isUsed: false });
    return id;
  }

  responseUrl(channel: string, user: string, source: string | undefined): ResponseUrl {
    const url: ResponseUrl = {
      token: randomUUID(),
      channel,
      user,
      madeAtMs: this.now(),
      source,
      last: undefined,
      posts: 0,
    };
    this.responseUrls.set(url.token, url);
    return url;
  }

  message(channel: string, ts: string): StoredMessage | undefined {
    return this.messages.find(channel, ts);
  }

  add(message: Pick<StoredMessage, 'channel' | 'text' | 'blocks'> & Partial<StoredMessage>): StoredMessage {
    const stored: StoredMessage = {
      ts: this.ts(),
      thread: undefined,
      author: undefined,
      metadata: undefined,
      onlyFor: undefined,
      files: [],
      edits: 0,
      ...message,
      blocks: this.withBlockIds(message.blocks),
    };
    this.messages.add(stored);
    this.changed();
    return stored;
  }

  remove(message: StoredMessage): void {
    this.messages.remove(message);
    this.changed();
  }

  /** Text without blocks takes the blocks away. */
  edit(message: StoredMessage, text: string, blocks: readonly Json[]): void {
    message.text = text;
    message.blocks = this.withBlockIds(blocks);
    message.edits += 1;
    this.changed();
  }

  withBlockIds(blocks: readonly Json[]): readonly Json[] {
    return blocks.map((block) => ({ block_id: this.id('b'), ...block }));
  }

  /** The direct channel between the bot and a person. */
  directChannel(user: string): StoredChannel {
    const id = `D${user.slice(1)}`;
    const known = this.channels.get(id);
    if (known !== undefined) {
      return known;
    }
    const team = this.people.get(user)?.team ?? TEAM;
    const channel: StoredChannel = { id, name: 'direct', kind: 'direct', team, hasBot: true };
    this.channels.set(id, channel);
    return channel;
  }

  /** Slack shows these in blocks, and no other kind. */
  isShowable(fileId: string): boolean {
    return this.isProcessed(fileId) && /\.(png|jpe?g|gif)$/i.test(this.files.get(fileId)?.name ?? '');
  }

  isProcessed(fileId: string): boolean {
    const file = this.files.get(fileId);
    return file !== undefined && file.isComplete && file.processedAtMs <= this.now();
  }
}
