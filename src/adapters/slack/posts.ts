/**
 * New messages, each at most once: a post carries its delivery key as message metadata, and where it is uncertain whether
 * it arrived (a lost connection, a process that died) the channel is looked through before it is sent again.
 *
 * Looking needs the optional history scopes; without them an uncertain post is repeated, because an answer twice is
 * better than none.
 */
import type { Patience, SlackApi, SlackResult } from './api.ts';
import { SlackRefusal } from './api.ts';
import { listAt, textAt } from './json.ts';
import type { RenderedMessage } from './render.ts';

export type Spot = { readonly channel: string; readonly thread: string | null };
export type Posted = { readonly channel: string; readonly ts: string };

export type PostOptions = {
  readonly key: string;
  readonly patience: Patience;
  /** Nothing with this key can have been posted before this moment. */
  readonly sinceMs: number;
};

const EVENT_TYPE = 'fourstep_delivery';
const REMEMBERED = 2000;
/** How far Slack's clock may be behind ours when we look back. */
const CLOCK_SLACK_S = 120;
const PAGE = 200;

export class Posts {
  readonly #api: SlackApi;
  readonly #startedAtMs: number;
  readonly #posted = new Map<string, Promise<Posted>>();
  #canLook = true;

  constructor(api: SlackApi, startedAtMs: number) {
    this.#api = api;
    this.#startedAtMs = startedAtMs;
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
    const oldest = this.#posted.keys().next();
    if (this.#posted.size > REMEMBERED && oldest.done !== true) {
      this.#posted.delete(oldest.value);
    }
    return posting;
  }

  /** What an earlier process posted with the key, if it did and we may look. */
  async earlier(spot: Spot, key: string, sinceMs: number): Promise<Posted | undefined> {
    return sinceMs < this.#startedAtMs ? this.#find(spot, key, sinceMs) : undefined;
  }

  async #post(spot: Spot, message: RenderedMessage, { key, patience, sinceMs }: PostOptions): Promise<Posted> {
    const find = (): Promise<Posted | undefined> => this.#find(spot, key, sinceMs);
    const earlier = await this.earlier(spot, key, sinceMs);
    if (earlier !== undefined) {
      return earlier;
    }
    const result = await this.#api.call(
      'chat.postMessage',
      {
        channel: spot.channel,
        ...(spot.thread === null ? {} : { thread_ts: spot.thread }),
        text: message.text,
        blocks: message.blocks,
        unfurl_links: false,
        unfurl_media: false,
        metadata: { event_type: EVENT_TYPE, event_payload: { key } },
      },
      { patience, find },
    );
    return postedOf(result, spot.channel);
  }

  async #find(spot: Spot, key: string, sinceMs: number): Promise<Posted | undefined> {
    if (!this.#canLook) {
      return undefined;
    }
    const method = spot.thread === null ? 'conversations.history' : 'conversations.replies';
    let result: SlackResult;
    try {
      result = await this.#api.call(
        method,
        {
          channel: spot.channel,
          ...(spot.thread === null ? {} : { ts: spot.thread }),
          oldest: String(Math.floor(sinceMs / 1000) - CLOCK_SLACK_S),
          include_all_metadata: true,
          limit: PAGE,
        },
        { patience: 'quick' },
      );
    } catch (error) {
      if (error instanceof SlackRefusal) {
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
  const ts = textAt(result, 'ts');
  if (ts === undefined) {
    throw new SlackRefusal('chat.postMessage', 'no_ts', [JSON.stringify(result)]);
  }
  return { channel: textAt(result, 'channel') ?? channel, ts };
}
