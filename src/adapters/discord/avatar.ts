/** A person's picture, as a file of Discord's own: in a guild that of the guild, and only of its members. */
import { Routes } from 'discord.js';
import { z } from 'zod';

import type { Avatar } from '../../core/chat.ts';
import type { ServerKey } from '../../core/people.ts';
import { unless } from '../shared/failure.ts';
import type { DiscordClient } from './client.ts';
import { uploadFrom } from './uploads.ts';

const SIDE = 1024;
const user = z.object({ id: z.string(), avatar: z.string().nullish() });
const member = z.object({ user, avatar: z.string().nullish() });

type Wanted = { readonly cdnUrl: string; readonly server: ServerKey; readonly person: string };

export async function findAvatar(
  client: DiscordClient,
  { cdnUrl, server, person }: Wanted,
): Promise<Avatar | undefined> {
  const id = /^(?:discord:|<@!?)?(\d{1,20})>?$/.exec(person)?.[1];
  if (id === undefined) {
    return undefined;
  }
  const guild = /^discord:(\d+)$/.exec(server)?.[1];
  const path = guild === undefined ? Routes.user(id) : Routes.guildMember(guild, id);
  const found = await unless(['gone', 'refused', 'shut-out'], async () => client.byBot({ method: 'GET', path }));
  const ofGuild = member.safeParse(found).data;
  const who = ofGuild?.user ?? user.safeParse(found).data;
  if (who === undefined) {
    return undefined;
  }
  const url = `${cdnUrl.replace(/\/+$/, '')}/${pathOf(who, guild, ofGuild?.avatar)}`;
  return {
    user: `discord:${id}`,
    picture: uploadFrom(cdnUrl, { filename: 'avatar.png', size: 0, url }),
  };
}

/** Who chose none has one of Discord's, by their id (reference, "Image Formatting"). */
function pathOf(
  { id, avatar }: z.infer<typeof user>,
  guild: string | undefined,
  own: string | null | undefined,
): string {
  if (guild !== undefined && typeof own === 'string') {
    return `guilds/${guild}/users/${id}/avatars/${own}.png?size=${SIDE}`;
  }
  return typeof avatar === 'string'
    ? `avatars/${id}/${avatar}.png?size=${SIDE}`
    : `embed/avatars/${Number((BigInt(id) >> 22n) % 6n)}.png`;
}
