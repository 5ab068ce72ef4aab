/**
 * One request a method: make, edit or remove a message, by an interaction's token or by the bot's own. Decides nothing
 * and tries nothing twice.
 */
import { createHash } from 'node:crypto';

import { Routes } from 'discord.js';
import { z } from 'zod';

import type { ServerChannel } from '../../core/chat.ts';
import { refusal } from '../../bot/refusal.ts';
import type { UserError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import { BoundedMap } from '../../core/bounded-map.ts';
import { failureKind, unless } from '../shared/failure.ts';
import type { ChannelAddress, DiscordAddress, InteractionAddress } from './address.ts';
import type { DiscordClient } from './client.ts';
import { LIMITS } from './limits.ts';
import { filesOf, renderMessage, type RenderOptions } from './render.ts';

const REMEMBERED = 10_000;

export class MessageRequests {
  readonly #client: DiscordClient;
  /** Channel → server; a channel never changes its own. */
  readonly #owners = new BoundedMap<string, string>({ maxCost: REMEMBERED });

  constructor(client: DiscordClient) {
    this.#client = client;
  }

  async editByToken(at: InteractionAddress, message: Message): Promise<InteractionAddress> {
    const { body, files } = renderMessage(message, { keepsFiles: isStanding(at, message) });
    const path = Routes.webhookMessage(at.application, at.token, at.target);
    const made = await this.#client.byInteraction({ method: 'PATCH', path, body, files });
    return { ...at, isWaiting: false, message: idOf(made) ?? at.message, files: filesOf(message) };
  }

  async editInChannel<At extends DiscordAddress>(at: At, id: string, message: Message): Promise<At> {
    const { body, files } = renderMessage(message, { keepsFiles: isStanding(at, message) });
    await this.#client.byBot({ method: 'PATCH', path: Routes.channelMessage(at.channel, id), body, files });
    return { ...at, files: filesOf(message) };
  }

  async followUp(at: InteractionAddress, message: Message, options: RenderOptions): Promise<InteractionAddress> {
    const { body, files } = renderMessage(message, options);
    const query = new URLSearchParams({ wait: 'true' });
    const path = Routes.webhook(at.application, at.token);
    const made = idOf(await this.#client.byInteraction({ method: 'POST', path, query, body, files }));
    const isPrivate = options.isPrivate === true;
    const target = made ?? at.target;
    return { ...at, target, message: made ?? null, isPrivate, isWaiting: false, files: filesOf(message) };
  }

  /** Discord returns the first message again when the same nonce comes twice within minutes. */
  async create(
    { channel, user }: Pick<ChannelAddress, 'channel' | 'user'>,
    message: Message,
    key: string,
    options: RenderOptions = {},
  ): Promise<ChannelAddress> {
    const { body, files } = renderMessage(message, options);
    const nonce = createHash('sha256').update(`${channel} ${key}`).digest('base64url').slice(0, LIMITS.nonce);
    const path = Routes.channelMessages(channel);
    const made = await this.#client.byBot({
      method: 'POST',
      path,
      body: { ...body, nonce, enforce_nonce: true },
      files,
    });
    return { via: 'channel', channel, user, message: withId.parse(made).id, files: filesOf(message) };
  }

  /** The channel of direct messages with a person. */
  async openDirect(user: string): Promise<string> {
    const body = { recipient_id: user };
    return withId.parse(await this.#client.byBot({ method: 'POST', path: Routes.userChannels(), body })).id;
  }

  async removeByToken({ application, token, target }: InteractionAddress): Promise<void> {
    const path = Routes.webhookMessage(application, token, target);
    await unless(['gone'], async () => this.#client.byInteraction({ method: 'DELETE', path }));
  }

  /** Nothing where the bot's own token does not reach: a private message, or one whose id is not known. */
  async removeByBot(at: DiscordAddress): Promise<void> {
    if (at.message !== null && !(at.via === 'interaction' && at.isPrivate)) {
      const path = Routes.channelMessage(at.channel, at.message);
      await unless(['gone'], async () => this.#client.byBot({ method: 'DELETE', path }));
    }
  }

  /**
   * The bot is in many guilds, and an admin of one types any id. Where Discord does not tell of a channel (gone, shut to
   * us) it will not let us post there either, and says so itself. Throws `UserError` `settings.channel`.
   */
  async requireOwn({ server, id }: ServerChannel): Promise<void> {
    if (this.#owners.get(id) === server) {
      return;
    }
    if (!/^\d{1,20}$/.test(id)) {
      throw elsewhere(id);
    }
    const path = Routes.channel(id);
    const found = await this.#client.byBot({ method: 'GET', path }).catch((error: unknown) => {
      if (failureKind(error) === 'passing') {
        throw error;
      }
      return undefined;
    });
    const guild = withGuild.safeParse(found).data?.guild_id;
    if (found !== undefined && `discord:${guild ?? ''}` !== server) {
      throw elsewhere(id);
    }
    if (guild !== undefined) {
      this.#owners.set(id, `discord:${guild}`);
    }
  }
}

export function elsewhere(channel: string): UserError {
  return refusal('settings.channel', { given: channel });
}

/** The message's pictures and files are those that stand there: sending them again would make everybody load them anew. */
function isStanding(at: DiscordAddress, message: Message): boolean {
  return at.files !== '' && at.files === filesOf(message);
}

const withId = z.object({ id: z.string() });
const withGuild = z.object({ guild_id: z.string().nullish() });

function idOf(answer: unknown): string | undefined {
  return withId.safeParse(answer).data?.id;
}
