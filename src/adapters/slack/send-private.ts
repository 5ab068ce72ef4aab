/**
 * Answers for one person: through the address that came with the event while that lives, as an ephemeral message after
 * that, and as a direct message where neither is possible or the answer is a file. Nobody else ever sees them, and what
 * stands beside them is left alone.
 */
import type { DeliverOptions } from '../../core/chat.ts';
import type { Message } from '../../core/message.ts';
import { BoundedMap } from '../../core/bounded-map.ts';
import { isFailure } from '../shared/failure.ts';
import { shownIn, type SlackAddress, standingIn } from './address.ts';
import { requireText, type SlackClient } from './client.ts';
import { isPictureRefusal, type Pictures } from './pictures.ts';
import type { Posts } from './posts.ts';
import { type RenderedMessage, renderMessage } from './render.ts';
import type { ResponseUrls } from './response-urls.ts';
import type { Shares } from './shares.ts';

export type PrivateSenderParts = {
  readonly client: SlackClient;
  readonly posts: Posts;
  readonly pictures: Pictures;
  readonly shares: Shares;
  readonly responseUrls: ResponseUrls;
};

/** Progress is shown only while this many posts are left for the answer itself. */
const POSTS_KEPT = 2;
const REMEMBERED = 1000;

export class PrivateSender {
  readonly #parts: PrivateSenderParts;
  readonly #delivered = new BoundedMap<string, true>({ maxCost: REMEMBERED });

  constructor(parts: PrivateSenderParts) {
    this.#parts = parts;
  }

  async deliver(given: SlackAddress, message: Message, { mode, key, isFinal }: DeliverOptions): Promise<SlackAddress> {
    const { pictures, shares } = this.#parts;
    const address = mode === 'edit' && given.isPrivate ? given : beside(given);
    const answer: SlackAddress = { ...address, isPrivate: true, isPlaceholder: false, ts: null };
    if (this.#delivered.has(key)) {
      return answer;
    }
    if (!isFinal) {
      await this.#inPassing(address, message);
      return address;
    }
    const standing = standingIn(address);
    const { picture } = await pictures.show(message, standing, key, async (rendered) =>
      this.#show(address, rendered, key),
    );
    if (standing !== undefined && standing.fileId !== picture?.fileId) {
      await pictures.discard(standing.fileId);
    }
    if (message.files.length > 0) {
      await shares.offer({ channel: await this.#openDirect(address.user), thread: null }, message.files);
    }
    this.#delivered.set(key, true);
    return { ...answer, ...shownIn(picture) };
  }

  /** A whole answer as a direct message: for places in which the bot cannot speak. */
  async writeTo(address: SlackAddress, message: Message, key: string): Promise<SlackAddress> {
    const { pictures, shares } = this.#parts;
    const spot = { channel: await this.#openDirect(address.user), thread: null };
    const { result, picture } = await pictures.show(message, undefined, key, async (rendered) =>
      this.#postDirect(spot, rendered, address, key),
    );
    await shares.offer(spot, message.files);
    return { ...address, ...result, ...shownIn(picture), thread: null, isPlaceholder: false, isShare: false };
  }

  /** Takes the private message away whose button was pressed; others cannot be removed and vanish by themselves. */
  async remove({ hook, hookMode, at }: SlackAddress): Promise<void> {
    const { responseUrls } = this.#parts;
    if (hook === null || hookMode !== 'replace' || responseUrls.left(hook, at) === 0) {
      return;
    }
    try {
      await responseUrls.post(hook, { delete_original: true });
    } catch (error) {
      if (!isFailure(error, 'expired', 'refused')) {
        throw error;
      }
    }
  }

  async #show(address: SlackAddress, rendered: RenderedMessage, key: string): Promise<void> {
    const isInChannel = !isPerson(address.channel);
    const ways = [
      ...(this.#postsLeft(address) >= 1 ? [async () => this.#postToUrl(address, rendered)] : []),
      ...(isInChannel ? [async () => this.#postEphemeral(address, rendered)] : []),
    ];
    let pictureRefusal: unknown;
    for (const way of ways) {
      try {
        await way();
        return;
      } catch (error) {
        if (!isFailure(error)) {
          throw error;
        }
        pictureRefusal ??= isPictureRefusal(error) ? error : undefined;
      }
    }
    // A picture that is still being processed: the same again in a moment.
    if (pictureRefusal !== undefined) {
      throw pictureRefusal;
    }
    await this.#postDirect({ channel: await this.#openDirect(address.user), thread: null }, rendered, address, key);
  }

  async #inPassing(address: SlackAddress, message: Message): Promise<void> {
    if (this.#postsLeft(address) <= POSTS_KEPT || address.hookMode === 'beside') {
      return;
    }
    try {
      await this.#postToUrl(address, renderMessage({ ...message, picture: undefined }, undefined));
    } catch (error) {
      if (!isFailure(error)) {
        throw error;
      }
    }
  }

  #postsLeft({ hook, at }: SlackAddress): number {
    return hook === null ? 0 : this.#parts.responseUrls.left(hook, at);
  }

  async #postToUrl({ hook, hookMode, thread }: SlackAddress, { text, blocks }: RenderedMessage): Promise<void> {
    const { responseUrls } = this.#parts;
    if (hook === null) {
      return;
    }
    const isReplacing = hookMode === 'replace' || (hookMode === 'command' && responseUrls.count(hook) > 0);
    const body = { response_type: 'ephemeral', replace_original: isReplacing, text, blocks };
    await responseUrls.post(hook, { ...body, ...(thread === null ? {} : { thread_ts: thread }) });
  }

  async #postEphemeral({ channel, user, thread }: SlackAddress, { text, blocks }: RenderedMessage): Promise<void> {
    const args = { channel, user, text, blocks, ...(thread === null ? {} : { thread_ts: thread }) };
    await this.#parts.client.call('chat.postEphemeral', args, { patience: 'patient' });
  }

  async #postDirect(
    spot: { readonly channel: string; readonly thread: null },
    rendered: RenderedMessage,
    { at }: SlackAddress,
    key: string,
  ) {
    return this.#parts.posts.post(spot, rendered, { key: `${key}:direct`, patience: 'patient', sinceMs: at });
  }

  async #openDirect(user: string): Promise<string> {
    const opened = await this.#parts.client.call('conversations.open', { users: user }, { patience: 'patient' });
    return requireText('conversations.open', opened, 'channel', 'id');
  }
}

/** What came from no channel has the person's id in its place. */
function isPerson(channel: string): boolean {
  return /^[UW]/.test(channel);
}

/**
 * The address of an answer of its own: only an edit goes in the place of the pressed message, and what that message shows
 * belongs to it.
 */
function beside(address: SlackAddress): SlackAddress {
  const hookMode = address.hookMode === 'replace' ? 'beside' : address.hookMode;
  return { ...address, hookMode, file: null, fileSum: '' };
}
