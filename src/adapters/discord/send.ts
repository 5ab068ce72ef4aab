/**
 * How an answer reaches its place. While the interaction's token lives, by that; afterwards by the bot's own: a final
 * answer then is a message of its own that mentions who asked, and the stale one is removed. What is final is tried until
 * it arrives; progress gets one try. Knows messages and addresses, not what they are about.
 */
import type { DeliverOptions, ServerChannel } from '../../core/chat.ts';
import { UserError } from '../../core/errors.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Message } from '../../core/message.ts';
import { EditLock } from '../shared/edit-lock.ts';
import { failureKind, isFailure, unless } from '../shared/failure.ts';
import { retry, type Wait } from '../shared/retry.ts';
import { decodeAddress, encodeAddress } from './address.ts';
import type { ChannelAddress, DiscordAddress, InteractionAddress } from './address.ts';
import { LIMITS } from './limits.ts';
import { elsewhere, type MessageRequests } from './message-requests.ts';

/** The clocks of two machines differ a little; a request takes a moment. */
const TOKEN_MARGIN_MS = 15_000;
/** Two clocks may drift apart by so much without one of them having been set. */
const DRIFT_MS = 10_000;

export type SenderOptions = {
  readonly requests: MessageRequests;
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly wait: Wait;
  /** How long a final answer is tried in all. */
  readonly patienceMs: number;
};

export class MessageSender {
  readonly #requests: MessageRequests;
  readonly #options: SenderOptions;
  /** The one clock less the other, as this process began. */
  readonly #apartMs: number;
  readonly #lock = new EditLock();

  constructor(options: SenderOptions) {
    this.#requests = options.requests;
    this.#options = options;
    this.#apartMs = options.now() - options.monotonicMs();
  }

  /** Throws `UserError` `upload.too-large`, `chat.forbidden` or `job.expired`, or Discord's own refusal. */
  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    const at = decodeAddress(address);
    const name = at.via === 'interaction' ? `${at.token} ${at.target}` : `${at.channel} ${at.message}`;
    const reached =
      !options.isFinal && options.mode === 'edit'
        ? await this.#lock.progress(name, async () => this.#progress(at, message))
        : await this.#lock.final(name, async () => this.#persist(async () => this.#once(at, message, options)));
    return reached === undefined ? address : encodeAddress(reached);
  }

  async remove(address: ReplyAddress): Promise<void> {
    const at = decodeAddress(address);
    await this.#persist(async () => {
      if (at.via === 'interaction' && this.#asksToken(at)) {
        await this.#requests.removeByToken(at).catch(async (error: unknown) => {
          if (!isFailure(error, 'expired')) {
            throw error;
          }
          await this.#requests.removeByBot(at);
        });
      } else {
        await this.#requests.removeByBot(at);
      }
    });
  }

  /** Throws `UserError` `settings.channel` where the channel is another guild's, or is not there. */
  async post(channel: ServerChannel, message: Message, key: string): Promise<void> {
    await this.#persist(async () => {
      await this.#requests.requireOwn(channel);
      try {
        await this.#requests.create({ channel: channel.id, user: '' }, message, key);
      } catch (error) {
        throw isFailure(error, 'gone') ? elsewhere(channel.id) : error;
      }
    });
  }

  /** Resolves when nothing is being delivered any more. */
  async settled(): Promise<void> {
    await this.#lock.idle();
  }

  async #persist<T>(attempt: () => Promise<T>): Promise<T> {
    const { patienceMs, wait, monotonicMs } = this.#options;
    try {
      return await retry(attempt, { patienceMs, wait, monotonicMs });
    } catch (error) {
      throw explained(error);
    }
  }

  /** One try. Whatever goes wrong, the next edit tells more. */
  async #progress(at: DiscordAddress, message: Message): Promise<DiscordAddress> {
    try {
      if (at.via === 'interaction' && this.#isAlive(at)) {
        return await this.#requests.editByToken(at, message);
      }
      const isReachable = at.via === 'channel' || !(at.isPrivate || at.isWaiting);
      return isReachable && at.message !== null ? await this.#requests.editInChannel(at, at.message, message) : at;
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
          : this.#requests.followUp(at, message, { isPrivate: at.isPrivate });
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
        return (await unless(['gone'], async () => this.#requests.editInChannel(at, at.message, message))) ?? at;
      case 'new':
        return this.#requests.create(at, message, key);
      case 'private':
        return lateAndPrivate();
      default:
        return mode satisfies never;
    }
  }

  async #edit(at: InteractionAddress, message: Message, key: string): Promise<DiscordAddress> {
    try {
      // Where somebody with the right to do so has deleted it, it is not put back.
      return (await unless(['gone'], async () => this.#requests.editByToken(at, message))) ?? at;
    } catch (error) {
      if (!isFailure(error, 'expired')) {
        throw error;
      }
      return this.#late(at, message, key);
    }
  }

  /** The token has expired: a message of its own, and what stood there before goes. */
  async #late(at: InteractionAddress, message: Message, key: string): Promise<DiscordAddress> {
    if (at.isPrivate) {
      return lateAndPrivate();
    }
    const made = await this.#requests.create(at, message, key, { mention: at.user });
    // The answer is there; a line that says to wait beside it would wait for ever.
    await this.#persist(async () => this.#requests.removeByBot(at)).catch(() => undefined);
    return made;
  }

  /** An answer of its own: by the channel, where a key keeps it single, else by the token, where nothing does. */
  async #beside(at: InteractionAddress, message: Message, key: string): Promise<DiscordAddress> {
    try {
      return await this.#requests.create(at, message, key, this.#isAlive(at) ? {} : { mention: at.user });
    } catch (error) {
      if (!isFailure(error, 'shut-out')) {
        throw error;
      }
      return this.#requests.followUp(at, message, {}).catch((refusal: unknown) => {
        throw isFailure(refusal, 'expired') ? error : refusal;
      });
    }
  }

  async #private(at: InteractionAddress, message: Message): Promise<DiscordAddress> {
    try {
      if (at.isPrivate && at.isWaiting) {
        return await this.#requests.editByToken(at, message);
      }
      if (at.isWaiting) {
        // First away with it: the first follow-up after a public deferral would fill the placeholder, for all to see.
        await this.#requests.removeByToken(at);
      }
      return await this.#requests.followUp(at, message, { isPrivate: true });
    } catch (error) {
      if (!isFailure(error, 'expired')) {
        throw error;
      }
      if (at.isWaiting) {
        await this.#requests.removeByBot(at);
      }
      return lateAndPrivate();
    }
  }

  /**
   * What only the token reaches is asked for by it even when our clock calls it dead; and so is everything where that
   * clock has been set: what went elsewhere for a wrong one would come again by the token once it is right.
   */
  #asksToken(at: InteractionAddress): boolean {
    const { now, monotonicMs } = this.#options;
    const isClockSet = Math.abs(now() - monotonicMs() - this.#apartMs) > DRIFT_MS;
    return this.#isAlive(at) || isClockSet || at.isPrivate || at.message === null;
  }

  #isAlive(at: InteractionAddress): boolean {
    return this.#options.now() - at.sinceMs < LIMITS.tokenLivesMs - TOKEN_MARGIN_MS;
  }
}

function lateAndPrivate(): never {
  throw new UserError('job.expired', 'The answer came when nobody could be answered any more. Ask again.');
}

/** What the caller can act on; anything else stays as it is. */
function explained(error: unknown): unknown {
  switch (failureKind(error)) {
    case 'shut-out':
      return new UserError(
        'chat.forbidden',
        'Discord does not let the bot post here. It needs View Channel, Send Messages and Attach Files in this channel.',
        { cause: error },
      );
    case 'too-large':
      return new UserError(
        'upload.too-large',
        'Discord does not take a file of this size here. Ask for a smaller one.',
        {
          cause: error,
        },
      );
    default:
      return error;
  }
}
