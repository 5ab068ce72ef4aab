/**
 * New messages, each at most once: a post carries its delivery key as message metadata, and where it is uncertain whether
 * it arrived (a lost connection, a process that died) the channel is looked through before it is sent again.
 *
 * Looking needs the optional history scopes; without them an uncertain post is repeated, because an answer twice is
 * better than none. How far to look back is not left to our clock, which may have been set: Slack's newest messages are
 * looked at.
 */
import { BoundedMap } from '../../core/bounded-map.ts';
import { isFailure } from '../shared/failure.ts';
import { type Patience, requireText, type SlackClient, type SlackResult } from './client.ts';
import { listAt, textAt } from './json.ts';
import type { RenderedMessage } from './render.ts';

export type Spot = { readonly channel: string; readonly thread: string | null };
export type Posted = { readonly channel: string; readonly ts: string };

export type PostOptions = {
  readonly key: string;
  readonly patience: Patience;
  /** When that was asked to which the post answers: an earlier process may have posted it if that ran then. */
  readonly sinceMs: number;
};

const EVENT_TYPE = 'fourstep_delivery';
const REMEMBERED = 2000;
/** Messages looked at: of a channel the newest, of a thread all that is likely to be there. */
const PAGE = 200;
const THREAD_PAGE = 999;

export class Posts {
  readonly #client: SlackClient;
  readonly #now: () => number;
  readonly #startedAtMs: number;
  /** Keys of posts of this process that may have arrived. */
  readonly #uncertain = new BoundedMap<string, true>({ maxCost: REMEMBERED });
  readonly #posted = new BoundedMap<string, Promise<Posted>>({ maxCost: REMEMBERED });
  #canLook = true;

  constructor(client: SlackClient, now: () => number) {
    this.#client = client;
    this.#now = now;
    this.#startedAtMs = now();
  }

  /** Posts once per key; a repeat gives the first one's message. */
  post(spot: Spot, message: RenderedMessage, options: PostOptions): Promise<Posted> {
    const known = this.#posted.get(options.key);
    if (known !== undefined) {
      return known;
    }
    const posting = this.#post(spot, message, options);
    this.#posted.set(options.key, posting);
    posting.catch(() => this.#posted.delete(options.key));
    return posting;
  }

  /** What was posted with the key and not heard of: by an earlier process, or by this one; if it was and we may look. */
  async earlier(spot: Spot, key: string, sinceMs: number): Promise<Posted | undefined> {
    // Asked in the future: by a clock that has been set right since.
    const isOfEarlier = sinceMs < this.#startedAtMs || sinceMs > this.#now();
    return isOfEarlier || this.#uncertain.has(key) ? this.#find(spot, key) : undefined;
  }

  async #post(spot: Spot, message: RenderedMessage, { key, patience, sinceMs }: PostOptions): Promise<Posted> {
    const find = (): Promise<Posted | undefined> => this.#find(spot, key);
    const earlier = await this.earlier(spot, key, sinceMs);
    if (earlier !== undefined) {
      return earlier;
    }
    const args = {
      channel: spot.channel,
      ...(spot.thread === null ? {} : { thread_ts: spot.thread }),
      text: message.text,
      blocks: message.blocks,
      unfurl_links: false,
      unfurl_media: false,
      metadata: { event_type: EVENT_TYPE, event_payload: { key } },
    };
    try {
      return postedOf(await this.#client.call('chat.postMessage', args, { patience, find }), spot.channel);
    } catch (error) {
      if (isFailure(error, 'passing')) {
        this.#uncertain.set(key, true);
      }
      throw error;
    }
  }

  async #find(spot: Spot, key: string): Promise<Posted | undefined> {
    if (!this.#canLook) {
      return undefined;
    }
    const method = spot.thread === null ? 'conversations.history' : 'conversations.replies';
    let result: SlackResult;
    try {
      result = await this.#client.call(
        method,
        {
          channel: spot.channel,
          ...(spot.thread === null ? {} : { ts: spot.thread }),
          include_all_metadata: true,
          limit: spot.thread === null ? PAGE : THREAD_PAGE,
        },
        { patience: 'quick' },
      );
    } catch (error) {
      if (isFailure(error) && error.kind !== 'passing') {
        this.#canLook = !['missing_scope', 'unknown_method', 'not_allowed_token_type'].includes(error.code);
      }
      return undefined;
    }
    const found = listAt(result, 'messages').find(
      (message) =>
        textAt(message, 'metadata', 'event_type') === EVENT_TYPE &&
        textAt(message, 'metadata', 'event_payload', 'key') === key,
    );
    const ts = textAt(found, 'ts');
    return ts === undefined ? undefined : { channel: spot.channel, ts };
  }
}

function postedOf(result: SlackResult, channel: string): Posted {
  return { channel: textAt(result, 'channel') ?? channel, ts: requireText('chat.postMessage', result, 'ts') };
}
