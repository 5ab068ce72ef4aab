/**
 * Answers on their way into Slack: edited in place, posted anew, or shown to one person. Knows addresses and messages;
 * nothing of events that come in.
 *
 * How a picture gets into a message. Slack offers two ways to have picture and buttons in one message:
 * (a) share the file into the channel with blocks: the message appears some time later and its `ts` has to be looked up,
 *     nothing prevents a second one after a crash, and our "one moment" cannot become the answer;
 * (b) upload privately, wait until Slack has processed the file, and name it in an image block: the message's `ts` is
 *     known from the first line on, every later answer is an edit of it, and an edit done twice is one edit.
 * (b) is what is done. Where a workspace refuses such blocks, (a) is the way out (shares.ts).
 */
import type { DeliverOptions } from '../../core/chat.ts';
import type { Message } from '../../core/message.ts';
import { EditLock } from '../shared/edit-lock.ts';
import { isFailure, unless } from '../shared/failure.ts';
import { shownIn, type SlackAddress, standingIn } from './address.ts';
import type { SlackClient } from './client.ts';
import { isPictureRefusal, type Pictures } from './pictures.ts';
import type { Posts } from './posts.ts';
import { type PlacedPicture, type RenderedMessage, renderMessage } from './render.ts';
import type { PrivateSender } from './send-private.ts';
import type { Shares } from './shares.ts';

export type SenderParts = {
  readonly client: SlackClient;
  readonly posts: Posts;
  readonly pictures: Pictures;
  readonly shares: Shares;
  readonly privately: PrivateSender;
};

export class MessageSender {
  readonly #client: SlackClient;
  readonly #posts: Posts;
  readonly #pictures: Pictures;
  readonly #shares: Shares;
  readonly #privately: PrivateSender;
  readonly #lock = new EditLock();

  constructor({ client, posts, pictures, shares, privately }: SenderParts) {
    this.#client = client;
    this.#posts = posts;
    this.#pictures = pictures;
    this.#shares = shares;
    this.#privately = privately;
  }

  /** The address of what was delivered; the same address where a progress edit was dropped. Throws for a final answer. */
  async deliver(given: SlackAddress, message: Message, options: DeliverOptions): Promise<SlackAddress> {
    const address = await this.#withPlaceholder(given);
    if (options.mode === 'private' || address.isPrivate) {
      const answer = await this.#privately.deliver(address, message, options);
      if (address.isPlaceholder && address.ts !== null && options.isFinal) {
        await this.remove({ ...address, isPrivate: false });
      }
      return answer;
    }
    const name = lockOf(address);
    if (options.mode === 'new') {
      return this.#postAnew({ ...address, ts: null, file: null, fileSum: '' }, message, options.key);
    }
    return options.isFinal
      ? this.#lock.final(name, async () => this.#editFinally(address, message, options.key))
      : ((await this.#lock.progress(name, async (overtaken) =>
          unless(['passing', ...REFUSALS], async () => this.#editInPassing(address, message, options.key, overtaken)),
        )) ?? address);
  }

  /** After a crash between the first line, or progress in its place, and the note of its `ts`: it is found again. */
  async #withPlaceholder(address: SlackAddress): Promise<SlackAddress> {
    if (address.ts !== null || address.placeholderKey === null || address.isPrivate) {
      return address;
    }
    const posted = await this.#posts.earlier(address, address.placeholderKey, address.at);
    return posted === undefined ? address : { ...address, ...posted, isPlaceholder: true };
  }

  async remove(address: SlackAddress): Promise<void> {
    if (address.isPrivate) {
      await this.#privately.remove(address);
      return;
    }
    const { channel, ts, file } = address;
    if (ts === null) {
      return;
    }
    await this.#lock.final(lockOf(address), async () => {
      try {
        await this.#client.call('chat.delete', { channel, ts }, { patience: 'patient' });
      } catch (error) {
        if (!isFailure(error, 'gone') && !(isFailure(error) && error.code === 'channel_not_found')) {
          throw error;
        }
      }
      if (file !== null) {
        await this.#pictures.discard(file);
      }
    });
  }

  /** Posts into a channel by its id. */
  async post(channel: string, message: Message, key: string, nowMs: number): Promise<void> {
    const spot = { channel, thread: null };
    const options = { key, patience: 'patient', sinceMs: nowMs } as const;
    const { result } = await this.#pictures.show(message, undefined, key, async (rendered) =>
      this.#posts.post(spot, rendered, options),
    );
    await this.#shares.offer({ channel, thread: result.ts }, message.files);
  }

  async #editFinally(address: SlackAddress, message: Message, key: string): Promise<SlackAddress> {
    const { ts, isShare } = address;
    if (ts === null) {
      return this.#postAnew(address, message, key);
    }
    if (isShare && message.picture !== undefined && !this.#shares.isStanding(address, message.picture)) {
      return this.#replaceBy(address, this.#postAnew({ ...address, ts: null }, message, key));
    }
    // What stands in a shared message stays: its picture is no block of ours.
    const shown = isShare ? { ...message, picture: undefined } : message;
    const updating = this.#pictures.show(shown, standingIn(address), key, async (rendered) =>
      this.#update(address, rendered, 'patient'),
    );
    let picture: PlacedPicture | undefined;
    try {
      ({ picture } = await updating);
    } catch (error) {
      if (isFailure(error, 'gone', 'expired') || (message.picture !== undefined && isPictureRefusal(error))) {
        return this.#replaceBy(address, this.#postAnew({ ...address, ts: null }, message, key));
      }
      if (isFailure(error, 'shut-out')) {
        return this.#privately.writeTo(address, message, key);
      }
      throw error;
    }
    await this.#shares.offer({ channel: address.channel, thread: address.thread ?? ts }, message.files);
    return this.#edited(address, picture);
  }

  async #editInPassing(
    address: SlackAddress,
    message: Message,
    key: string,
    overtaken: AbortSignal,
  ): Promise<SlackAddress> {
    const picture = await this.#placeInPassing(address, message, key, overtaken);
    if (overtaken.aborted) {
      return address;
    }
    if (address.ts === null) {
      // It stands for the first line and is looked for as such, by a later process too that shows something else.
      const first = { key: address.placeholderKey ?? key, patience: 'once', sinceMs: address.at } as const;
      const posted = await this.#posts.post(address, renderMessage(message, picture), first);
      return { ...address, ...posted, ...shownIn(picture) };
    }
    try {
      await this.#update(address, renderMessage(message, picture), 'once');
      return await this.#edited(address, picture);
    } catch (error) {
      if (picture === undefined || !isPictureRefusal(error)) {
        throw error;
      }
      await this.#pictures.discard(picture.fileId);
      await this.#update(address, renderMessage(message, undefined), 'once');
      return this.#edited(address, undefined);
    }
  }

  /** A preview is worth one try; without it the words are shown alone. */
  async #placeInPassing(
    address: SlackAddress,
    { picture }: Message,
    key: string,
    signal: AbortSignal,
  ): Promise<PlacedPicture | undefined> {
    return picture === undefined || address.isShare
      ? undefined
      : unless(['passing', ...REFUSALS], async () =>
          this.#pictures.place(picture, standingIn(address), { key, patience: 'once', signal }),
        );
  }

  async #postAnew(address: SlackAddress, message: Message, key: string): Promise<SlackAddress> {
    const options = { key, patience: 'patient', sinceMs: address.at } as const;
    try {
      const { result, picture } = await this.#pictures.show(message, undefined, key, async (rendered) =>
        this.#posts.post(address, rendered, options),
      );
      await this.#shares.offer({ channel: result.channel, thread: address.thread ?? result.ts }, message.files);
      return { ...address, ...result, ...shownIn(picture), isPlaceholder: false, isShare: false };
    } catch (error) {
      if (message.picture !== undefined && isPictureRefusal(error)) {
        return this.#shares.share(address, message, message.picture);
      }
      if (isFailure(error, 'shut-out')) {
        return this.#privately.writeTo(address, message, key);
      }
      if (isFailure(error, 'gone') && address.thread !== null) {
        return this.#postAnew({ ...address, thread: null }, message, `${key}:channel`);
      }
      throw error;
    }
  }

  /** The old message goes once the new one stands; gone already, or not to be removed, the answer stands either way. */
  async #replaceBy(old: SlackAddress, posting: Promise<SlackAddress>): Promise<SlackAddress> {
    const address = await posting;
    if (old.ts !== null && address.ts !== old.ts) {
      const args = { channel: old.channel, ts: old.ts };
      await this.#client.call('chat.delete', args, { patience: 'once' }).catch(() => undefined);
    }
    return address;
  }

  /** Text and blocks always go together: an edit with text alone takes the blocks away. */
  async #update(
    { channel, ts }: SlackAddress,
    { text, blocks }: RenderedMessage,
    patience: 'once' | 'patient',
  ): Promise<void> {
    await this.#client.call('chat.update', { channel, ts, text, blocks }, { patience });
  }

  async #edited(address: SlackAddress, picture: PlacedPicture | undefined): Promise<SlackAddress> {
    if (address.isShare) {
      return { ...address, isPlaceholder: false };
    }
    if (address.file !== null && address.file !== picture?.fileId) {
      await this.#pictures.discard(address.file);
    }
    return { ...address, ...shownIn(picture), isPlaceholder: false };
  }
}

/** What may keep a progress edit from being shown. */
const REFUSALS = ['gone', 'expired', 'shut-out', 'no-files', 'too-large', 'token', 'refused', 'late'] as const;

function lockOf(address: SlackAddress): string {
  return `${address.channel}/${address.ts ?? `${address.user}/${address.at}`}`;
}
