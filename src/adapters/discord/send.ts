/**
 * How an answer reaches its place: one edit of a message at a time; what is final is tried until it arrives, as much of it
 * as is taken there, else as a direct message; progress gets one try. Knows messages and addresses, not what they are about.
 */
import type { Log } from '../../bot/index.ts';
import type { DeliverOptions, ServerChannel } from '../../core/chat.ts';
import { refusal } from '../../bot/refusal.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Message } from '../../core/message.ts';
import { EditLock } from '../shared/edit-lock.ts';
import { failureKind, isFailure } from '../shared/failure.ts';
import { explained, fittedInto, sendMost } from '../shared/lessen.ts';
import { retry, type Wait } from '../shared/retry.ts';
import { decodeAddress, encodeAddress } from './address.ts';
import type { DiscordAddress } from './address.ts';
import { LIMITS } from './limits.ts';
import { elsewhere, type MessageRequests } from './message-requests.ts';
import { SendAttempts } from './send-attempts.ts';

export type SenderOptions = {
  readonly requests: MessageRequests;
  readonly log: Log;
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly wait: Wait;
  /** How long a final answer is tried in all. */
  readonly patienceMs: number;
};

export class MessageSender {
  readonly #requests: MessageRequests;
  readonly #options: SenderOptions;
  readonly #attempts: SendAttempts;
  readonly #lock = new EditLock();

  constructor(options: SenderOptions) {
    this.#requests = options.requests;
    this.#options = options;
    this.#attempts = new SendAttempts(options);
  }

  /** Throws `UserError` `upload.too-large`, `chat.forbidden`, `chat.refused` or `job.expired` where nothing can be said. */
  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    const at = decodeAddress(address);
    const name = at.via === 'interaction' ? `${at.token} ${at.target}` : `${at.channel} ${at.message}`;
    const reached =
      !options.isFinal && options.mode === 'edit'
        ? await this.#lock.progress(name, async () => this.#attempts.progress(at, message))
        : await this.#lock.final(name, async () => this.#most(at, message, options));
    return reached === undefined ? address : encodeAddress(reached);
  }

  async remove(address: ReplyAddress): Promise<void> {
    await this.#persist(async () => this.#attempts.remove(decodeAddress(address)));
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

  /** As much of the message as is taken there; else all of it as a direct message to who asked. */
  async #most(at: DiscordAddress, message: Message, options: DeliverOptions): Promise<DiscordAddress> {
    const { log } = this.#options;
    const { locale = 'en' } = options;
    try {
      return await sendMost(
        message,
        async (shown) => this.#retry(async () => this.#attempts.once(at, shown, options)),
        {
          log,
          locale,
        },
      );
    } catch (error) {
      if (!isFailure(error, 'shut-out', 'expired', 'gone') || at.user === '') {
        throw orExpired(error);
      }
      log.warn({ err: error }, 'an answer goes as a direct message');
      return this.#direct(at, message, options).catch((refusal: unknown) => {
        throw orExpired(failureKind(refusal) === 'passing' ? refusal : error);
      });
    }
  }

  async #direct(at: DiscordAddress, message: Message, { key }: DeliverOptions): Promise<DiscordAddress> {
    const channel = await this.#retry(async () => this.#requests.openDirect(at.user));
    const shown = await fittedInto(message, LIMITS.uploadBytes);
    const made = await this.#retry(async () => this.#requests.create({ channel, user: at.user }, shown, key));
    // Where it still can, the line that says to wait goes away.
    const isPlaceholder = at.via === 'interaction' && at.isWaiting;
    await (isPlaceholder ? this.#requests.removeByToken(at) : Promise.resolve()).catch(() => undefined);
    return made;
  }

  async #persist<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await this.#retry(attempt);
    } catch (error) {
      throw orExpired(error);
    }
  }

  async #retry<T>(attempt: () => Promise<T>): Promise<T> {
    const { patienceMs, wait, monotonicMs } = this.#options;
    return retry(attempt, { patienceMs, wait, monotonicMs });
  }
}

/** Nothing takes the place of a token that is over: what is asked again comes anew. */
function orExpired(error: unknown): unknown {
  return isFailure(error, 'expired') ? refusal('job.expired', {}, { cause: error }) : explained(error);
}
