/**
 * How an answer reaches its place. While the interaction's token lives, by its webhook; afterwards by the bot's own
 * token: a final answer then is a message of its own that mentions who asked, and the stale one is removed. What is
 * final is insisted on; progress gets one try. Knows messages and addresses, not what they are about.
 */
import { createHash } from 'node:crypto';

import { Routes } from 'discord.js';
import { z } from 'zod';

import type { DeliverOptions, ServerChannel } from '../../core/chat.ts';
import { UserError } from '../../core/errors.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Message } from '../../core/message.ts';
import { decodeAddress, encodeAddress } from './address.ts';
import type { ChannelAddress, DiscordAddress, InteractionAddress } from './address.ts';
import { insist, verdictOf } from './courier.ts';
import type { Courier, Wait } from './courier.ts';
import { Lanes } from './lanes.ts';
import { LIMITS } from './limits.ts';
import { filesOf, renderMessage } from './render.ts';
import type { RenderOptions } from './render.ts';

/** The clocks of two machines differ a little; a request takes a moment. */
const TOKEN_MARGIN_MS = 15_000;
/** Two clocks may drift apart by so much without one of them having been set. */
const DRIFT_MS = 10_000;

export type DeliveriesOptions = {
  readonly courier: Courier;
  readonly now: () => number;
  /** By a clock that nobody sets. */
  readonly steadyMs: () => number;
  readonly wait: Wait;
  /** How long a final answer is tried in all. */
  readonly patienceMs: number;
};

export class Deliveries {
  readonly #courier: Courier;
  readonly #now: () => number;
  readonly #steadyMs: () => number;
  /** The one clock less the other, as this process began. */
  readonly #apartMs: number;
  readonly #wait: Wait;
  readonly #patienceMs: number;
  readonly #lanes = new Lanes();
  /** Channel → server; a channel never changes its own. */
  readonly #owners = new Map<string, string>();

  constructor({ courier, now, steadyMs, wait, patienceMs }: DeliveriesOptions) {
    this.#courier = courier;
    this.#now = now;
    this.#steadyMs = steadyMs;
    this.#apartMs = now() - steadyMs();
    this.#wait = wait;
    this.#patienceMs = patienceMs;
  }

  /** Throws `UserError` `upload.too-large`, `chat.forbidden` or `job.expired`, or Discord's own refusal. */
  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    const at = decodeAddress(address);
    const isDroppable = !options.isFinal && options.mode === 'edit';
    const lane = at.via === 'interaction' ? `${at.token} ${at.target}` : `${at.channel} ${at.message}`;
    const reached = await this.#lanes.run(lane, isDroppable, async () =>
      isDroppable ? this.#progress(at, message) : this.#insist(async () => this.#once(at, message, options)),
    );
    return reached === undefined ? address : encodeAddress(reached);
  }

  async remove(address: ReplyAddress): Promise<void> {
    const at = decodeAddress(address);
    await this.#insist(async () => {
      if (at.via === 'interaction' && this.#asksToken(at)) {
        await this.#removeByHook(at).catch(async (error: unknown) => {
          if (verdictOf(error).kind !== 'expired') {
            throw error;
          }
          await this.#removeByBot(at);
        });
      } else {
        await this.#removeByBot(at);
      }
    });
  }

  /** Throws `UserError` `settings.channel` where the channel is another guild's, or is not there. */
  async post(channel: ServerChannel, message: Message, key: string): Promise<void> {
    await this.#insist(async () => {
      await this.#requireOwn(channel);
      await this.#create(channel.id, message, key);
    }).catch((error: unknown) => {
      throw verdictOf(error).kind === 'gone' ? elsewhere(channel.id) : error;
    });
  }

  /**
   * The bot is in many guilds, and an admin of one types any id. Where Discord does not tell of a channel (gone, shut to
   * us) it will not let us post there either, and says so itself.
   */
  async #requireOwn({ server, id }: ServerChannel): Promise<void> {
    if (this.#owners.get(id) === server) {
      return;
    }
    if (!/^\d{1,20}$/.test(id)) {
      throw elsewhere(id);
    }
    const found = await this.#courier.viaBot({ method: 'GET', path: Routes.channel(id) }).catch((error: unknown) => {
      if (verdictOf(error).kind === 'retry') {
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

  /** Resolves when nothing is being delivered any more. */
  async settled(): Promise<void> {
    await this.#lanes.empty();
  }

  async #insist<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await insist(attempt, this.#patienceMs, this.#wait);
    } catch (error) {
      throw explained(error);
    }
  }

  /** One try. Whatever goes wrong, the next edit tells more. */
  async #progress(at: DiscordAddress, message: Message): Promise<DiscordAddress> {
    try {
      if (at.via === 'interaction' && this.#isAlive(at)) {
        return await this.#editHook(at, message);
      }
      const isReachable = at.via === 'channel' || !(at.isPrivate || at.isWaiting);
      return isReachable && at.message !== null ? await this.#editChannel(at, at.message, message) : at;
    } catch {
      return at;
    }
  }

  async #once(at: DiscordAddress, message: Message, { mode, key }: DeliverOptions): Promise<DiscordAddress> {
    if (at.via === 'channel') {
      return this.#onceInChannel(at, message, mode, key);
    }
    switch (mode) {
      case 'edit':
        return this.#asksToken(at) ? this.#edit(at, message, key) : this.#late(at, message, key);
      case 'new':
        return at.canPost || !this.#isAlive(at)
          ? this.#beside(at, message, key)
          : this.#followUp(at, message, { isPrivate: at.isPrivate });
      case 'private':
        // There is no other way to one person alone, so the token is tried whatever our clock says of it.
        return this.#private(at, message);
      default:
        return mode satisfies never;
    }
  }

  async #onceInChannel(
    at: ChannelAddress,
    message: Message,
    mode: DeliverOptions['mode'],
    key: string,
  ): Promise<DiscordAddress> {
    switch (mode) {
      case 'edit':
        return (await this.#orGone(this.#editChannel(at, at.message, message))) ?? at;
      case 'new':
        return { ...at, message: await this.#create(at.channel, message, key), files: filesOf(message) };
      case 'private':
        return this.#lateAndPrivate();
      default:
        return mode satisfies never;
    }
  }

  async #edit(at: InteractionAddress, message: Message, key: string): Promise<DiscordAddress> {
    try {
      return await this.#editHook(at, message);
    } catch (error) {
      const { kind } = verdictOf(error);
      if (kind === 'expired') {
        return this.#late(at, message, key);
      }
      if (kind === 'gone') {
        // Somebody with the right to do so has deleted it: it is not put back.
        return at;
      }
      throw error;
    }
  }

  async #editHook(at: InteractionAddress, message: Message): Promise<InteractionAddress> {
    const { body, files } = renderMessage(message, { keepsFiles: isStanding(at, message) });
    const made = await this.#courier.viaHook({
      method: 'PATCH',
      path: Routes.webhookMessage(at.application, at.token, at.target),
      body,
      files,
    });
    return { ...at, isWaiting: false, message: idOf(made) ?? at.message, files: filesOf(message) };
  }

  async #editChannel<At extends DiscordAddress>(at: At, id: string, message: Message): Promise<At> {
    const { body, files } = renderMessage(message, { keepsFiles: isStanding(at, message) });
    await this.#courier.viaBot({ method: 'PATCH', path: Routes.channelMessage(at.channel, id), body, files });
    return { ...at, files: filesOf(message) };
  }

  /** The token has expired: a message of its own, and what stood there before goes. */
  async #late(at: InteractionAddress, message: Message, key: string): Promise<DiscordAddress> {
    if (at.isPrivate) {
      return this.#lateAndPrivate();
    }
    const made = await this.#create(at.channel, message, key, { mention: at.user });
    // The answer is there; a line that says to wait beside it would wait for ever.
    await this.#insist(async () => this.#removeByBot(at)).catch(() => undefined);
    return { via: 'channel', channel: at.channel, user: at.user, message: made, files: filesOf(message) };
  }

  /** An answer of its own: by the channel, where a key keeps it single, else by the webhook, where nothing does. */
  async #beside(at: InteractionAddress, message: Message, key: string): Promise<DiscordAddress> {
    try {
      const options = this.#isAlive(at) ? {} : { mention: at.user };
      const made = await this.#create(at.channel, message, key, options);
      return { via: 'channel', channel: at.channel, user: at.user, message: made, files: filesOf(message) };
    } catch (error) {
      if (verdictOf(error).kind !== 'forbidden') {
        throw error;
      }
      return this.#followUp(at, message, {}).catch((refusal: unknown) => {
        throw verdictOf(refusal).kind === 'expired' ? error : refusal;
      });
    }
  }

  async #private(at: InteractionAddress, message: Message): Promise<DiscordAddress> {
    try {
      if (at.isPrivate && at.isWaiting) {
        return await this.#editHook(at, message);
      }
      if (at.isWaiting) {
        // First away with it: the first follow-up after a public deferral would fill the placeholder, for all to see.
        await this.#removeByHook(at);
      }
      return await this.#followUp(at, message, { isPrivate: true });
    } catch (error) {
      if (verdictOf(error).kind !== 'expired') {
        throw error;
      }
      if (at.isWaiting) {
        await this.#removeByBot(at);
      }
      return this.#lateAndPrivate();
    }
  }

  async #followUp(at: InteractionAddress, message: Message, options: RenderOptions): Promise<InteractionAddress> {
    const { body, files } = renderMessage(message, options);
    const made = idOf(
      await this.#courier.viaHook({
        method: 'POST',
        path: Routes.webhook(at.application, at.token),
        query: new URLSearchParams({ wait: 'true' }),
        body,
        files,
      }),
    );
    return {
      ...at,
      target: made ?? at.target,
      message: made ?? null,
      isPrivate: options.isPrivate === true,
      isWaiting: false,
      files: filesOf(message),
    };
  }

  /** The new message's id. Discord returns the first one again when the same nonce comes twice within minutes. */
  async #create(channel: string, message: Message, key: string, options: RenderOptions = {}): Promise<string> {
    const { body, files } = renderMessage(message, options);
    const made = await this.#courier.viaBot({
      method: 'POST',
      path: Routes.channelMessages(channel),
      body: { ...body, nonce: nonceOf(channel, key), enforce_nonce: true },
      files,
    });
    const id = idOf(made);
    if (id === undefined) {
      throw new Error('expected the posted message, came an answer without an id');
    }
    return id;
  }

  async #removeByHook({ application, token, target }: InteractionAddress): Promise<void> {
    const path = Routes.webhookMessage(application, token, target);
    await this.#orGone(this.#courier.viaHook({ method: 'DELETE', path }));
  }

  /** Nothing where the bot's own token does not reach: a private message, or one whose id is not known. */
  async #removeByBot(at: DiscordAddress): Promise<void> {
    if (at.message !== null && !(at.via === 'interaction' && at.isPrivate)) {
      const path = Routes.channelMessage(at.channel, at.message);
      await this.#orGone(this.#courier.viaBot({ method: 'DELETE', path }));
    }
  }

  #lateAndPrivate(): never {
    throw new UserError('job.expired', 'The answer came when nobody could be answered any more. Ask again.');
  }

  /** Undefined where it is gone. */
  async #orGone<T>(request: Promise<T>): Promise<T | undefined> {
    try {
      return await request;
    } catch (error) {
      if (verdictOf(error).kind !== 'gone') {
        throw error;
      }
      return undefined;
    }
  }

  /**
   * What only the token reaches is asked for by it even when our clock calls it dead; and so is everything where that
   * clock has been set: what went elsewhere for a wrong one would come again by the token once it is right.
   */
  #asksToken(at: InteractionAddress): boolean {
    const isClockSet = Math.abs(this.#now() - this.#steadyMs() - this.#apartMs) > DRIFT_MS;
    return this.#isAlive(at) || isClockSet || at.isPrivate || at.message === null;
  }

  #isAlive(at: InteractionAddress): boolean {
    return this.#now() - at.sinceMs < LIMITS.tokenLivesMs - TOKEN_MARGIN_MS;
  }
}

/** The message's pictures and files are those that stand there: sending them again would make everybody load them anew. */
function isStanding(at: DiscordAddress, message: Message): boolean {
  return at.files !== '' && at.files === filesOf(message);
}

function nonceOf(channel: string, key: string): string {
  return createHash('sha256').update(`${channel} ${key}`).digest('base64url').slice(0, LIMITS.nonce);
}

const withId = z.object({ id: z.string() });
const withGuild = z.object({ guild_id: z.string().nullish() });

function elsewhere(channel: string): UserError {
  return new UserError('settings.channel', `${channel} is no channel of this server. Choose another in /settings.`, {
    params: { given: channel },
  });
}

function idOf(answer: unknown): string | undefined {
  return withId.safeParse(answer).data?.id;
}

/** What the caller can act on; anything else stays as it is. */
function explained(error: unknown): unknown {
  const { kind } = verdictOf(error);
  if (kind === 'forbidden') {
    return new UserError(
      'chat.forbidden',
      'Discord does not let the bot post here. It needs View Channel, Send Messages and Attach Files in this channel.',
      { cause: error },
    );
  }
  if (kind === 'too-large') {
    return new UserError('upload.too-large', 'Discord does not take a file of this size here. Ask for a smaller one.', {
      cause: error,
    });
  }
  return error;
}
