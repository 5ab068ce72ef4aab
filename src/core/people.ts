/**
 * Who asks and where: stable keys that carry their platform, so that a Discord id never meets a Slack id by accident.
 * Names are for showing only; nothing is decided by a name.
 */
import { z } from 'zod';

import type { Parsed } from './parsed.ts';

export const PLATFORMS = ['discord', 'slack', 'web', 'cli'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** `discord:<guild id>`, `slack:<team id>`, `web:local`; a direct message with the bot is `discord:dm-<user id>`. */
export type ServerKey = `${Platform}:${string}`;
/** `discord:<user id>`, `slack:<team id>-<user id>`, `web:<browser id>`. */
export type UserKey = `${Platform}:${string}`;

/** Of a server or a person; what stands behind the colon is the platform's business. */
export const placeKey = z.custom<ServerKey>(
  (value) => typeof value === 'string' && PLATFORMS.some((name) => value.startsWith(`${name}:`)),
);

/** A server as a log may name it: that of a direct message is a person. */
export function serverForLog(server: ServerKey): string {
  return server.replace(/:dm-.*$/u, ':dm');
}

export const LOCALES = ['en', 'de'] as const;
export type Locale = (typeof LOCALES)[number];

export const actor = z.object({
  user: placeKey,
  name: z.string(),
  /** Manage Guild, a Slack admin or owner, the holder of the operator's token: read from this very event. */
  isAdmin: z.boolean(),
  /** May delete other people's answers: Manage Messages or an admin. */
  isModerator: z.boolean(),
  locale: z.enum(LOCALES),
  /** Ids of the person’s roles or user groups there; absent: none are known. */
  roles: z.array(z.string()).optional(),
  /** May add emoji to the server; absent: only an admin may. */
  mayAddEmoji: z.boolean().optional(),
});
export type Actor = Parsed<typeof actor>;

/** A role of a server, or a user group of a workspace. */
export const role = z.object({ id: z.string(), name: z.string() });
export type Role = Parsed<typeof role>;

export const place = z.object({
  platform: z.enum(PLATFORMS),
  server: placeKey,
  serverName: z.string(),
  /** The platform's channel id. */
  channel: z.string(),
  /** The channel whose thread it is: what is allowed there is allowed here. */
  parentChannel: z.string().optional(),
  /** The channel is marked for adults. */
  isNsfw: z.boolean(),
  /** The language of public answers. */
  locale: z.enum(LOCALES),
  /** An answer that comes later reaches nobody here; absent: any answer does. */
  answerWithinMs: z.number().optional(),
  /** What one upload may weigh here and now. */
  maxUploadBytes: z.number(),
});
export type Place = Parsed<typeof place>;
