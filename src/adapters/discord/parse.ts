/**
 * An interaction's payload, as it comes from the gateway, to what the bot understands. Everything is read from this very
 * payload: who asks, what they may do, whether the channel is for adults, how large an upload may be. Asks nobody.
 */
import { ChannelType, InteractionType, PermissionFlagsBits } from 'discord.js';

import { localeOf } from '../../bot/texts/index.ts';
import type { Invocation } from '../../core/chat.ts';
import type { Actor, Place, ServerKey, UserKey } from '../../core/people.ts';
import type { InteractionAddress } from './address.ts';
import { LIMITS } from './limits.ts';
import { actionOf, commandWords, isEphemeral, type UploadFrom } from './parse-action.ts';
import { interactionSchema, type InteractionPayload } from './payload.ts';

export type ParseContext = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that only go forward. */
  readonly monotonicMs: () => number;
  /** Undefined where the gateway has not told the guild's name. */
  readonly guildName: (id: string) => string | undefined;
  /** Whether a channel is marked for adults; undefined where the gateway has not told. */
  readonly isNsfw: (channel: string) => boolean | undefined;
  readonly upload: UploadFrom;
  /** Told what is not understood: the paths that are off, no content. */
  readonly onUnknown?: (reason: string) => void;
};

/** What is needed to answer: the callback's path, and the address of everything after it. */
export type InteractionToken = {
  readonly id: string;
  readonly token: string;
  /** By the monotonic clock: the three seconds are counted from here. */
  readonly receivedAtMs: number;
  /** The message whose component was used; a form may come from one too. */
  readonly source: { readonly id: string; readonly isPrivate: boolean } | undefined;
  readonly address: InteractionAddress;
  /** The guild for which the command was registered; undefined for those of the application. */
  readonly commandGuild: string | undefined;
};

export type InteractionEvent =
  | { readonly kind: 'invocation'; readonly invocation: Invocation; readonly token: InteractionToken }
  | {
      readonly kind: 'suggest';
      readonly place: Place;
      readonly user: UserKey;
      readonly command: string;
      readonly option: string;
      readonly partial: string;
      readonly token: InteractionToken;
    };

/** Undefined: nothing that concerns this bot (a ping, a kind it does not offer, a payload of another shape). */
export function parseInteraction(raw: unknown, context: ParseContext): InteractionEvent | undefined {
  const parsed = interactionSchema.safeParse(raw);
  if (!parsed.success) {
    const { issues } = parsed.error;
    context.onUnknown?.(issues.map(({ path, code }) => `${path.join('.')}: ${code}`).join(', '));
    return undefined;
  }
  const payload = parsed.data;
  const person = payload.member?.user ?? payload.user;
  const channel = payload.channel?.id ?? payload.channel_id;
  if (person === undefined || channel === undefined) {
    return undefined;
  }
  const receivedAtMs = context.now();
  const actor = actorOf(payload, person);
  const place = placeOf(payload, channel, actor, context);
  const token = tokenOf(payload, channel, person.id, context);
  if (payload.type === InteractionType.ApplicationCommandAutocomplete) {
    const words = commandWords(payload.data.name ?? '', payload.data.options);
    const typed = words.options.find((option) => option.focused === true);
    if (typed === undefined) {
      return undefined;
    }
    return {
      kind: 'suggest',
      place,
      user: actor.user,
      command: words.name,
      option: typed.name,
      partial: String(typed.value ?? ''),
      token,
    };
  }
  const action = actionOf(payload, context.upload);
  if (action === undefined) {
    return undefined;
  }
  return { kind: 'invocation', invocation: { id: payload.id, actor, place, action, receivedAtMs }, token };
}

/** The platform's id in a key; undefined for somebody of another platform. */
export function userIdOf(key: UserKey): string | undefined {
  return /^discord:(\d+)$/.exec(key)?.[1];
}

type Person = NonNullable<InteractionPayload['user']>;

function actorOf(payload: InteractionPayload, person: Person): Actor {
  // Rights in a guild that has not the bot are rights over nothing of the bot's.
  const permissions = isPersonal(payload) ? 0n : (payload.member?.permissions ?? 0n);
  const isAdmin = (permissions & (PermissionFlagsBits.Administrator | PermissionFlagsBits.ManageGuild)) !== 0n;
  return {
    user: `discord:${person.id}`,
    name: payload.member?.nick ?? person.global_name ?? person.username,
    isAdmin,
    isModerator: isAdmin || (permissions & PermissionFlagsBits.ManageMessages) !== 0n,
    locale: localeOf(payload.locale),
    ...(payload.member?.roles === undefined ? {} : { roles: payload.member.roles }),
    mayAddEmoji: isAdmin || (permissions & ADD_EMOJI) !== 0n,
  };
}

/** Asked for by somebody who has installed the bot for themselves, where it is not: there it has no say of its own. */
function isPersonal({ authorizing_integration_owners: owners, guild_id }: InteractionPayload): boolean {
  const isOfGuild = owners?.['0'] !== undefined && (guild_id === undefined || owners['0'] === guild_id);
  return owners?.['1'] !== undefined && !isOfGuild;
}

const ADD_EMOJI = PermissionFlagsBits.CreateGuildExpressions | PermissionFlagsBits.ManageGuildExpressions;

function placeOf(payload: InteractionPayload, channel: string, actor: Actor, context: ParseContext): Place {
  const guild = isPersonal(payload) ? undefined : payload.guild_id;
  const server: ServerKey =
    guild === undefined ? `discord:dm-${actor.user.slice('discord:'.length)}` : `discord:${guild}`;
  // A thread, the post of a forum too, is for adults where its channel is; it does not say so itself.
  const isThread = THREADS.includes(payload.channel?.type);
  return {
    platform: 'discord',
    server,
    serverName: guild === undefined ? actor.name : (context.guildName(guild) ?? guild),
    channel,
    ...(isThread ? { parentChannel: payload.channel?.parent_id } : {}),
    isNsfw:
      payload.channel?.nsfw ?? context.isNsfw(isThread ? (payload.channel?.parent_id ?? channel) : channel) ?? false,
    locale: guild === undefined ? actor.locale : localeOf(payload.guild_locale ?? payload.guild?.locale),
    maxUploadBytes: payload.attachment_size_limit ?? LIMITS.uploadBytes,
    ...(isPersonal(payload) ? { answerWithinMs: LIMITS.personalWaitMs } : {}),
  };
}

function tokenOf(
  payload: InteractionPayload,
  channel: string,
  user: string,
  { now, monotonicMs }: Pick<ParseContext, 'now' | 'monotonicMs'>,
): InteractionToken {
  const bot = payload.app_permissions ?? 0n;
  const send = THREADS.includes(payload.channel?.type)
    ? PermissionFlagsBits.SendMessagesInThreads
    : PermissionFlagsBits.SendMessages;
  const needed = PermissionFlagsBits.ViewChannel | send | PermissionFlagsBits.AttachFiles;
  const { message } = payload;
  const isPrivate = isEphemeral(message?.flags);
  return {
    id: payload.id,
    token: payload.token,
    receivedAtMs: monotonicMs(),
    commandGuild: payload.data.guild_id,
    source: message === undefined ? undefined : { id: message.id, isPrivate },
    address: {
      via: 'interaction',
      application: payload.application_id,
      token: payload.token,
      sinceMs: now(),
      target: '@original',
      channel,
      user,
      message: null,
      isPrivate: false,
      isWaiting: true,
      files: '',
      canPost: !isPersonal(payload) && ((bot & PermissionFlagsBits.Administrator) !== 0n || (bot & needed) === needed),
    },
  };
}

/** They have a permission of their own. */
const THREADS: readonly (ChannelType | undefined)[] = [
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
];
