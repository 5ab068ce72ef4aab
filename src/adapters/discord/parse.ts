/**
 * An interaction's payload, as it comes from the gateway, to what the bot understands. Everything is read from this very
 * delivery: who asks, what they may do, whether the channel is for adults, how large an upload may be. Asks nobody.
 */
import { PermissionFlagsBits } from 'discord.js';

import type { Action, Invocation } from '../../core/chat.ts';
import type { OptionValue, Upload } from '../../core/command.ts';
import type { Actor, Locale, Place, ServerKey, UserKey } from '../../core/people.ts';
import type { InteractionAddress } from './address.ts';
import { LIMITS } from './limits.ts';
import { type Attachment, interactionSchema, type InteractionPayload, type OptionPayload } from './payload.ts';

/** The names under which the message menu's commands are registered. */
export const MENU_NAMES = { upscale: 'Upscale picture', info: 'Show generation info' } as const;

export type ParseContext = {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds that only go forward. */
  readonly steadyMs: () => number;
  /** Undefined where the gateway has not told the guild's name. */
  readonly guildName: (id: string) => string | undefined;
  readonly upload: (attachment: Attachment) => Upload;
  /** Told what is not understood: the paths that are off, no content. */
  readonly onUnknown?: (reason: string) => void;
};

/** What is needed to answer: the callback's path, and the address of everything after it. */
export type Hook = {
  readonly id: string;
  readonly token: string;
  /** By the steady clock: the three seconds are counted from here. */
  readonly receivedAtMs: number;
  /** The message whose component was used; a form may come from one too. */
  readonly source: { readonly id: string; readonly isPrivate: boolean } | undefined;
  readonly address: InteractionAddress;
};

export type Delivery =
  | { readonly kind: 'invocation'; readonly invocation: Invocation; readonly hook: Hook }
  | {
      readonly kind: 'suggest';
      readonly place: Place;
      readonly user: UserKey;
      readonly command: string;
      readonly option: string;
      readonly partial: string;
      readonly hook: Hook;
    };

/** Undefined: nothing that concerns this bot (a ping, a kind it does not offer, a payload of another shape). */
export function parseInteraction(raw: unknown, context: ParseContext): Delivery | undefined {
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
  const hook = hookOf(payload, channel, person.id, context);
  if (payload.type === 4) {
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
      hook,
    };
  }
  const action = actionOf(payload, context);
  if (action === undefined) {
    return undefined;
  }
  return { kind: 'invocation', invocation: { id: payload.id, actor, place, action, receivedAtMs }, hook };
}

/** The platform's id in a key; undefined for somebody of another platform. */
export function userIdOf(key: UserKey): string | undefined {
  return /^discord:(\d+)$/.exec(key)?.[1];
}

/** `de`, `de-AT` → de; everything that has no texts → en. */
export function localeOf(tag: string | undefined): Locale {
  return tag?.toLowerCase().startsWith('de') === true ? 'de' : 'en';
}

type Person = NonNullable<InteractionPayload['user']>;

function actorOf(payload: InteractionPayload, person: Person): Actor {
  const permissions = payload.member?.permissions ?? 0n;
  const isAdmin = (permissions & (PermissionFlagsBits.Administrator | PermissionFlagsBits.ManageGuild)) !== 0n;
  return {
    user: `discord:${person.id}`,
    name: payload.member?.nick ?? person.global_name ?? person.username,
    isAdmin,
    isModerator: isAdmin || (permissions & PermissionFlagsBits.ManageMessages) !== 0n,
    locale: localeOf(payload.locale),
  };
}

function placeOf(payload: InteractionPayload, channel: string, actor: Actor, context: ParseContext): Place {
  const guild = payload.guild_id;
  const server: ServerKey =
    guild === undefined ? `discord:dm-${actor.user.slice('discord:'.length)}` : `discord:${guild}`;
  return {
    platform: 'discord',
    server,
    serverName: guild === undefined ? actor.name : (context.guildName(guild) ?? guild),
    channel,
    ...(THREADS.includes(payload.channel?.type ?? 0) ? { parentChannel: payload.channel?.parent_id } : {}),
    isNsfw: payload.channel?.nsfw === true,
    locale: guild === undefined ? actor.locale : localeOf(payload.guild_locale ?? payload.guild?.locale),
    maxUploadBytes: payload.attachment_size_limit ?? LIMITS.uploadBytes,
  };
}

function hookOf(
  payload: InteractionPayload,
  channel: string,
  user: string,
  { now, steadyMs }: Pick<ParseContext, 'now' | 'steadyMs'>,
): Hook {
  const bot = payload.app_permissions ?? 0n;
  const send = THREADS.includes(payload.channel?.type ?? 0)
    ? PermissionFlagsBits.SendMessagesInThreads
    : PermissionFlagsBits.SendMessages;
  const needed = PermissionFlagsBits.ViewChannel | send | PermissionFlagsBits.AttachFiles;
  const { message } = payload;
  const isPrivate = ((message?.flags ?? 0) & EPHEMERAL) !== 0;
  return {
    id: payload.id,
    token: payload.token,
    receivedAtMs: steadyMs(),
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
      canPost: (bot & PermissionFlagsBits.Administrator) !== 0n || (bot & needed) === needed,
    },
  };
}

const EPHEMERAL = 1 << 6;
const ATTACHMENT = 11;
/** Announcement, public and private threads have a permission of their own. */
const THREADS: readonly number[] = [10, 11, 12];

function actionOf(payload: InteractionPayload, context: ParseContext): Action | undefined {
  const { data } = payload;
  switch (payload.type) {
    case 2:
      return data.type === 3 ? menuAction(payload) : commandAction(payload, context);
    case 3:
      if (data.custom_id === undefined) {
        return undefined;
      }
      return data.component_type === 3
        ? { kind: 'select', id: data.custom_id, values: data.values ?? [] }
        : { kind: 'button', id: data.custom_id };
    case 5:
      return data.custom_id === undefined
        ? undefined
        : { kind: 'form', id: data.custom_id, fields: Object.fromEntries((data.components ?? []).flatMap(fieldsIn)) };
    default:
      return undefined;
  }
}

function commandAction(payload: InteractionPayload, context: ParseContext): Action | undefined {
  const { data } = payload;
  if (data.name === undefined || (data.type ?? 1) !== 1) {
    return undefined;
  }
  const words = commandWords(data.name, data.options);
  const options = words.options.flatMap(({ name, type, value }): readonly (readonly [string, OptionValue])[] => {
    if (type === ATTACHMENT) {
      const attachment = own(data.resolved?.attachments, String(value));
      return attachment === undefined ? [] : [[name, context.upload(attachment)]];
    }
    return value === undefined ? [] : [[name, value]];
  });
  return { kind: 'command', name: words.name, options: Object.fromEntries(options) };
}

function menuAction(payload: InteractionPayload): Action | undefined {
  const { data } = payload;
  const name = data.name === MENU_NAMES.upscale ? 'upscale' : data.name === MENU_NAMES.info ? 'info' : undefined;
  if (name === undefined) {
    return undefined;
  }
  const message = own(data.resolved?.messages, data.target_id ?? '');
  // Anybody can post buttons under any id; only those of our own messages name jobs.
  const isOurs = message?.author?.id === payload.application_id || message?.application_id === payload.application_id;
  const buttonIds = isOurs ? (message.components ?? []).flatMap(customIdsIn) : [];
  return { kind: 'message', name, buttonIds };
}

/** `style` › `add` › options: the words of the path, and the options at its end. */
function commandWords(
  name: string,
  options: readonly OptionPayload[] = [],
): { readonly name: string; readonly options: readonly OptionPayload[] } {
  const [inner] = options;
  return inner !== undefined && (inner.type === 1 || inner.type === 2)
    ? commandWords(`${name} ${inner.name}`, inner.options)
    : { name, options };
}

type ComponentPayload = NonNullable<InteractionPayload['data']['components']>[number];

/** Inputs stand in rows or under labels, depending on what the client was sent. */
function fieldsIn(part: ComponentPayload): readonly (readonly [string, string])[] {
  const own =
    part.custom_id === undefined ? [] : [[part.custom_id, part.value ?? part.values?.join(',') ?? ''] as const];
  return [...own, ...innerOf(part).flatMap(fieldsIn)];
}

function customIdsIn(part: ComponentPayload): readonly string[] {
  return [...(part.custom_id === undefined ? [] : [part.custom_id]), ...innerOf(part).flatMap(customIdsIn)];
}

function innerOf(part: ComponentPayload): readonly ComponentPayload[] {
  return [...(part.components ?? []), ...(part.component === undefined ? [] : [part.component])];
}

/** Ids come from outside: `constructor` is none. */
function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}
