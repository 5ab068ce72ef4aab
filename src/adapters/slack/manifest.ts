/**
 * The app's manifest, made from the commands: what an admin pastes at api.slack.com/apps to create the app. Asks for as
 * few scopes as the answers need; looking back for an answer that may have arrived is optional.
 */
import { COMMANDS } from '../../../commands/index.ts';
import { describeCommand, text } from '../../bot/texts/index.ts';
import { type MessageAction, MESSAGE_ACTIONS } from '../../core/chat.ts';
import type { CommandSpec } from '../../core/command.ts';
import { cut } from '../shared/cut.ts';
import { EVENTS_PATH } from './http.ts';
import { REDIRECT_PATH } from './installations/paths.ts';
import { LIMITS } from './limits.ts';
import { COMMAND_ROOTS } from './parse-command.ts';
import { GLOBAL_SHORTCUT } from './payload.ts';

/** `publicUrl`: of the server, without a path: where Slack delivers in HTTP mode, and where workspaces install the app. */
type ManifestTransport =
  | { readonly kind: 'socket'; readonly publicUrl?: string | undefined }
  | { readonly kind: 'http'; readonly publicUrl: string };

/** Each scope and what it is for, in words that `fourstep doctor` can print. */
export const SCOPES = {
  commands: 'slash commands and message shortcuts',
  'chat:write': 'answers',
  'chat:write.public': 'answers in public channels that the app was not invited to',
  'files:write': 'pictures',
  'files:read': 'pictures to start from, and knowing when an upload can be shown',
  'users:read': 'who is an admin, and in which language to answer',
  'app_mentions:read': 'pictures asked for by a mention, in threads too',
  'im:history': 'pictures asked for in a direct message',
  'im:write': 'private files, and answers where the app cannot speak',
} as const;

/** Looking for an answer that may have arrived before it is sent again; rules by user group. */
const OPTIONAL_SCOPES = ['channels:history', 'groups:history', 'mpim:history', 'usergroups:read'] as const;
/** Asked for when a workspace takes the app in. */
export const BOT_SCOPES: readonly string[] = [...Object.keys(SCOPES), ...OPTIONAL_SCOPES];
/** What is told to the app without being asked by a command. */
const BOT_EVENTS = [
  'app_mention',
  'message.im',
  'app_home_opened',
  'app_uninstalled',
  'tokens_revoked',
  'team_access_revoked',
] as const;

type SlackManifest = Readonly<Record<string, unknown>>;

export function slackManifest(transport: ManifestTransport = { kind: 'socket' }): SlackManifest {
  const base = transport.publicUrl?.replace(/\/+$/, '');
  const url = transport.kind === 'http' ? `${base}${EVENTS_PATH}` : undefined;
  const redirects = base === undefined ? {} : { redirect_urls: [`${base}${REDIRECT_PATH}`] };
  const withUrl = url === undefined ? {} : { url };
  return {
    display_information: {
      name: 'Fourstep',
      description: 'Draws pictures from words in four steps, in your workspace’s own style.',
      background_color: '#1f2430',
    },
    features: {
      bot_user: { display_name: 'Fourstep', always_online: true },
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      slash_commands: COMMAND_ROOTS.map((root) => ({
        command: `/${root}`,
        ...withUrl,
        description: cut(describeCommand('en', root), LIMITS.commandDescription),
        ...(usageHint(root) === '' ? {} : { usage_hint: cut(usageHint(root), LIMITS.usageHint) }),
        should_escape: false,
      })),
      shortcuts: [shortcut('global', GLOBAL_SHORTCUT), ...MESSAGE_ACTIONS.map((name) => shortcut('message', name))],
    },
    oauth_config: { ...redirects, scopes: { bot: Object.keys(SCOPES), bot_optional: [...OPTIONAL_SCOPES] } },
    settings: {
      event_subscriptions: { ...(url === undefined ? {} : { request_url: url }), bot_events: [...BOT_EVENTS] },
      interactivity: {
        is_enabled: true,
        ...(url === undefined ? {} : { request_url: url, message_menu_options_url: url }),
      },
      org_deploy_enabled: true,
      socket_mode_enabled: transport.kind === 'socket',
      token_rotation_enabled: false,
    },
  };
}

function shortcut(type: 'global' | 'message', name: MessageAction | typeof GLOBAL_SHORTCUT) {
  const words = text('en', `menu.${name}`);
  return {
    name: cut(words, LIMITS.shortcutName),
    type,
    callback_id: name,
    description: cut(type === 'global' ? describeCommand('en', 'imagine') : words, LIMITS.shortcutDescription),
  };
}

/** `prompt --style … --seed …`, or the sub-commands. */
export function usageHint(root: string): string {
  const group: readonly CommandSpec[] = COMMANDS.filter((spec) => spec.name.split(' ')[0] === root);
  const [only] = group;
  if (only === undefined || only.name !== root) {
    return group.map((spec) => spec.name.slice(root.length + 1)).join(' | ');
  }
  const words = only.textOption === undefined ? [] : [`[${only.textOption}]`];
  const options = only.options
    .filter((option) => option.name !== only.textOption && option.kind !== 'image' && option.kind !== 'file')
    .map((option) => `--${option.name}`);
  return [...words, ...options].join(' ');
}
