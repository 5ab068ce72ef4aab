/** What the bot's token really may: the guilds in which it lacks a permission that its answers need. Changes nothing. */
import { PermissionFlagsBits, Routes } from 'discord.js';
import { z } from 'zod';

import { DiscordClient } from './client.ts';
import { asUserError } from './deploy.ts';
import { INVITE_PERMISSIONS } from './invite.ts';

const guilds = z.array(z.object({ id: z.string(), name: z.string(), permissions: z.string().regex(/^\d+$/) }));
/** Discord tells of so many at a time; more are not looked at. */
const LOOKED_AT = 200;

export type DiscordCheck = {
  readonly guilds: number;
  readonly lacking: readonly { readonly guild: string; readonly permissions: readonly string[] }[];
};

/** Throws `UserError` `discord.token`, `discord.unreachable`. */
export async function checkDiscord(options: {
  readonly token: string;
  readonly restUrl: string;
}): Promise<DiscordCheck> {
  const client = new DiscordClient(options);
  try {
    const query = new URLSearchParams({ limit: String(LOOKED_AT) });
    const found = guilds.parse(await client.byBot({ method: 'GET', path: Routes.userGuilds(), query }));
    return {
      guilds: found.length,
      lacking: found.flatMap(({ name, permissions }) => {
        const missing = missingIn(BigInt(permissions));
        return missing.length === 0 ? [] : [{ guild: name, permissions: missing }];
      }),
    };
  } catch (error) {
    throw asUserError(error);
  } finally {
    client.close();
  }
}

function missingIn(permissions: bigint): readonly string[] {
  return (permissions & PermissionFlagsBits.Administrator) !== 0n
    ? []
    : INVITE_PERMISSIONS.filter((name) => (permissions & PermissionFlagsBits[name]) === 0n);
}
