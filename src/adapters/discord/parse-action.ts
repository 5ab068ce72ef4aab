/** What an interaction asks for: a command with its options, a press, a choice, a filled-in form, a menu's entry. Pure. */
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ComponentType,
  InteractionType,
  MessageFlags,
} from 'discord.js';

import { type Action, MESSAGE_ACTIONS, type MessageAction } from '../../core/chat.ts';
import type { OptionValue, Upload } from '../../core/command.ts';
import type { Attachment, InteractionPayload, OptionPayload } from './payload.ts';

export type UploadFrom = (attachment: Attachment) => Upload;

/** The names under which the message menu's commands are registered. */
export const MENU_NAMES = {
  upscale: 'Upscale picture',
  use: 'Use as start',
  info: 'Show generation info',
  train: 'Add to a style’s pictures',
} as const satisfies Readonly<Record<MessageAction, string>>;

export function actionOf(payload: InteractionPayload, upload: UploadFrom): Action | undefined {
  const { data } = payload;
  switch (payload.type) {
    case InteractionType.ApplicationCommand:
      return data.type === ApplicationCommandType.Message
        ? menuAction(payload, upload)
        : commandAction(payload, upload);
    case InteractionType.MessageComponent:
      if (data.custom_id === undefined) {
        return undefined;
      }
      return data.component_type === ComponentType.StringSelect
        ? { kind: 'select', id: data.custom_id, values: data.values ?? [], ...carriedBy(payload) }
        : { kind: 'button', id: data.custom_id, ...carriedBy(payload), ...privacyOf(payload.message) };
    case InteractionType.ModalSubmit:
      return data.custom_id === undefined
        ? undefined
        : { ...formAction(data.custom_id, payload, upload), ...privacyOf(payload.message) };
    default:
      return undefined;
  }
}

function carriedBy({ message }: InteractionPayload): { readonly carried?: readonly string[] } {
  return message?.components === undefined ? {} : { carried: message.components.flatMap(customIdsIn) };
}

function privacyOf(message: InteractionPayload['message']): { readonly isPrivate?: true } {
  return isEphemeral(message?.flags) ? { isPrivate: true } : {};
}

export function isEphemeral(flags: number | undefined): boolean {
  return ((flags ?? 0) & MessageFlags.Ephemeral) !== 0;
}

function commandAction(payload: InteractionPayload, upload: UploadFrom): Action | undefined {
  const { data } = payload;
  if (data.name === undefined || (data.type ?? ApplicationCommandType.ChatInput) !== ApplicationCommandType.ChatInput) {
    return undefined;
  }
  const words = commandWords(data.name, data.options);
  const options = words.options.flatMap(({ name, type, value }): readonly (readonly [string, OptionValue])[] => {
    if (type === ApplicationCommandOptionType.Attachment) {
      const attachment = own(data.resolved?.attachments, String(value));
      return attachment === undefined ? [] : [[name, upload(attachment)]];
    }
    return value === undefined ? [] : [[name, value]];
  });
  return { kind: 'command', name: words.name, options: Object.fromEntries(options) };
}

/** What was put into its fields: words, and files where the values are ids of attachments. */
function formAction(id: string, { data }: InteractionPayload, upload: UploadFrom): Extract<Action, { kind: 'form' }> {
  const parts = (data.components ?? []).flatMap(partsIn);
  const files = parts.flatMap(({ custom_id: name, values = [] }) => {
    const attached = values.flatMap((value) => own(data.resolved?.attachments, value) ?? []);
    return name === undefined || attached.length === 0 ? [] : [[name, attached.map(upload)] as const];
  });
  const fields = (data.components ?? []).flatMap(fieldsIn);
  return {
    kind: 'form',
    id,
    fields: Object.fromEntries(fields),
    ...(files.length === 0 ? {} : { files: Object.fromEntries(files) }),
  };
}

function menuAction(payload: InteractionPayload, upload: UploadFrom): Action | undefined {
  const { data } = payload;
  const name = MESSAGE_ACTIONS.find((each) => MENU_NAMES[each] === data.name);
  if (name === undefined) {
    return undefined;
  }
  const message = own(data.resolved?.messages, data.target_id ?? '');
  // Anybody can post buttons under any id; only those of our own messages name jobs.
  const isOurs = message?.author?.id === payload.application_id || message?.application_id === payload.application_id;
  const buttonIds = isOurs ? (message.components ?? []).flatMap(customIdsIn) : [];
  const forwarded = (message?.message_snapshots ?? []).flatMap((snapshot) => snapshot.message.attachments ?? []);
  const pictures = [...(message?.attachments ?? []), ...forwarded].filter(isPicture).map(upload);
  const author =
    name !== 'train' || message?.author === undefined ? {} : { author: `discord:${message.author.id}` as const };
  const shown = pictures.length === 0 ? {} : { pictures };
  return { kind: 'message', name, buttonIds, ...shown, ...author, ...privacyOf(message) };
}

function isPicture({ content_type, filename }: Attachment): boolean {
  return content_type?.startsWith('image/') ?? /\.(png|jpe?g|gif|webp|avif|heic)$/i.test(filename);
}

const GROUPS: readonly ApplicationCommandOptionType[] = [
  ApplicationCommandOptionType.Subcommand,
  ApplicationCommandOptionType.SubcommandGroup,
];

/** `style` › `add` › options: the words of the path, and the options at its end. */
export function commandWords(
  name: string,
  options: readonly OptionPayload[] = [],
): { readonly name: string; readonly options: readonly OptionPayload[] } {
  const [inner] = options;
  return inner !== undefined && GROUPS.includes(inner.type)
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

function partsIn(part: ComponentPayload): readonly ComponentPayload[] {
  return [part, ...innerOf(part).flatMap(partsIn)];
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
