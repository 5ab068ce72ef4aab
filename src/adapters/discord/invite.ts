/** The link by which a server's admin invites the bot, asking for what it uses and nothing more. */
import { OAuth2Scopes, PermissionFlagsBits } from 'discord.js';

/**
 * Answers to commands need none of these; what is posted by the bot itself does: answers after fifteen minutes, audit
 * lines and reports. There is no Embed Links (pictures are attachments) and no Read Message History (nothing is read).
 */
export const INVITE_PERMISSIONS = [
  'ViewChannel',
  'SendMessages',
  'SendMessagesInThreads',
  'AttachFiles',
] as const satisfies readonly (keyof typeof PermissionFlagsBits)[];

/** `application`: its id from the Developer Portal, or from `applicationIdOf` the token. */
export function inviteLink(application: string): string {
  const permissions = INVITE_PERMISSIONS.reduce((bits, name) => bits | PermissionFlagsBits[name], 0n);
  const query = new URLSearchParams({
    client_id: application,
    scope: [OAuth2Scopes.Bot, OAuth2Scopes.ApplicationsCommands].join(' '),
    permissions: String(permissions),
    integration_type: '0',
  });
  return `https://discord.com/oauth2/authorize?${query.toString()}`;
}

/** The link by which a person installs the bot for themselves, to use it wherever they are. */
export function personalLink(application: string): string {
  const query = new URLSearchParams({
    client_id: application,
    scope: OAuth2Scopes.ApplicationsCommands,
    integration_type: '1',
  });
  return `https://discord.com/oauth2/authorize?${query.toString()}`;
}

/** The application's id, which a bot token carries in its first part; undefined for a token of another shape. */
export function applicationIdOf(token: string): string | undefined {
  const id = Buffer.from(token.split('.')[0] ?? '', 'base64').toString('utf8');
  return /^\d{17,20}$/.test(id) ? id : undefined;
}
