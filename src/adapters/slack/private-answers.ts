/**
 * Answers for one person: through the delivery's own address while that lives, as an ephemeral message after that, and
 * as a direct message where neither is possible or the answer is a file. Nobody else ever sees them.
 */
import type { DeliverOptions } from '../../core/chat.ts';
import type { Message } from '../../core/message.ts';
import type { SlackAddress } from './address.ts';
import { type SlackApi, SlackRefusal, SlackUnreachable } from './api.ts';
import { textAt } from './json.ts';
import type { Pictures } from './pictures.ts';
import type { Posts } from './posts.ts';
import { type PlacedPicture, type RenderedMessage, renderMessage } from './render.ts';
import type { Hooks } from './respond.ts';
import type { Shares } from './share.ts';

export type PrivateAnswersParts = {
  readonly api: SlackApi;
  readonly posts: Posts;
  readonly pictures: Pictures;
  readonly shares: Shares;
  readonly hooks: Hooks;
};

/** Progress is shown only while this many posts are left for the answer itself. */
const POSTS_KEPT = 2;
const REMEMBERED = 1000;

export class PrivateAnswers {
  readonly #api: SlackApi;
  readonly #posts: Posts;
  readonly #pictures: Pictures;
  readonly #shares: Shares;
  readonly #hooks: Hooks;
  readonly #delivered = new Set<string>();

  constructor({ api, posts, pictures, shares, hooks }: PrivateAnswersParts) {
    this.#api = api;
    this.#posts = posts;
    this.#pictures = pictures;
    this.#shares = shares;
    this.#hooks = hooks;
  }

  async deliver(given: SlackAddress, message: Message, { mode, key, isFinal }: DeliverOptions): Promise<SlackAddress> {
    // Only an edit goes in the place of the pressed message; a private answer of its own stands beside it.
    const isBeside = mode === 'private' && given.hookMode === 'replace';
    const address: SlackAddress = isBeside ? { ...given, hookMode: 'beside' } : given;
    const answer: SlackAddress = { ...address, isPrivate: true, isPlaceholder: false, ts: null };
    if (this.#delivered.has(key)) {
      return answer;
    }
    if (!isFinal) {
      return this.#inPassing(address, message);
    }
    const standing = address.file === null ? undefined : { fileId: address.file, sum: address.fileSum };
    const picture =
      message.picture === undefined
        ? undefined
        : await this.#pictures.place(message.picture, standing, { key, patience: 'patient' });
    await this.#show(address, message, picture, key);
    if (standing !== undefined && standing.fileId !== picture?.fileId) {
      await this.#pictures.discard(standing.fileId);
    }
    if (message.files.length > 0) {
      const channel = await this.#openDirect(address.user);
      await this.#shares.offer({ channel, thread: null }, message.files);
    }
    this.#remember(key);
    return { ...answer, file: picture?.fileId ?? null, fileSum: picture?.sum ?? '' };
  }

  /** A whole answer as a direct message: for places in which the bot cannot speak. */
  async writeTo(address: SlackAddress, message: Message, key: string): Promise<SlackAddress> {
    const channel = await this.#openDirect(address.user);
    const picture =
      message.picture === undefined
        ? undefined
        : await this.#pictures.place(message.picture, undefined, { key, patience: 'patient' });
    const posted = await this.#pictures.whenUsable(() =>
      this.#posts.post({ channel, thread: null }, renderMessage(message, picture), {
        key: `${key}:direct`,
        patience: 'patient',
        sinceMs: address.at,
      }),
    );
    await this.#shares.offer({ channel, thread: null }, message.files);
    return {
      ...address,
      ...posted,
      thread: null,
      isPlaceholder: false,
      isShare: false,
      file: picture?.fileId ?? null,
      fileSum: picture?.sum ?? '',
    };
  }

  /** Takes the private message away whose button was pressed; others cannot be removed and vanish by themselves. */
  async remove(address: SlackAddress): Promise<void> {
    if (address.hook === null || address.hookMode !== 'replace' || this.#hooks.left(address.hook, address.at) === 0) {
      return;
    }
    try {
      await this.#hooks.post(address.hook, { delete_original: true });
    } catch (error) {
      if (!(error instanceof SlackRefusal)) {
        throw error;
      }
    }
  }

  async #show(address: SlackAddress, message: Message, picture: PlacedPicture | undefined, key: string): Promise<void> {
    const rendered = renderMessage(message, picture);
    const ways: readonly (() => Promise<unknown>)[] = [
      ...(this.#canPostToHook(address, 1) ? [() => this.#postToHook(address, rendered)] : []),
      () => this.#postEphemeral(address, rendered),
    ];
    for (const way of ways) {
      try {
        await (picture === undefined ? way() : this.#pictures.whenUsable(way));
        return;
      } catch (error) {
        if (!(error instanceof SlackRefusal) && !(error instanceof SlackUnreachable)) {
          throw error;
        }
      }
    }
    await this.writeTo(address, { ...message, files: [] }, key);
  }

  async #inPassing(address: SlackAddress, message: Message): Promise<SlackAddress> {
    if (this.#canPostToHook(address, POSTS_KEPT + 1) && address.hookMode !== 'beside') {
      try {
        await this.#postToHook(address, renderMessage({ ...message, picture: undefined }, undefined));
      } catch (error) {
        if (!(error instanceof SlackRefusal) && !(error instanceof SlackUnreachable)) {
          throw error;
        }
      }
    }
    return address;
  }

  #canPostToHook(address: SlackAddress, posts: number): boolean {
    return address.hook !== null && this.#hooks.left(address.hook, address.at) >= posts;
  }

  async #postToHook(address: SlackAddress, rendered: RenderedMessage): Promise<void> {
    if (address.hook === null) {
      return;
    }
    const isReplacing =
      address.hookMode === 'replace' || (address.hookMode === 'command' && this.#hooks.count(address.hook) > 0);
    await this.#hooks.post(address.hook, {
      response_type: 'ephemeral',
      replace_original: isReplacing,
      text: rendered.text,
      blocks: rendered.blocks,
      ...(address.thread === null ? {} : { thread_ts: address.thread }),
    });
  }

  async #postEphemeral(address: SlackAddress, rendered: RenderedMessage): Promise<void> {
    await this.#api.call(
      'chat.postEphemeral',
      {
        channel: address.channel,
        user: address.user,
        ...(address.thread === null ? {} : { thread_ts: address.thread }),
        text: rendered.text,
        blocks: rendered.blocks,
      },
      { patience: 'patient' },
    );
  }

  async #openDirect(user: string): Promise<string> {
    const opened = await this.#api.call('conversations.open', { users: user }, { patience: 'patient' });
    const channel = textAt(opened, 'channel', 'id');
    if (channel === undefined) {
      throw new SlackRefusal('conversations.open', 'no_channel', [JSON.stringify(opened)]);
    }
    return channel;
  }

  #remember(key: string): void {
    this.#delivered.add(key);
    const oldest = this.#delivered.values().next();
    if (this.#delivered.size > REMEMBERED && oldest.done !== true) {
      this.#delivered.delete(oldest.value);
    }
  }
}
