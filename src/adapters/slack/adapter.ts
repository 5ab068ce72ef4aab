/**
 * Slack as one of the chats: events come in through the transport, answers go out by the sender of the workspace that
 * their address names. Decides nothing itself.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Logger, webApi } from '@slack/bolt';

import type { Log } from '../../bot/index.ts';
import type { Adapter, Avatar, Bot, DeliverOptions, ServerChannel, ShownMessage } from '../../core/chat.ts';
import type { ReplyAddress } from '../../core/job.ts';
import type { Message } from '../../core/message.ts';
import type { Role, ServerKey } from '../../core/people.ts';
import { Intake } from '../shared/intake.ts';
import { decodeAddress, encodeAddress } from './address.ts';
import { findAvatar } from './avatar.ts';
import { apiBase } from './client.ts';
import { listen } from './events.ts';
import { EVENTS_PATH, SignedHttp } from './http.ts';
import { InstallRoutes } from './installations/install-routes.ts';
import { type InstallationRecords, Installations } from './installations/installations.ts';
import { Once } from './installations/once.ts';
import { INSTALL_PATH, REDIRECT_PATH } from './installations/paths.ts';
import type { RotationParts } from './installations/rotation.ts';
import { States } from './installations/states.ts';
import { Workspaces } from './installations/workspaces.ts';
import { libraryLogger } from './log.ts';
import { Socket } from './socket.ts';
import { orTokenFault } from './start-fault.ts';
import { threadHead } from './thread-head.ts';
import { uploadFrom } from './uploads.ts';
import type { SlackTiming, Workspace } from './workspace.ts';

/** How workspaces take the app in by themselves. */
export type InstallOptions = {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Seals tokens at rest. */
  readonly secretKey: string;
};

export type SlackAdapterOptions = {
  /** Of one workspace that needs no installing. */
  readonly botToken?: string | undefined;
  readonly install?: InstallOptions | undefined;
  /** Where installations are kept, and what was said once; absent: in memory. */
  readonly records?: InstallationRecords | undefined;
  /** Socket Mode with an app-level token, or signed events over HTTP. */
  readonly transport:
    | { readonly kind: 'socket'; readonly appToken: string }
    | { readonly kind: 'http'; readonly signingSecret: string };
  /** Web API base, `https://slack.com/api` for Slack itself. */
  readonly apiUrl: string;
  /** Where the program is reached from outside, without a slash at its end. */
  readonly publicUrl?: string | undefined;
  readonly bot: Bot;
  readonly log: Log;
  readonly now?: () => number;
  readonly monotonicMs?: () => number;
  /** Told once an event: milliseconds until it was acknowledged, and whether that was in time. */
  readonly onAcknowledged?: (ms: number, isInTime: boolean) => void;
  readonly timing?: SlackTiming;
};

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

export interface SlackAdapter extends Adapter {
  /** What the server is to mount: events over HTTP, and how the app is installed. */
  readonly mounts: readonly { readonly path: string; readonly listener: Listener }[];
}

export function createSlackAdapter(options: SlackAdapterOptions): SlackAdapter {
  return new BoltAdapter(options);
}

class BoltAdapter implements SlackAdapter {
  readonly platform = 'slack';
  readonly mounts: SlackAdapter['mounts'];
  readonly #options: SlackAdapterOptions;
  readonly #now: () => number;
  readonly #transport: Socket | SignedHttp;
  readonly #intake: Intake;
  readonly #workspaces: Workspaces;

  constructor(options: SlackAdapterOptions) {
    const { apiUrl, bot, log, now = Date.now, monotonicMs = () => performance.now(), transport, timing = {} } = options;
    this.#options = options;
    this.#now = now;
    const logger = libraryLogger(log);
    this.#transport =
      transport.kind === 'socket'
        ? new Socket({ appToken: transport.appToken, apiUrl, log, logger, firstPauseMs: timing.firstPauseMs })
        : new SignedHttp({ signingSecret: transport.signingSecret, logger, now });
    this.#intake = new Intake({ ...options, monotonicMs });
    const rotation = rotationOf(options, { apiUrl, log, logger, now });
    const once = new Once(options.records);
    this.#workspaces = new Workspaces({ apiUrl, bot, log, logger, now, monotonicMs, timing, once }, rotation);
    this.mounts = [
      ...this.#eventMounts(),
      ...(rotation === undefined ? [] : this.#installMounts(rotation, once, logger)),
    ];
    listen({
      receiver: this.#transport.receiver,
      workspaces: this.#workspaces,
      intake: this.#intake,
      bot,
      log,
      logger,
      apiUrl,
      publicUrl: options.publicUrl,
      now,
      monotonicMs,
    });
  }

  /** Throws `UserError` `slack.token` for a token that Slack refuses, `slack.unreachable` after a minute without it. */
  async start(): Promise<void> {
    const { botToken, log } = this.#options;
    if (botToken !== undefined) {
      await this.#workspaces.openSingle(botToken);
    }
    await orTokenFault(this.#transport.start(), 'SLACK_APP_TOKEN', 'xapp-');
    void this.#workspaces.check().catch((error: unknown) => {
      log.warn({ err: error }, 'Slack: the installations could not be looked at');
    });
  }

  async stop(): Promise<void> {
    await this.#transport.stop();
    // A handler lasts as long as its job; what is not done by then is taken up after the next start.
    await this.#intake.drain(this.#options.timing?.drainMs ?? 2000);
    this.#workspaces.close();
  }

  /** One workspace's lost token is that workspace's trouble, but where there is no other. */
  readiness(): { readonly isReady: boolean; readonly detail: string } {
    const { isConnected, detail } = this.#transport.state;
    const fault = this.#options.install === undefined ? this.#workspaces.single?.client.tokenFault : undefined;
    return fault === undefined
      ? { isReady: isConnected, detail }
      : { isReady: false, detail: `Slack refuses the bot token: ${fault}` };
  }

  async deliver(given: ReplyAddress, message: Message, options: DeliverOptions): Promise<ReplyAddress> {
    const address = decodeAddress(given);
    const { sender } = await this.#workspaces.ofTeam(address.team);
    return encodeAddress(await sender.deliver(address, message, options));
  }

  async remove(given: ReplyAddress): Promise<void> {
    const address = decodeAddress(given);
    const { sender } = await this.#workspaces.ofTeam(address.team);
    await sender.remove(address);
  }

  /** The token reaches the channels of its own workspace alone. */
  async post({ server, id }: ServerChannel, message: Message, key: string): Promise<void> {
    const { sender } = await this.#ofServer(server);
    await sender.post(id, message, key, this.#now());
  }

  async avatar(server: ServerKey, person: string): Promise<Avatar | undefined> {
    const { client, identity } = await this.#ofServer(server);
    return findAvatar(client, identity, person, this.#options.apiUrl);
  }

  async threadHead(given: ReplyAddress): Promise<ShownMessage | undefined> {
    const address = decodeAddress(given);
    const { client, token } = await this.#workspaces.ofTeam(address.team);
    return threadHead(client, address, (file) => uploadFrom(file, { token, apiUrl: this.#options.apiUrl }));
  }

  async roles(server: ServerKey): Promise<readonly Role[]> {
    return (await this.#ofServer(server)).groups.list();
  }

  #ofServer(server: ServerKey): Promise<Workspace> {
    return this.#workspaces.ofTeam(server.slice('slack:'.length));
  }

  #eventMounts(): SlackAdapter['mounts'] {
    return this.#transport instanceof SignedHttp ? [{ path: EVENTS_PATH, listener: this.#transport.listener }] : [];
  }

  #installMounts({ clientId, clientSecret }: RotationParts, once: Once, logger: Logger): SlackAdapter['mounts'] {
    const { apiUrl, publicUrl, log, install } = this.#options;
    const routes = new InstallRoutes({
      clientId,
      clientSecret,
      apiUrl,
      publicUrl,
      log,
      logger,
      now: this.#now,
      states: new States({ secret: install?.secretKey ?? '', once, now: this.#now }),
      install: async (installation, token) => this.#workspaces.install(installation, token),
    });
    return [INSTALL_PATH, REDIRECT_PATH].map((path) => ({ path, listener: routes.listener }));
  }
}

type Around = Pick<RotationParts, 'log' | 'now'> & { readonly apiUrl: string; readonly logger: Logger };

const OAUTH_TIMEOUT_MS = 10_000;

function rotationOf(
  { install, records }: SlackAdapterOptions,
  { apiUrl, log, logger, now }: Around,
): RotationParts | undefined {
  if (install === undefined || records === undefined) {
    return undefined;
  }
  const { secretKey, clientId, clientSecret } = install;
  const options = { slackApiUrl: apiBase(apiUrl), retryConfig: { retries: 0 }, timeout: OAUTH_TIMEOUT_MS, logger };
  const oauth = new webApi.WebClient(undefined, options);
  return { installations: new Installations(records, secretKey, log), clientId, clientSecret, oauth, now, log };
}
