/**
 * What is kept of one place that has taken the app in: a workspace, or a whole organisation. Its token lies beside it,
 * sealed. Pure data, and how it is read back.
 */
import { z } from 'zod';

import type { Sealing } from './sealing.ts';

const installationSchema = z.object({
  /** The workspace, `T…`; null: all of the organisation's that it lets the app into. */
  team: z.string().nullable(),
  /** The organisation, `E…`; null: none. */
  enterprise: z.string().nullable(),
  /** Of the workspace or the organisation, for people. */
  name: z.string(),
  botUser: z.string(),
  bot: z.string(),
  /** Who installed it: they can mend what is missing. */
  installer: z.string(),
  scopes: z.array(z.string()),
  atMs: z.number(),
});

export type Installation = Readonly<z.infer<typeof installationSchema>>;

const tokenSchema = z.object({
  access: z.string(),
  /** Where tokens are rotated. */
  refresh: z.string().nullable(),
  expiresAtMs: z.number().nullable(),
});

export type Token = Readonly<z.infer<typeof tokenSchema>>;

const recordSchema = installationSchema.extend({ version: z.literal(1), sealed: z.string() });

/** A workspace that is reached through its organisation's installation. */
export const linkSchema = z.object({ team: z.string(), enterprise: z.string(), name: z.string() });

export type TeamLink = Readonly<z.infer<typeof linkSchema>>;

/** The name under which it is kept: of a workspace of its own, or of an organisation. */
export function nameOf({ team, enterprise }: Pick<Installation, 'team' | 'enterprise'>): string {
  return team === null ? `org:${enterprise ?? ''}` : `team:${team}`;
}

/** As it is kept. */
export function packInstallation(installation: Installation, token: Token, sealing: Sealing): unknown {
  const sealed = sealing.seal(JSON.stringify(token), nameOf(installation));
  return { ...installation, version: 1, sealed };
}

/** `token` is undefined where another secret sealed it; undefined for what is no installation. */
export function readInstallation(
  record: unknown,
  sealing: Sealing,
): { readonly installation: Installation; readonly token: Token | undefined } | undefined {
  const parsed = recordSchema.safeParse(record).data;
  if (parsed === undefined) {
    return undefined;
  }
  const { sealed, version: _, ...installation } = parsed;
  const words = sealing.open(sealed, nameOf(installation));
  const token = words === undefined ? undefined : tokenSchema.safeParse(JSON.parse(words)).data;
  return { installation, token };
}
