/**
 * One try to bring a message to its place, by the way that is open: an interaction's token while it lives, the bot's own
 * afterwards. Tries nothing twice and makes nothing less of a message.
 */
import type { DeliverOptions } from '../../core/chat.ts';
import type { Message } from '../../core/message.ts';
import { isFailure, RequestFailure, unless } from '../shared/failure.ts';
import { fittedInto } from '../shared/lessen.ts';
import type { ChannelAddress, DiscordAddress, InteractionAddress } from './address.ts';
import { LIMITS } from './limits.ts';
import type { MessageRequests } from './message-requests.ts';

/** The clocks of two machines differ a little; a request takes a moment. */
const TOKEN_MARGIN_MS = 15_000;
/** Two clocks may drift apart by so much without one of them having been set. */
const DRIFT_MS = 10_000;

export type AttemptOptions = {
  readonly requests: MessageRequests;
  readonly now: () => number;
  readonly monotonicMs: () => number;
};

export class SendAttempts {
  readonly #requests: MessageRequests;
  readonly #options: AttemptOptions;
  /** The one clock less the other, as this process began. */
  readonly #apartMs: number;

  constructor(options: AttemptOptions) {
    this.#requests = options.requests;
    this.#options = options;
    this.#apartMs = options.now() - options.monotonicMs();
  }

  async remove(at: DiscordAddress): Promise<void> {
    if (at.via !== 'interaction' || !this.#asksToken(at)) {
      await this.#requests.removeByBot(at);
      return;
    }
    try {
      await this.#requests.removeByToken(at);
    } catch (error) {
      if (!isFailure(error, 'expired')) {
        throw error;
      }
      await this.#requests.removeByBot(at);
    }
  }

  /** One try. Whatever goes wrong, the next edit tells more. */
  async progress(at: DiscordAddress, message: Message): Promise<DiscordAddress> {
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

  async once(at: DiscordAddress, message: Message, { mode, key }: DeliverOptions): Promise<DiscordAddress> {
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
        throw lateAndPrivate();
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
      throw lateAndPrivate();
    }
    // What the bot uploads counts by its own limit, whatever the asker's was.
    const shown = await fittedInto(message, LIMITS.uploadBytes);
    const made = await this.#requests.create(at, shown, key, { mention: at.user });
    // The answer is there; a line that says to wait beside it would wait for ever.
    await this.#requests.removeByBot(at).catch(() => undefined);
    return made;
  }

  /** An answer of its own: by the channel, where a key keeps it single, else by the token, where nothing does. */
  async #beside(at: InteractionAddress, message: Message, key: string): Promise<DiscordAddress> {
    try {
      const shown = await fittedInto(message, LIMITS.uploadBytes);
      return await this.#requests.create(at, shown, key, this.#isAlive(at) ? {} : { mention: at.user });
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
      throw lateAndPrivate();
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

/** Nobody but the one person may see it, and the way to them alone is closed: a direct message is left. */
function lateAndPrivate(): RequestFailure {
  return new RequestFailure('a private answer after the token has expired', { kind: 'expired' });
}
