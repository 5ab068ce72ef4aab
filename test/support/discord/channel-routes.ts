/** Messages by the bot's own token: possible only where the channel's permissions allow it. */
import { refusals } from './failures.ts';
import type { Messages } from './messages.ts';
import type { Body } from './request-body.ts';
import { DEFAULT_UPLOAD_LIMIT_BYTES } from './world.ts';
import type { FakeChannel, Permission, StoredMessage, World } from './world.ts';

export class ChannelRoutes {
  readonly #world: World;
  readonly #messages: Messages;

  constructor(world: World, messages: Messages) {
    this.#world = world;
    this.#messages = messages;
  }

  look(channelId: string): unknown {
    const { id, name, guild } = this.#channel(channelId);
    return guild === undefined ? { id, type: 1 } : { id, type: 0, name, guild_id: guild.id };
  }

  /** The direct messages with a person: there is one such channel a person. */
  openDirect(userId: string): unknown {
    if (!this.#world.users.has(userId)) {
      throw refusals.invalidBody(['recipient_id: nobody']);
    }
    return this.look(this.#world.directOf(userId).id);
  }

  create(channelId: string, body: Body): unknown {
    const channel = this.#channel(channelId);
    if (this.#world.closed.has(channel.id)) {
      throw refusals.noDirect();
    }
    if (channel.isLocked === true) {
      throw refusals.archivedThread();
    }
    this.#demand(channel, body.files.length > 0 ? ['sendMessages', 'attachFiles'] : ['sendMessages']);
    return this.#messages.json(this.#messages.create(body, { channel, limitBytes: DEFAULT_UPLOAD_LIMIT_BYTES }));
  }

  get(channelId: string, messageId: string): unknown {
    return this.#messages.json(this.#message(this.#channel(channelId), messageId));
  }

  edit(channelId: string, messageId: string, body: Body): unknown {
    const channel = this.#channel(channelId);
    const message = this.#message(channel, messageId);
    this.#messages.edit(message, body, DEFAULT_UPLOAD_LIMIT_BYTES);
    return this.#messages.json(message);
  }

  delete(channelId: string, messageId: string): void {
    this.#messages.delete(this.#message(this.#channel(channelId), messageId));
  }

  #channel(id: string): FakeChannel {
    const channel = this.#world.channels.get(id);
    if (channel === undefined) {
      throw refusals.unknownChannel();
    }
    if (!channel.botPermissions.includes('viewChannel')) {
      throw refusals.missingAccess();
    }
    return channel;
  }

  #demand(channel: FakeChannel, permissions: readonly Permission[]): void {
    if (permissions.some((each) => !channel.botPermissions.includes(each))) {
      throw refusals.missingPermissions();
    }
  }

  /** An ephemeral message does not exist for this route. */
  #message(channel: FakeChannel, id: string): StoredMessage {
    const message = this.#world.messages.get(id);
    if (message === undefined || message.channel !== channel || message.visibleTo !== undefined) {
      throw refusals.unknownMessage();
    }
    return message;
  }
}
