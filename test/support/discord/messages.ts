/**
 * Making, changing and showing messages under Discord's rules: what is kept on an edit, whom a mention notifies, how an
 * attachment's signed URL is made and when it ends. Who is allowed to call which route is the routes' matter.
 */
import { createHmac } from 'node:crypto';

import { obey, refusals } from './failures.ts';
import { messageBody } from './message-rules.ts';
import type { MessageBody } from './message-rules.ts';
import type { Body } from './request-body.ts';
import type { FakeChannel, FakeUser, Interaction, StoredFile, StoredMessage, World } from './world.ts';

const URL_LIVES_MS = 24 * 3_600_000;
const LOADING = 1 << 7;
const EPHEMERAL = 1 << 6;

export type NewMessage = {
  readonly channel: FakeChannel;
  readonly interaction?: Interaction;
  readonly visibleTo?: string;
  readonly limitBytes: number;
};

export class Messages {
  readonly #world: World;
  readonly #cdnUrl: () => string;

  constructor(world: World, cdnUrl: () => string) {
    this.#world = world;
    this.#cdnUrl = cdnUrl;
  }

  /** The visible "thinking…". */
  placeholder({ channel, interaction, visibleTo }: Omit<NewMessage, 'limitBytes'>): StoredMessage {
    const message = this.#blank(channel, interaction, visibleTo, undefined);
    message.isLoading = true;
    return message;
  }

  create(body: Body, place: NewMessage): StoredMessage {
    const fields = obey(messageBody, body.json);
    const nonce = fields.nonce === undefined ? undefined : String(fields.nonce);
    if (nonce !== undefined && fields.enforce_nonce === true) {
      const twin = this.#world.messages.get(this.#world.nonces.get(nonce) ?? '');
      if (twin !== undefined) {
        return twin;
      }
    }
    if (place.interaction === undefined && ((fields.flags ?? 0) & EPHEMERAL) !== 0) {
      throw refusals.invalidBody(['flags: only answers to interactions can be private']);
    }
    const files = this.#files(body, fields, [], place.limitBytes);
    if ((fields.content ?? '') === '' && files.length === 0 && (fields.components ?? []).length === 0) {
      throw refusals.emptyMessage();
    }
    const message = this.#blank(place.channel, place.interaction, place.visibleTo, nonce);
    this.#fill(message, fields, files);
    message.notified = this.#notifiedBy(fields, place.interaction === undefined);
    return message;
  }

  edit(message: StoredMessage, body: Body, limitBytes: number): void {
    const fields = obey(messageBody, body.json);
    if (((fields.flags ?? 0) & EPHEMERAL) !== 0) {
      throw refusals.invalidBody(['flags: who sees a message cannot be changed']);
    }
    const files = this.#files(body, fields, message.files, limitBytes);
    const content = fields.content === undefined ? message.content : (fields.content ?? '');
    if (content === '' && files.length === 0) {
      throw refusals.emptyMessage();
    }
    const wasLoading = message.isLoading;
    this.#fill(message, fields, files);
    message.isLoading = false;
    message.edits += 1;
    if (wasLoading) {
      // The first filling of a placeholder notifies as a new message would; later edits never do.
      message.notified = this.#notifiedBy(fields, false);
    }
  }

  delete(message: StoredMessage): void {
    this.#world.messages.delete(message.id);
    this.#world.changed();
  }

  /** The message as the API shows it. */
  json(message: StoredMessage): Record<string, unknown> {
    return {
      id: message.id,
      type: message.interaction === undefined ? 0 : 20,
      channel_id: message.channel.id,
      ...this.#authorOf(message),
      content: message.content,
      embeds: [],
      mentions: [],
      mention_roles: [],
      mention_everyone: false,
      pinned: false,
      tts: false,
      timestamp: new Date(message.createdAtMs).toISOString(),
      edited_timestamp: message.edits > 0 ? new Date(this.#world.clock.now()).toISOString() : null,
      flags: (message.isLoading ? LOADING : 0) | (message.visibleTo === undefined ? 0 : EPHEMERAL),
      components: message.rows,
      attachments: message.files.map((file) => this.attachmentJson(file, message.channel.id)),
      ...(message.nonce === undefined ? {} : { nonce: message.nonce }),
    };
  }

  /** What a person writes and attaches. */
  say(author: FakeUser, channel: FakeChannel, content: string, files: readonly StoredFile[]): StoredMessage {
    const message: StoredMessage = { ...this.#blank(channel, undefined, undefined, undefined), author, content, files };
    this.#world.messages.delete(message.id);
    this.#world.messages.set(message.id, message);
    return message;
  }

  #authorOf({ author }: StoredMessage): Record<string, unknown> {
    const { id, name } = this.#world.application;
    return author === undefined
      ? { author: { id, username: name, bot: true, discriminator: '0' }, application_id: id }
      : { author: { id: author.id, username: author.name, discriminator: '0' } };
  }

  attachmentJson(file: StoredFile, folder: string): Record<string, unknown> {
    const path = `/attachments/${folder}/${file.id}/${encodeURIComponent(file.name)}`;
    const expires = Math.floor((this.#world.clock.now() + URL_LIVES_MS) / 1000).toString(16);
    const url = `${this.#cdnUrl()}${path}?ex=${expires}&is=0&hm=${signature(path, expires)}`;
    return {
      id: file.id,
      filename: file.name,
      content_type: file.contentType,
      size: file.data.length,
      url,
      proxy_url: url,
      ...(file.alt === '' ? {} : { description: file.alt }),
    };
  }

  /** Whether a CDN request's signature holds and has not expired. */
  isSigned(path: string, query: URLSearchParams): boolean {
    const expires = query.get('ex') ?? '';
    return (
      query.get('hm') === signature(path, expires) && Number.parseInt(expires, 16) * 1000 > this.#world.clock.now()
    );
  }

  #blank(
    channel: FakeChannel,
    interaction: Interaction | undefined,
    visibleTo: string | undefined,
    nonce: string | undefined,
  ): StoredMessage {
    const message: StoredMessage = {
      id: this.#world.clock.nextId(),
      channel,
      createdAtMs: this.#world.clock.now(),
      visibleTo,
      nonce,
      interaction,
      content: '',
      files: [],
      rows: [],
      notified: [],
      isLoading: false,
      edits: 0,
    };
    this.#world.messages.set(message.id, message);
    if (nonce !== undefined) {
      this.#world.nonces.set(nonce, message.id);
    }
    return message;
  }

  #fill(message: StoredMessage, fields: MessageBody, files: readonly StoredFile[]): void {
    message.content = fields.content === undefined ? message.content : (fields.content ?? '');
    message.rows = fields.components === undefined ? message.rows : (fields.components ?? []);
    message.files = files;
    this.#world.changed();
  }

  /** New files, and of the old ones those that the list names; without a list all old ones stay. */
  #files(body: Body, fields: MessageBody, old: readonly StoredFile[], limitBytes: number): readonly StoredFile[] {
    if (body.files.reduce((sum, file) => sum + file.data.length, 0) > limitBytes) {
      throw refusals.tooLarge();
    }
    const listed = fields.attachments ?? undefined;
    const kept = listed === undefined ? old : old.filter((file) => listed.some((each) => String(each.id) === file.id));
    const strangers = (listed ?? []).filter(
      (each) =>
        !old.some((file) => file.id === String(each.id)) &&
        !body.files.some((file) => String(file.index) === String(each.id)),
    );
    if (strangers.length > 0 || kept.length + body.files.length > 10) {
      throw refusals.invalidBody([`attachments: ${strangers.length} refer to nothing`]);
    }
    return [
      ...kept,
      ...body.files.map((file) => ({
        id: this.#world.clock.nextId(),
        name: listed?.find((each) => String(each.id) === String(file.index))?.filename ?? file.name,
        contentType: file.contentType,
        data: file.data,
        alt: listed?.find((each) => String(each.id) === String(file.index))?.description ?? '',
      })),
    ];
  }

  /** Webhook messages parse users by default, channel messages everything. */
  #notifiedBy(fields: MessageBody, isChannelMessage: boolean): readonly string[] {
    const content = fields.content ?? '';
    const named = [...content.matchAll(/(?<!\\)<@!?(\d+)>/g)].flatMap((match) => match[1] ?? []);
    const mentions = fields.allowed_mentions ?? undefined;
    const isEveryone = /@(everyone|here)/.test(content);
    if (mentions === undefined) {
      return [...named, ...(isChannelMessage && isEveryone ? ['everyone'] : [])];
    }
    const parse = mentions.parse ?? [];
    return [
      ...named.filter((id) => parse.includes('users') || mentions.users?.includes(id) === true),
      ...(isEveryone && parse.includes('everyone') ? ['everyone'] : []),
    ];
  }
}

function signature(path: string, expires: string): string {
  return createHmac('sha256', 'the stand-in signs with this').update(`${path} ${expires}`).digest('hex').slice(0, 32);
}
