/**
 * One answer to its place: edited in what stands there, in passing or finally, or posted anew. Makes nothing less of a
 * message and keeps no order between edits.
 *
 * How a picture gets into a message. Slack offers two ways to have picture and buttons in one message:
 * (a) share the file into the channel with blocks: the message appears some time later and its `ts` has to be looked up,
 *     nothing prevents a second one after a crash, and our "one moment" cannot become the answer;
 * (b) upload privately, wait until Slack has processed the file, and name it in an image block: the message's `ts` is
 *     known from the first line on, every later answer is an edit of it, and an edit done twice is one edit.
 * (b) is what is done. Where a workspace refuses such blocks, (a) is the way out (shares.ts).
 */
import type { Message } from '../../core/message.ts';
import { isFailure, unless } from '../shared/failure.ts';
import { shownIn, type SlackAddress, standingIn } from './address.ts';
import type { SlackClient } from './client.ts';
import { isPictureRefusal, type Pictures } from './pictures.ts';
import type { Posts } from './posts.ts';
import { type PlacedPicture, type RenderedMessage, renderMessage } from './render.ts';
import type { PrivateSender } from './send-private.ts';
import type { Shares } from './shares.ts';

export type AttemptParts = {
  readonly client: SlackClient;
  readonly posts: Posts;
  readonly pictures: Pictures;
  readonly shares: Shares;
  readonly privately: PrivateSender;
};

export class SendAttempts {
  readonly #client: SlackClient;
  readonly #posts: Posts;
  readonly #pictures: Pictures;
  readonly #shares: Shares;
  readonly #privately: PrivateSender;

  constructor({ client, posts, pictures, shares, privately }: AttemptParts) {
    this.#client = client;
    this.#posts = posts;
    this.#pictures = pictures;
    this.#shares = shares;
    this.#privately = privately;
  }

  async editFinally(address: SlackAddress, message: Message, key: string): Promise<SlackAddress> {
    const { ts, isShare } = address;
    if (ts === null) {
      return this.postAnew(address, message, key);
    }
    if (isShare && message.picture !== undefined && !this.#shares.isStanding(address, message.picture)) {
      return this.#replaceBy(address, this.postAnew({ ...address, ts: null }, message, key));
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
      if (isFailure(error, 'gone')) {
        // Its people have deleted it: it is not put back.
        return address;
      }
      if (isFailure(error, 'expired') || (message.picture !== undefined && isPictureRefusal(error))) {
        return this.#replaceBy(address, this.postAnew({ ...address, ts: null }, message, key));
      }
      if (isFailure(error, 'shut-out')) {
        return this.#privately.writeTo(address, message, key);
      }
      throw error;
    }
    await this.#shares.offer({ channel: address.channel, thread: address.thread ?? ts }, message.files);
    return this.#edited(address, picture);
  }

  async editInPassing(
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

  async postAnew(address: SlackAddress, message: Message, key: string): Promise<SlackAddress> {
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
        return this.postAnew({ ...address, thread: null }, message, `${key}:channel`);
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
export const REFUSALS = ['gone', 'expired', 'shut-out', 'no-files', 'too-large', 'token', 'refused', 'late'] as const;
