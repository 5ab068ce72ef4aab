/** Messages in the order in which they came, and by channel: a long test looks into one channel often. */
import type { StoredMessage } from './state.ts';

export class MessageList {
  readonly #all = new Set<StoredMessage>();
  readonly #byChannel = new Map<string, StoredMessage[]>();

  /** Oldest first, of all channels. */
  all(): readonly StoredMessage[] {
    return [...this.#all];
  }

  /** Oldest first. */
  in(channel: string): readonly StoredMessage[] {
    return this.#byChannel.get(channel) ?? [];
  }

  /** Those of a channel from this moment on, oldest first. */
  since(channel: string, ts: string): readonly StoredMessage[] {
    const list = this.in(channel);
    return list.slice(list.findLastIndex((message) => message.ts < ts) + 1);
  }

  find(channel: string, ts: string): StoredMessage | undefined {
    return this.in(channel).findLast((message) => message.ts === ts);
  }

  add(message: StoredMessage): void {
    this.#all.add(message);
    const list = this.#byChannel.get(message.channel) ?? [];
    this.#byChannel.set(message.channel, list);
    list.push(message);
  }

  remove(message: StoredMessage): void {
    if (this.#all.delete(message)) {
      const list = this.#byChannel.get(message.channel);
      list?.splice(list.lastIndexOf(message), 1);
    }
  }
}
