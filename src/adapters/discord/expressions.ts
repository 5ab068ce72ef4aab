/**
 * A guild's own emoji and stickers: one request each, and what Discord's refusals mean to a person. The permission for it
 * is asked for by a link of its own, so that nobody gives it who does not want it.
 */
import { OAuth2Scopes, PermissionFlagsBits, Routes } from 'discord.js';
import { z } from 'zod';

import type { ExpressionKind, Expressions } from '../../core/chat.ts';
import { refusal } from '../../bot/refusal.ts';
import type { ServerKey } from '../../core/people.ts';
import { RequestFailure, unless } from '../shared/failure.ts';
import type { DiscordClient } from './client.ts';

/** Discord's codes: no permission; all emoji, stickers taken. */
const PERMISSION = new Set(['50001', '50013']);
const FULL = new Set(['30008', '30039']);

const made = z.object({ id: z.string().regex(/^\d+$/), name: z.string() });

export class DiscordExpressions implements Expressions {
  readonly forms = {
    emoji: { sidePx: 128, maxBytes: 256 * 1024 },
    sticker: { sidePx: 320, maxBytes: 512 * 1024 },
  };
  readonly #client: DiscordClient;
  readonly #application: string | undefined;

  /** `application`: the bot's own id; without it the link cannot be given. */
  constructor(client: DiscordClient, application: string | undefined) {
    this.#client = client;
    this.#application = application;
  }

  async add(
    server: ServerKey,
    { kind, name, data }: { readonly kind: ExpressionKind; readonly name: string; readonly data: Uint8Array },
  ): Promise<{ readonly id: string; readonly shown: string }> {
    const guild = guildOf(server);
    try {
      const answer = await this.#client.byBot(
        kind === 'emoji'
          ? {
              method: 'POST',
              path: Routes.guildEmojis(guild),
              body: { name, image: `data:image/png;base64,${Buffer.from(data).toString('base64')}` },
            }
          : {
              method: 'POST',
              path: Routes.guildStickers(guild),
              body: { name, description: '', tags: 'art' },
              files: [{ key: 'file', name: `${name}.png`, data: Buffer.from(data), contentType: 'image/png' }],
              isPlainForm: true,
            },
      );
      const { id, name: given } = made.parse(answer);
      return { id, shown: kind === 'emoji' ? `:${given}:` : `“${given}”` };
    } catch (error) {
      throw this.#refusalOf(error, guild);
    }
  }

  async remove(server: ServerKey, kind: ExpressionKind, id: string): Promise<void> {
    const guild = guildOf(server);
    const path = kind === 'emoji' ? Routes.guildEmoji(guild, id) : Routes.guildSticker(guild, id);
    try {
      await unless(['gone'], async () => this.#client.byBot({ method: 'DELETE', path }));
    } catch (error) {
      throw this.#refusalOf(error, guild);
    }
  }

  #refusalOf(error: unknown, guild: string): unknown {
    if (!(error instanceof RequestFailure)) {
      return error;
    }
    if (PERMISSION.has(error.code)) {
      const link = this.#application === undefined ? '/settings' : permissionLink(this.#application, guild);
      return refusal('emoji.permission', { link }, { cause: error });
    }
    if (FULL.has(error.code)) {
      return refusal('emoji.full', {}, { cause: error });
    }
    return refusal(error.kind === 'passing' ? 'emoji.later' : 'emoji.refused', {}, { cause: error });
  }
}

/** Adds Create Expressions to what the bot may in one guild. Without a character that Markdown would have escaped inside it. */
export function permissionLink(application: string, guild: string): string {
  const query = new URLSearchParams({
    client_id: application,
    scope: OAuth2Scopes.Bot,
    permissions: String(PermissionFlagsBits.CreateGuildExpressions),
    guild_id: guild,
    disable_guild_select: 'true',
  });
  return `https://discord.com/oauth2/authorize?${query.toString().replaceAll('_', '%5F')}`;
}

function guildOf(server: ServerKey): string {
  return server.replace(/^discord:/, '');
}
