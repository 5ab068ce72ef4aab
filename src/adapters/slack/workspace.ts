/**
 * One workspace that has the app: who the bot is there, and everything that speaks with its token. Knows how the parts fit
 * together; decides nothing itself.
 */
import type { Logger } from '@slack/bolt';

import type { Log } from '../../bot/index.ts';
import type { Bot } from '../../core/chat.ts';
import { RequestFailure } from '../shared/failure.ts';
import { SlackClient, type TokenSource } from './client.ts';
import { Dispatcher } from './dispatch.ts';
import { HomeTab } from './home.ts';
import type { Identity } from './identity.ts';
import type { Once } from './installations/once.ts';
import { textAt } from './json.ts';
import { People } from './people.ts';
import { Pictures } from './pictures.ts';
import { Posts } from './posts.ts';
import { Responder } from './respond.ts';
import { ResponseUrls } from './response-urls.ts';
import { PrivateSender } from './send-private.ts';
import { MessageSender } from './send.ts';
import { ScopeNotice } from './scope-notice.ts';
import { Shares } from './shares.ts';
import { UserGroups } from './user-groups.ts';

export type WorkspaceOptions = {
  readonly apiUrl: string;
  readonly bot: Bot;
  readonly log: Log;
  readonly logger: Logger;
  readonly now: () => number;
  readonly monotonicMs: () => number;
  readonly timing: SlackTiming;
  /** What is said once. */
  readonly once: Once;
};

/** Waiting times, in milliseconds; the defaults suit Slack, tests shorten them. */
export type SlackTiming = {
  /** How long a final answer is tried before `deliver` throws. */
  readonly patienceMs?: number;
  /** How long `stop` waits for what runs. */
  readonly drainMs?: number;
  readonly firstPauseMs?: number;
  readonly processingPausesMs?: readonly number[];
  readonly sharePausesMs?: readonly number[];
};

export type Workspace = {
  readonly identity: Identity;
  readonly token: TokenSource;
  readonly client: SlackClient;
  readonly sender: MessageSender;
  readonly dispatcher: Dispatcher;
  readonly groups: UserGroups;
  readonly home: HomeTab;
};

export function openWorkspace(identity: Identity, token: TokenSource, options: WorkspaceOptions): Workspace {
  const { bot, log, now, monotonicMs, timing, once } = options;
  const { firstPauseMs, processingPausesMs, sharePausesMs } = timing;
  const client = clientOf(token, options, (scope) => void notice.tell(scope));
  const notice = new ScopeNotice({ client, identity, once, log });
  const groups = new UserGroups(client, identity, monotonicMs);
  const posts = new Posts(client, now);
  const pictures = new Pictures({ client, processingPausesMs });
  const shares = new Shares(client, sharePausesMs);
  const responseUrls = new ResponseUrls({ now, firstPauseMs });
  const privately = new PrivateSender({ client, posts, pictures, shares, responseUrls });
  const people = new People(client, groups, monotonicMs);
  const home = new HomeTab({ bot, client, people, identity, log });
  const sender = new MessageSender({ client, posts, pictures, shares, privately, home, log });
  const responder = new Responder({ client, posts, sender, log });
  const dispatcher = new Dispatcher({ bot, responder, identity, people });
  return { identity, token, client, sender, dispatcher, groups, home };
}

function clientOf(
  token: TokenSource,
  { apiUrl, logger, monotonicMs, timing }: WorkspaceOptions,
  onMissingScope?: (scope: string) => void,
): SlackClient {
  const { patienceMs, firstPauseMs } = timing;
  return new SlackClient({ token, apiUrl, logger, monotonicMs, patienceMs, firstPauseMs, onMissingScope });
}

/** Asks Slack whose token it is. Throws `RequestFailure`: `token` where Slack refuses it. */
export async function identify(token: TokenSource, options: WorkspaceOptions): Promise<Identity> {
  const client = clientOf(token, options);
  const test = await client.call('auth.test', {}, { patience: 'patient' });
  const team = textAt(test, 'team_id');
  if (team === undefined) {
    throw new RequestFailure('Slack does not say whose token it is', { kind: 'refused', code: 'no_team' });
  }
  return {
    team,
    teamName: textAt(test, 'team') ?? team,
    enterprise: textAt(test, 'enterprise_id'),
    isOrgWide: false,
    botUser: textAt(test, 'user_id') ?? '',
    bot: textAt(test, 'bot_id') ?? '',
  };
}
