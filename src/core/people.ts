/**
 * Who asks and where: stable keys that carry their platform, so that a Discord id never meets a Slack id by accident.
 * Names are for showing only; nothing is decided by a name.
 */

export const PLATFORMS = ['discord', 'slack', 'web', 'cli'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** `discord:<guild id>`, `slack:<team id>`, `web:local`; a direct message with the bot is `discord:dm-<user id>`. */
export type ServerKey = `${Platform}:${string}`;
/** `discord:<user id>`, `slack:<team id>-<user id>`, `web:<browser id>`. */
export type UserKey = `${Platform}:${string}`;

/** A server as a log may name it: that of a direct message is a person. */
export function serverForLog(server: ServerKey): string {
  return server.replace(/:dm-.*$/u, ':dm');
}

export const LOCALES = ['en', 'de'] as const;
export type Locale = (typeof LOCALES)[number];

export type Actor = {
  readonly user: UserKey;
  readonly name: string;
  /** Manage Guild, a Slack admin or owner, the holder of the operator's token: read from this very event. */
  readonly isAdmin: boolean;
  /** May delete other people's answers: Manage Messages or an admin. */
  readonly isModerator: boolean;
  readonly locale: Locale;
  /** Ids of the person’s roles or user groups there; absent: none are known. */
  readonly roles?: readonly string[] | undefined;
  /** May add emoji to the server; absent: only an admin may. */
  readonly mayAddEmoji?: boolean | undefined;
};

/** A role of a server, or a user group of a workspace. */
export type Role = { readonly id: string; readonly name: string };

export type Place = {
  readonly platform: Platform;
  readonly server: ServerKey;
  readonly serverName: string;
  /** The platform's channel id. */
  readonly channel: string;
  /** The channel whose thread it is: what is allowed there is allowed here. */
  readonly parentChannel?: string | undefined;
  /** The channel is marked for adults. */
  readonly isNsfw: boolean;
  /** The language of public answers. */
  readonly locale: Locale;
  /** An answer that comes later reaches nobody here; absent: any answer does. */
  readonly answerWithinMs?: number | undefined;
  /** What one upload may weigh here and now. */
  readonly maxUploadBytes: number;
};
