/**
 * Answers on their way into Slack: edited in place, posted anew, or shown to one person. Knows addresses and messages;
 * nothing of events that come in.
 */
import type { Log } from '../../bot/index.ts';
import type { DeliverOptions } from '../../core/chat.ts';
import type { Message } from '../../core/message.ts';
import { EditLock } from '../shared/edit-lock.ts';
import { isFailure, unless } from '../shared/failure.ts';
import { explained, sendMost } from '../shared/lessen.ts';
import type { SlackAddress } from './address.ts';
import type { HomeTab } from './home.ts';
import { type AttemptParts, REFUSALS, SendAttempts } from './send-attempts.ts';

export type SenderParts = AttemptParts & { readonly home: Pick<HomeTab, 'show'>; readonly log: Log };

export class MessageSender {
  readonly #parts: SenderParts;
  readonly #attempts: SendAttempts;
  readonly #lock = new EditLock();

  constructor(parts: SenderParts) {
    this.#parts = parts;
    this.#attempts = new SendAttempts(parts);
  }

  /**
   * The address of what was delivered; the same address where a progress edit was dropped. For a final answer throws
   * `UserError` `chat.forbidden`, `upload.too-large` or `chat.refused` where nothing can be said, `RequestFailure` where it may be later.
   */
  async deliver(given: SlackAddress, message: Message, options: DeliverOptions): Promise<SlackAddress> {
    if (given.isHome && options.mode === 'edit') {
      await this.#parts.home.show(given.user, message);
      return given;
    }
    const address = await this.#withPlaceholder({ ...given, isHome: false });
    if (!options.isFinal) {
      return this.#once(address, message, options);
    }
    const { locale = 'en' } = options;
    try {
      return await sendMost(message, async (shown) => this.#once(address, shown, options), {
        log: this.#parts.log,
        locale,
      });
    } catch (error) {
      throw explained(error);
    }
  }

  async #once(address: SlackAddress, message: Message, options: DeliverOptions): Promise<SlackAddress> {
    if (options.mode === 'private' || address.isPrivate) {
      const answer = await this.#parts.privately.deliver(address, message, options);
      if (address.isPlaceholder && address.ts !== null && options.isFinal) {
        await this.remove({ ...address, isPrivate: false });
      }
      return answer;
    }
    const name = lockOf(address);
    if (options.mode === 'new') {
      return this.#attempts.postAnew({ ...address, ts: null, file: null, fileSum: '' }, message, options.key);
    }
    return options.isFinal
      ? this.#lock.final(name, async () => this.#attempts.editFinally(address, message, options.key))
      : ((await this.#lock.progress(name, async (overtaken) =>
          unless(['passing', ...REFUSALS], async () =>
            this.#attempts.editInPassing(address, message, options.key, overtaken),
          ),
        )) ?? address);
  }

  /** After a crash between the first line, or progress in its place, and the note of its `ts`: it is found again. */
  async #withPlaceholder(address: SlackAddress): Promise<SlackAddress> {
    if (address.ts !== null || address.placeholderKey === null || address.isPrivate) {
      return address;
    }
    const posted = await this.#parts.posts.earlier(address, address.placeholderKey, address.at);
    return posted === undefined ? address : { ...address, ...posted, isPlaceholder: true };
  }

  async remove(address: SlackAddress): Promise<void> {
    if (address.isHome) {
      await this.#parts.home.show(address.user);
      return;
    }
    if (address.isPrivate) {
      await this.#parts.privately.remove(address);
      return;
    }
    const { channel, ts, file } = address;
    if (ts === null) {
      return;
    }
    await this.#lock.final(lockOf(address), async () => {
      try {
        await this.#parts.client.call('chat.delete', { channel, ts }, { patience: 'patient' });
      } catch (error) {
        if (!isFailure(error, 'gone') && !(isFailure(error) && error.code === 'channel_not_found')) {
          throw error;
        }
      }
      if (file !== null) {
        await this.#parts.pictures.discard(file);
      }
    });
  }

  /** Posts into a channel by its id. */
  async post(channel: string, message: Message, key: string, nowMs: number): Promise<void> {
    const spot = { channel, thread: null };
    const options = { key, patience: 'patient', sinceMs: nowMs } as const;
    const { result } = await this.#parts.pictures.show(message, undefined, key, async (rendered) =>
      this.#parts.posts.post(spot, rendered, options),
    );
    await this.#parts.shares.offer({ channel, thread: result.ts }, message.files);
  }
}

function lockOf(address: SlackAddress): string {
  return `${address.channel}/${address.ts ?? `${address.user}/${address.at}`}`;
}
