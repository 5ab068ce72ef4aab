/**
 * Slack as one of the chats: wires transport, listener and delivery. Decides nothing itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { App } from '@slack/bolt';

import type { Adapter, Bot, DeliverOptions, ServerChannel } from '../../core/chat.ts';
import type { Upload } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Message } from '../../core/message.ts';
import { decodeAddress, encodeAddress } from './address.ts';
import { apiBase, SlackApi, SlackRefusal, TOKEN_CODES } from './api.ts';
import { Delivery } from './deliver.ts';
import { uploadOf } from './files.ts';
import { HandOver } from './hand-over.ts';
import { SignedHttp } from './http.ts';
import { textAt } from './json.ts';
import { Listener } from './listen.ts';
import { libraryLogger, type Log } from './log.ts';
import { type Identity, People } from './people.ts';
import { Pictures } from './pictures.ts';
import { Posts } from './posts.ts';
import { PrivateAnswers } from './private-answers.ts';
import { Hooks } from './respond.ts';
import { Shares } from './share.ts';
import { Socket } from './socket.ts';

export type SlackAdapterOptions = {
  readonly botToken: string;
  /** Socket Mode with an app-level token, or signed deliveries over HTTP. */
  readonly transport:
    | { readonly kind: 'socket'; readonly appToken: string }
    | { readonly kind: 'http'; readonly signingSecret: string };
  /** Web API base, `https://slack.com/api` for Slack itself. */
  readonly apiUrl: string;
  readonly bot: Bot;
  readonly log: Log;
  readonly now?: () => number;
  /** Milliseconds by a clock that nobody sets. */
  readonly monotonicMs?: () => number;
  /** Told once a delivery: milliseconds until it was acknowledged, and whether that was in time. */
  readonly onAcknowledged?: (ms: number, isInTime: boolean) => void;
  /** Waiting times, in milliseconds; the defaults suit Slack, tests shorten them. */
  readonly timing?: {
    /** How long a final answer is tried before `deliver` throws. */
    readonly patienceMs?: number;
    /** How long `stop` waits for what runs. */
    readonly drainMs?: number;
    readonly firstPauseMs?: number;
    readonly processingPausesMs?: readonly number[];
    readonly sharePausesMs?: readonly number[];
  };
};

export interface SlackAdapter extends Adapter {
  /** Takes Slack's deliveries over HTTP, for the server to mount at `/slack/events`; undefined in Socket Mode. */
  readonly listener: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

type Transport =
  | { readonly kind: 'socket'; readonly way: Socket }
  | { readonly kind: 'http'; readonly way: SignedHttp };

export function createSlackAdapter(options: SlackAdapterOptions): SlackAdapter {
  const { botToken, apiUrl, log, now = Date.now, monotonicMs = () => performance.now(), timing = {} } = options;
  const { patienceMs, firstPauseMs, processingPausesMs, sharePausesMs } = timing;
  const logger = libraryLogger(log);
  const api = new SlackApi({
    botToken,
    apiUrl,
    logger,
    monotonicMs,
    ...(patienceMs === undefined ? {} : { patienceMs }),
    ...(firstPauseMs === undefined ? {} : { firstPauseMs }),
  });
  const posts = new Posts(api, now);
  const pictures = new Pictures({ api, ...(processingPausesMs === undefined ? {} : { processingPausesMs }) });
  const shares = new Shares(api, sharePausesMs);
  const hooks = new Hooks({ now, ...(firstPauseMs === undefined ? {} : { pauseMs: firstPauseMs }) });
  const privately = new PrivateAnswers({ api, posts, pictures, shares, hooks });
  const delivery = new Delivery({ api, posts, pictures, shares, privately });
  const transport: Transport =
    options.transport.kind === 'socket'
      ? {
          kind: 'socket',
          way: new Socket({
            appToken: options.transport.appToken,
            apiUrl,
            log,
            logger,
            ...(firstPauseMs === undefined ? {} : { firstPauseMs }),
          }),
        }
      : { kind: 'http', way: new SignedHttp({ signingSecret: options.transport.signingSecret, logger, now }) };
  return new WiredAdapter({ api, delivery, posts, transport, options, now, monotonicMs });
}

type Wiring = {
  readonly api: SlackApi;
  readonly delivery: Delivery;
  readonly posts: Posts;
  readonly transport: Transport;
  readonly options: SlackAdapterOptions;
  readonly now: () => number;
  readonly monotonicMs: () => number;
};

class WiredAdapter implements SlackAdapter {
  readonly platform = 'slack';
  readonly listener: SlackAdapter['listener'];
  readonly #api: SlackApi;
  readonly #delivery: Delivery;
  readonly #transport: Transport;
  readonly #listener: Listener;
  readonly #now: () => number;
  readonly #drainMs: number;
  #identity: Identity | undefined;

  constructor({ api, delivery, posts, transport, options, now, monotonicMs }: Wiring) {
    this.#api = api;
    this.#delivery = delivery;
    this.#transport = transport;
    this.#now = now;
    this.#drainMs = options.timing?.drainMs ?? 2000;
    this.listener = transport.kind === 'http' ? transport.way.listener : undefined;
    const identity = (): Identity => this.#known();
    const { bot, log, onAcknowledged = () => undefined } = options;
    const handOver = new HandOver({ bot, api, delivery, posts, people: new People(api, monotonicMs), identity, log });
    const toUpload = (file: unknown): Upload => uploadOf(file, options);
    this.#listener = new Listener({
      bot,
      handOver,
      uploadOf: toUpload,
      identity,
      log,
      now,
      monotonicMs,
      onAcknowledged,
    });
    const app = new App({
      receiver: transport.way.receiver,
      // Our own `auth.test` at the start is asked once; Bolt need not ask again.
      authorize: () =>
        Promise.resolve({ botToken: options.botToken, botId: this.#known().bot, botUserId: this.#known().botUser }),
      logger: libraryLogger(options.log),
      clientOptions: { slackApiUrl: apiBase(options.apiUrl), retryConfig: { retries: 0 } },
      convoStore: false,
    });
    this.#listener.register(app);
  }

  /** Throws `UserError` `slack.token` for a token that Slack refuses, `slack.unreachable` after a minute without it. */
  async start(): Promise<void> {
    this.#identity = identityOf(
      await orTokenFault(this.#api.call('auth.test', {}, { patience: 'patient' }), 'SLACK_BOT_TOKEN', 'xoxb-'),
    );
    if (this.#transport.kind === 'socket') {
      await orTokenFault(this.#transport.way.start(), 'SLACK_APP_TOKEN', 'xapp-');
    } else {
      this.#transport.way.open();
    }
  }

  async stop(): Promise<void> {
    if (this.#transport.kind === 'socket') {
      await this.#transport.way.stop();
    } else {
      this.#transport.way.close();
    }
    // A handler lasts as long as its job; what is not done by then is taken up after the next start.
    await Promise.race([this.#listener.drain(), sleep(this.#drainMs, undefined, { ref: false })]);
    this.#api.close();
  }

  readiness(): { readonly isReady: boolean; readonly detail: string } {
    const { isConnected, detail } = this.#transport.way.state;
    const fault = this.#api.tokenFault;
    return fault === undefined
      ? { isReady: isConnected, detail }
      : { isReady: false, detail: `Slack refuses the bot token: ${fault}` };
  }

  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    return encodeAddress(await this.#delivery.deliver(decodeAddress(address), message, options));
  }

  remove(address: ReplyAddress): Promise<void> {
    return this.#delivery.remove(decodeAddress(address));
  }

  post({ id }: ServerChannel, message: Message, key: string): Promise<void> {
    // One token, one workspace: every channel that it reaches is this server's.
    return this.#delivery.post(id, message, key, this.#now());
  }

  #known(): Identity {
    if (this.#identity === undefined) {
      throw new Error('the Slack adapter has not been started');
    }
    return this.#identity;
  }
}

/** What goes wrong at the start is the operator's to mend: it is said which variable and what to do. */
async function orTokenFault<Result>(attempt: Promise<Result>, variable: string, prefix: string): Promise<Result> {
  try {
    return await attempt;
  } catch (error) {
    const code = error instanceof SlackRefusal ? error.code : textAt(error, 'data', 'error');
    if (code !== undefined && TOKEN_CODES.has(code)) {
      throw new UserError(
        'slack.token',
        `Slack refuses the token in ${variable} (${code}). Expected one that begins with ${prefix}; copy it anew from api.slack.com/apps into .env.`,
        { params: { variable, code, prefix }, cause: error },
      );
    }
    const what = error instanceof Error ? error.message : String(error);
    throw new UserError(
      'slack.unreachable',
      `Slack could not be reached: ${what}. Check the connection and SLACK_API_URL, then start again.`,
      { params: { what }, cause: error },
    );
  }
}

function identityOf(test: unknown): Identity {
  const team = textAt(test, 'team_id');
  if (team === undefined) {
    throw new SlackRefusal('auth.test', 'no_team', [JSON.stringify(test)]);
  }
  return {
    team,
    teamName: textAt(test, 'team') ?? team,
    enterprise: textAt(test, 'enterprise_id'),
    botUser: textAt(test, 'user_id') ?? '',
    bot: textAt(test, 'bot_id') ?? '',
  };
}
