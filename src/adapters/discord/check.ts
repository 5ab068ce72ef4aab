/** What the bot's token really may: the guilds in which it lacks a permission that its answers need. Changes nothing. */
import { PermissionFlagsBits, Routes } from 'discord.js';
import { z } from 'zod';

import { pause, retry, type Wait } from '../shared/retry.ts';
import { DiscordClient } from './client.ts';
import { startFault } from './start-fault.ts';
import { INVITE_PERMISSIONS } from './invite.ts';

const guilds = z.array(z.object({ id: z.string(), name: z.string(), permissions: z.string().regex(/^\d+$/) }));
/** Discord tells of so many at a time, and of no more in a row than a large bot has. */
const PAGE = 200;
const PAGES = 50;
const PATIENCE_MS = 60_000;

export type DiscordCheck = {
  readonly guilds: number;
  readonly lacking: readonly { readonly guild: string; readonly permissions: readonly string[] }[];
};

/** Throws `UserError` `discord.token`, `discord.unreachable`. */
export async function checkDiscord({
  wait = pause,
  ...options
}: {
  readonly token: string;
  readonly restUrl: string;
  readonly wait?: Wait;
}): Promise<DiscordCheck> {
  const client = new DiscordClient(options);
  try {
    const found: z.infer<typeof guilds>[number][] = [];
    for (let page = 0; page < PAGES; page++) {
      const query = new URLSearchParams({ limit: String(PAGE), after: found.at(-1)?.id ?? '0' });
      const ask = async (): Promise<unknown> => client.byBot({ method: 'GET', path: Routes.userGuilds(), query });
      const next = guilds.parse(await retry(ask, { patienceMs: PATIENCE_MS, wait }));
      found.push(...next);
      if (next.length < PAGE) {
        break;
      }
    }
    return {
      guilds: found.length,
      lacking: found.flatMap(({ name, permissions }) => {
        const missing = missingIn(BigInt(permissions));
        return missing.length === 0 ? [] : [{ guild: name, permissions: missing }];
      }),
    };
  } catch (error) {
    throw startFault(error);
  } finally {
    client.close();
  }
}

function missingIn(permissions: bigint): readonly string[] {
  return (permissions & PermissionFlagsBits.Administrator) !== 0n
    ? []
    : INVITE_PERMISSIONS.filter((name) => (permissions & PermissionFlagsBits[name]) === 0n);
}
