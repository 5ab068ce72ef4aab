/**
 * Answers on their way into Slack: edited in place, posted anew, or shown to one person. Knows addresses and messages;
 * nothing of deliveries that come in.
 *
 * How a picture gets into a message. Slack offers two ways to have picture and buttons in one message:
 * (a) share the file into the channel with blocks: the message appears some time later and its `ts` has to be looked up,
 *     nothing prevents a second one after a crash, and our "one moment" cannot become the answer;
 * (b) upload privately, wait until Slack has processed the file, and name it in an image block: the message's `ts` is
 *     known from the first line on, every later answer is an edit of it, and an edit done twice is one edit.
 * (b) is what is done. Where a workspace refuses such blocks, (a) is the way out (share.ts).
 */
import type { DeliverOptions } from '../../core/chat.ts';
import type { Message, MessageFile } from '../../core/message.ts';
import type { SlackAddress } from './address.ts';
import { isRefusal, type SlackApi, SlackRefusal, SlackUnreachable } from './api.ts';
import { Lanes } from './lanes.ts';
import { isPictureRefusal, type Pictures } from './pictures.ts';
import type { Posts } from './posts.ts';
import type { PrivateAnswers } from './private-answers.ts';
import { type PlacedPicture, renderMessage } from './render.ts';
import type { Shares } from './share.ts';

export type DeliveryParts = {
  readonly api: SlackApi;
  readonly posts: Posts;
  readonly pictures: Pictures;
  readonly shares: Shares;
  readonly privately: PrivateAnswers;
};

/** The message cannot be edited any more, though the channel is there. */
const GONE = ['message_not_found', 'cant_update_message', 'edit_window_closed', 'thread_not_found'];
/** The bot cannot speak in the channel. */
export const SHUT_OUT = [
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_thread_only_channel',
];

export class Delivery {
  readonly #api: SlackApi;
  readonly #posts: Posts;
  readonly #pictures: Pictures;
  readonly #shares: Shares;
  readonly #privately: PrivateAnswers;
  readonly #lanes = new Lanes();

  constructor({ api, posts, pictures, shares, privately }: DeliveryParts) {
    this.#api = api;
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
    const lane = laneOf(address);
    if (options.mode === 'new') {
      return this.#postAnew({ ...address, ts: null, file: null, fileSum: '' }, message, options.key);
    }
    if (options.isFinal) {
      return this.#lanes.final(lane, () => this.#editFinally(address, message, options.key));
    }
    return (
      (await this.#lanes.progress(lane, (signal) => this.#editInPassing(address, message, options.key, signal))) ??
      address
    );
  }

  /** After a crash between the first line, or progress in its place, and the note of its `ts`: it is found again. */
  async #withPlaceholder(address: SlackAddress): Promise<SlackAddress> {
    if (address.ts !== null || address.placeholderKey === null || address.isPrivate) {
      return address;
    }
    const spot = { channel: address.channel, thread: address.thread };
    const posted = await this.#posts.earlier(spot, address.placeholderKey, address.at);
    return posted === undefined ? address : { ...address, ...posted, isPlaceholder: true };
  }

  async remove(address: SlackAddress): Promise<void> {
    if (address.isPrivate) {
      await this.#privately.remove(address);
      return;
    }
    if (address.ts === null) {
      return;
    }
    const { channel, ts } = address;
    await this.#lanes.final(laneOf(address), async () => {
      try {
        await this.#api.call('chat.delete', { channel, ts }, { patience: 'patient' });
      } catch (error) {
        if (!isRefusal(error, 'message_not_found', 'channel_not_found')) {
          throw error;
        }
      }
      if (address.file !== null) {
        await this.#pictures.discard(address.file);
      }
    });
  }

  /** Posts into a channel by its id. */
  async post(channel: string, message: Message, key: string, nowMs: number): Promise<void> {
    const picture = await this.#place(message.picture, undefined, key);
    const send = () =>
      this.#posts.post({ channel, thread: null }, renderMessage(message, picture), {
        key,
        patience: 'patient',
        sinceMs: nowMs,
      });
    const posted = await (picture === undefined ? send() : this.#pictures.whenUsable(send));
    await this.#shares.offer({ channel, thread: posted.ts }, message.files);
  }

  async #editFinally(address: SlackAddress, message: Message, key: string): Promise<SlackAddress> {
    if (address.ts === null) {
      return this.#postAnew(address, message, key);
    }
    if (address.isShare && message.picture !== undefined && !this.#shares.isStanding(address, message.picture)) {
      return this.#replaceBy(address, this.#postAnew({ ...address, ts: null }, message, key));
    }
    const standing = standingOf(address);
    const picture = address.isShare ? undefined : await this.#place(message.picture, standing, key);
    try {
      await this.#pictures.whenUsable(() => this.#update(address, message, picture, 'patient'));
    } catch (error) {
      if (isRefusal(error, ...GONE) || (picture !== undefined && isPictureRefusal(error))) {
        return this.#replaceBy(address, this.#postAnew({ ...address, ts: null }, message, key));
      }
      if (isRefusal(error, ...SHUT_OUT)) {
        return this.#privately.writeTo(address, message, key);
      }
      throw error;
    }
    await this.#shares.offer({ channel: address.channel, thread: address.thread ?? address.ts }, message.files);
    return this.#edited(address, picture);
  }

  async #editInPassing(
    address: SlackAddress,
    message: Message,
    key: string,
    signal: AbortSignal,
  ): Promise<SlackAddress> {
    try {
      const picture = await this.#placeInPassing(address, message, key, signal);
      if (signal.aborted) {
        return address;
      }
      if (address.ts === null) {
        // It stands for the first line and is looked for as such, by a later process too that shows something else.
        const first = { key: address.placeholderKey ?? key, patience: 'once', sinceMs: address.at } as const;
        const spot = { channel: address.channel, thread: address.thread };
        const posted = await this.#posts.post(spot, renderMessage(message, picture), first);
        return { ...address, ...posted, file: picture?.fileId ?? null, fileSum: picture?.sum ?? '' };
      }
      const shown = await this.#updateInPassing(address, message, picture);
      return await this.#edited(address, shown);
    } catch (error) {
      if (error instanceof SlackUnreachable || error instanceof SlackRefusal) {
        return address;
      }
      throw error;
    }
  }

  /** A preview is worth one try; without it the words are shown alone. */
  async #placeInPassing(
    address: SlackAddress,
    message: Message,
    key: string,
    signal: AbortSignal,
  ): Promise<PlacedPicture | undefined> {
    if (message.picture === undefined || address.isShare) {
      return undefined;
    }
    try {
      return await this.#pictures.place(message.picture, standingOf(address), { key, patience: 'once', signal });
    } catch (error) {
      if (error instanceof SlackUnreachable || error instanceof SlackRefusal) {
        return undefined;
      }
      throw error;
    }
  }

  async #updateInPassing(
    address: SlackAddress,
    message: Message,
    picture: PlacedPicture | undefined,
  ): Promise<PlacedPicture | undefined> {
    try {
      await this.#update(address, message, picture, 'once');
      return picture;
    } catch (error) {
      if (picture === undefined || !isPictureRefusal(error)) {
        throw error;
      }
      await this.#pictures.discard(picture.fileId);
      await this.#update(address, message, undefined, 'once');
      return undefined;
    }
  }

  async #postAnew(address: SlackAddress, message: Message, key: string): Promise<SlackAddress> {
    const spot = { channel: address.channel, thread: address.thread };
    const picture = await this.#place(message.picture, undefined, key);
    const options = { key, patience: 'patient', sinceMs: address.at } as const;
    try {
      const send = () => this.#posts.post(spot, renderMessage(message, picture), options);
      const posted = await (picture === undefined ? send() : this.#pictures.whenUsable(send));
      await this.#shares.offer({ channel: posted.channel, thread: address.thread ?? posted.ts }, message.files);
      return {
        ...address,
        ...posted,
        isPlaceholder: false,
        isShare: false,
        file: picture?.fileId ?? null,
        fileSum: picture?.sum ?? '',
      };
    } catch (error) {
      if (message.picture !== undefined && isPictureRefusal(error)) {
        return this.#shares.share(address, message, message.picture);
      }
      if (isRefusal(error, ...SHUT_OUT)) {
        return this.#privately.writeTo(address, message, key);
      }
      if (isRefusal(error, 'thread_not_found') && address.thread !== null) {
        return this.#postAnew({ ...address, thread: null }, message, `${key}:channel`);
      }
      throw error;
    }
  }

  /** The old message goes once the new one stands. */
  async #replaceBy(old: SlackAddress, posting: Promise<SlackAddress>): Promise<SlackAddress> {
    const address = await posting;
    if (old.ts !== null && address.ts !== old.ts) {
      try {
        await this.#api.call('chat.delete', { channel: old.channel, ts: old.ts }, { patience: 'once' });
      } catch {
        // It is gone already, or Slack will not have it gone: the answer stands either way.
      }
    }
    return address;
  }

  async #update(
    address: SlackAddress,
    message: Message,
    picture: PlacedPicture | undefined,
    patience: 'once' | 'patient',
  ): Promise<void> {
    // Text and blocks always go together: an edit with text alone takes the blocks away.
    const { text, blocks } = renderMessage(message, picture);
    await this.#api.call('chat.update', { channel: address.channel, ts: address.ts, text, blocks }, { patience });
  }

  async #edited(address: SlackAddress, picture: PlacedPicture | undefined): Promise<SlackAddress> {
    if (address.isShare) {
      return { ...address, isPlaceholder: false };
    }
    if (address.file !== null && address.file !== picture?.fileId) {
      await this.#pictures.discard(address.file);
    }
    return { ...address, isPlaceholder: false, file: picture?.fileId ?? null, fileSum: picture?.sum ?? '' };
  }

  async #place(
    picture: MessageFile | undefined,
    standing: PlacedPicture | undefined,
    key: string,
  ): Promise<PlacedPicture | undefined> {
    return picture === undefined ? undefined : this.#pictures.place(picture, standing, { key, patience: 'patient' });
  }
}

function standingOf(address: SlackAddress): PlacedPicture | undefined {
  return address.file === null ? undefined : { fileId: address.file, sum: address.fileSum };
}

function laneOf(address: SlackAddress): string {
  return `${address.channel}/${address.ts ?? `${address.user}/${address.at}`}`;
}
