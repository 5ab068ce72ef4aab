/**
 * Slack as one of the chats: what Bolt hears goes through the intake to the workspace's dispatcher, answers go out by the
 * workspace's sender. Decides nothing itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { App } from '@slack/bolt';

import type { Log } from '../../bot/index.ts';
import type { Adapter, Avatar, Bot, DeliverOptions, ServerChannel } from '../../core/chat.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Message } from '../../core/message.ts';
import type { Role, ServerKey } from '../../core/people.ts';
import { Intake } from '../shared/intake.ts';
import { decodeAddress, encodeAddress } from './address.ts';
import { findAvatar } from './avatar.ts';
import { apiBase } from './client.ts';
import { placeOf } from './dispatch.ts';
import { SignedHttp } from './http.ts';
import { at, textAt } from './json.ts';
import { LIMITS } from './limits.ts';
import { libraryLogger } from './log.ts';
import {
  eventFromPress,
  eventFromShortcut,
  eventFromSlash,
  eventFromSubmission,
  type ParseOptions,
  type SlackEvent,
} from './parse.ts';
import { commandOfView, readSubmission } from './parse-form.ts';
import { eventFromMessage, isUninstalled } from './parse-message.ts';
import { readSubmitter } from './payload.ts';
import { serverKey, userKey } from './people.ts';
import { Socket } from './socket.ts';
import { orTokenFault } from './start-fault.ts';
import { uploadFrom } from './uploads.ts';
import { openWorkspace, type SlackTiming, type Workspace } from './workspace.ts';

export type SlackAdapterOptions = {
  readonly botToken: string;
  /** Socket Mode with an app-level token, or signed events over HTTP. */
  readonly transport:
    | { readonly kind: 'socket'; readonly appToken: string }
    | { readonly kind: 'http'; readonly signingSecret: string };
  /** Web API base, `https://slack.com/api` for Slack itself. */
  readonly apiUrl: string;
  readonly bot: Bot;
  readonly log: Log;
  readonly now?: () => number;
  readonly monotonicMs?: () => number;
  /** Told once an event: milliseconds until it was acknowledged, and whether that was in time. */
  readonly onAcknowledged?: (ms: number, isInTime: boolean) => void;
  readonly timing?: SlackTiming;
};

export interface SlackAdapter extends Adapter {
  /** Takes Slack's events over HTTP, for the server to mount at `/slack/events`; undefined in Socket Mode. */
  readonly listener: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

type Parse = (body: unknown, options: ParseOptions) => SlackEvent | undefined;
type Ack = () => Promise<void>;

export function createSlackAdapter(options: SlackAdapterOptions): SlackAdapter {
  return new BoltAdapter(options);
}

class BoltAdapter implements SlackAdapter {
  readonly platform = 'slack';
  readonly #options: SlackAdapterOptions;
  readonly #now: () => number;
  readonly #monotonicMs: () => number;
  readonly #transport: Socket | SignedHttp;
  readonly #intake: Intake;
  #workspace: Workspace | undefined;

  constructor(options: SlackAdapterOptions) {
    const { apiUrl, log, now = Date.now, monotonicMs = () => performance.now(), transport, timing } = options;
    this.#options = options;
    this.#now = now;
    this.#monotonicMs = monotonicMs;
    const logger = libraryLogger(log);
    this.#transport =
      transport.kind === 'socket'
        ? new Socket({ appToken: transport.appToken, apiUrl, log, logger, firstPauseMs: timing?.firstPauseMs })
        : new SignedHttp({ signingSecret: transport.signingSecret, logger, now });
    this.#intake = new Intake({ ...options, monotonicMs });
    const app = new App({
      receiver: this.#transport.receiver,
      // Our own `auth.test` at the start is asked once; Bolt need not ask again.
      authorize: async () => {
        const { botToken, identity } = this.#known();
        return { botToken, botId: identity.bot, botUserId: identity.botUser };
      },
      logger,
      clientOptions: { slackApiUrl: apiBase(apiUrl), retryConfig: { retries: 0 } },
      convoStore: false,
    });
    this.#register(app);
    this.#takeEvents(app);
  }

  get listener(): SlackAdapter['listener'] {
    return this.#transport instanceof SignedHttp ? this.#transport.listener : undefined;
  }

  /** Throws `UserError` `slack.token` for a token that Slack refuses, `slack.unreachable` after a minute without it. */
  async start(): Promise<void> {
    const { botToken, timing = {} } = this.#options;
    const options = { ...this.#options, logger: libraryLogger(this.#options.log), timing };
    const clocks = { now: this.#now, monotonicMs: this.#monotonicMs };
    this.#workspace = await orTokenFault(
      openWorkspace(botToken, { ...options, ...clocks }),
      'SLACK_BOT_TOKEN',
      'xoxb-',
    );
    await this.#options.bot.joined?.(serverKey(this.#workspace.identity));
    await orTokenFault(this.#transport.start(), 'SLACK_APP_TOKEN', 'xapp-');
  }

  async stop(): Promise<void> {
    await this.#transport.stop();
    // A handler lasts as long as its job; what is not done by then is taken up after the next start.
    await this.#intake.drain(this.#options.timing?.drainMs ?? 2000);
    this.#workspace?.client.close();
  }

  readiness(): { readonly isReady: boolean; readonly detail: string } {
    const { isConnected, detail } = this.#transport.state;
    const fault = this.#workspace?.client.tokenFault;
    return fault === undefined
      ? { isReady: isConnected, detail }
      : { isReady: false, detail: `Slack refuses the bot token: ${fault}` };
  }

  async deliver(address: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    return encodeAddress(await this.#known().sender.deliver(decodeAddress(address), message, options));
  }

  async remove(address: ReplyAddress): Promise<void> {
    await this.#known().sender.remove(decodeAddress(address));
  }

  async post({ id }: ServerChannel, message: Message, key: string): Promise<void> {
    // One token, one workspace: every channel that it reaches is this server's.
    await this.#known().sender.post(id, message, key, this.#now());
  }

  async avatar(_server: ServerKey, person: string): Promise<Avatar | undefined> {
    const { client, identity } = this.#known();
    return findAvatar(client, identity, person, this.#options.apiUrl);
  }

  async roles(): Promise<readonly Role[]> {
    return this.#known().groups.list();
  }

  #register(app: App): void {
    const every = /[\s\S]*/;
    app.command(every, ({ ack, body }) => this.#receive(eventFromSlash, body, ack));
    app.action(every, ({ ack, body }) => this.#receive(eventFromPress, body, ack));
    app.shortcut(every, ({ ack, body }) => this.#receive(eventFromShortcut, body, ack));
    app.view(every, ({ ack, body }) => this.#receive(eventFromSubmission, body, ack));
    app.options(every, async ({ ack, body }) => {
      await ack({ options: await this.#suggest(body) });
    });
    app.error(async (error) => {
      this.#options.log.error({ err: error }, 'Slack: an event could not be handled');
    });
  }

  /**
   * What is said to the bot. Bolt acknowledges such events before its listeners see them; here they are written down
   * first, like everything else.
   */
  #takeEvents(app: App): void {
    const process = app.processEvent.bind(app);
    app.processEvent = async (event) =>
      textAt(event.body, 'type') === 'event_callback'
        ? this.#hear(event.body, async () => event.ack())
        : process(event);
  }

  async #hear(body: unknown, ack: Ack): Promise<void> {
    if (isUninstalled(body)) {
      await this.#options.bot.left?.(serverKey(this.#known().identity));
      await ack();
      return;
    }
    await this.#receive(eventFromMessage, body, ack);
  }

  /** Not acknowledged while stopping: Slack says that the app did not respond, which is the truth. */
  async #receive(parse: Parse, body: unknown, ack: Ack): Promise<void> {
    const receivedAtMs = this.#monotonicMs();
    const { botToken, dispatcher } = this.#known();
    const { apiUrl } = this.#options;
    const uploadOf = (file: unknown) => uploadFrom(file, { botToken, apiUrl });
    const event = parse(body, { nowMs: this.#now(), uploadOf });
    if (event !== undefined) {
      await this.#intake.receive(await dispatcher.inbound(event, { ack, receivedAtMs }));
    } else if (!this.#intake.isStopping) {
      await ack();
    }
  }

  async #suggest(body: unknown): Promise<{ text: { type: 'plain_text'; text: string }; value: string }[]> {
    const { identity } = this.#known();
    const submitter = readSubmitter(body);
    const command = commandOfView(at(body, 'view'));
    const option = textAt(body, 'block_id');
    if (submitter === undefined || command === undefined || option === undefined) {
      return [];
    }
    const origin = readSubmission(at(body, 'view'))?.origin;
    const place = placeOf(identity, origin?.channel ?? '', 'en');
    const user = userKey(identity, submitter.user);
    const { bot } = this.#options;
    const suggestions = await bot.suggest(place, user, command, option, textAt(body, 'value') ?? '');
    return suggestions
      .filter((suggestion) => suggestion.value !== '' && suggestion.value.length <= LIMITS.optionValue)
      .slice(0, LIMITS.selectOptions)
      .map(({ label, value }) => ({
        text: { type: 'plain_text', text: (label === '' ? value : label).slice(0, LIMITS.optionText) },
        value,
      }));
  }

  #known(): Workspace {
    if (this.#workspace === undefined) {
      throw new Error('the Slack adapter has not been started');
    }
    return this.#workspace;
  }
}
