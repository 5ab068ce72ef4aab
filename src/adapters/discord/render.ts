/**
 * A neutral message as Discord's payload. Legacy rows under plain content, not the newer layout components: there a
 * message cannot drop the layout again once it has it, its pictures need a gallery that names them, and our one picture
 * with a line above and buttons below is just what the classic message shows. Sends nothing.
 */
import { createHash } from 'node:crypto';

import {
  ButtonStyle,
  ChannelType,
  ComponentType,
  MessageFlags,
  SelectMenuDefaultValueType,
  TextInputStyle,
} from 'discord.js';
import type {
  APIActionRowComponent,
  APIButtonComponentWithCustomId,
  APIChannelSelectComponent,
  APIComponentInMessageActionRow,
  APIModalInteractionResponseCallbackData,
  APIStringSelectComponent,
  APITextInputComponent,
  RawFile,
} from 'discord.js';

import type { Suggestion } from '../../core/chat.ts';
import type { Button, Form, FormField, Line, Message, MessageFile, Row, Select, Span } from '../../core/message.ts';
import { LIMITS } from './limits.ts';
import { code, escapeInline, escapeLineStart } from './markdown.ts';
import { userIdOf } from './parse.ts';

export type MessageBody = {
  readonly content: string;
  readonly flags: number;
  readonly allowed_mentions: { readonly parse: readonly []; readonly users: readonly string[] };
  readonly components: readonly APIActionRowComponent<APIComponentInMessageActionRow>[];
  /** Absent: what is attached stays. */
  readonly attachments?: readonly { readonly id: number; readonly filename: string; readonly description?: string }[];
};

export type Payload = { readonly body: MessageBody; readonly files: readonly RawFile[] };

export type RenderOptions = {
  /** Seen by one person alone. */
  readonly isPrivate?: boolean;
  /** A user id put in front and notified, where the message itself does not name them. */
  readonly mention?: string;
  /** The pictures and files stand there already: they are neither sent again nor listed. */
  readonly keepsFiles?: boolean;
};

/** Every list is present, also when empty (but for files that stay): an edit then replaces all that stood there. */
export function renderMessage(
  message: Message,
  { isPrivate = false, mention, keepsFiles = false }: RenderOptions = {},
): Payload {
  const shown = keepsFiles
    ? []
    : [...(message.picture === undefined ? [] : [message.picture]), ...message.files].slice(0, LIMITS.files);
  const notified = new Set(
    [mention, message.notify === undefined ? undefined : userIdOf(message.notify)].filter((id) => id !== undefined),
  );
  const isNamed = message.lines.some((line) =>
    line.some((span) => span.kind === 'user' && userIdOf(span.user) === mention),
  );
  const prefix = mention === undefined || isNamed ? [] : [`<@${mention}>`];
  const names = shown.map(fileName);
  return {
    body: {
      content: renderLines(message.lines, prefix),
      flags: MessageFlags.SuppressEmbeds | (isPrivate ? MessageFlags.Ephemeral : 0),
      allowed_mentions: { parse: [], users: [...notified] },
      components: message.rows
        .filter((row) => row.length > 0)
        .slice(0, LIMITS.rows)
        .map(renderRow),
      ...(keepsFiles ? {} : { attachments: shown.map((file, id) => attachment(file, id, names[id] ?? file.name)) }),
    },
    files: shown.map((file, id) => ({
      name: names[id] ?? file.name,
      // A view, not a copy: pictures can have megabytes.
      data: Buffer.from(file.data.buffer, file.data.byteOffset, file.data.byteLength),
      contentType: file.contentType,
    })),
  };
}

type Attachment = NonNullable<MessageBody['attachments']>[number];

function attachment(file: MessageFile, id: number, filename: string): Attachment {
  return { id, filename, ...(file.alt === '' ? {} : { description: cut(file.alt, LIMITS.altText) }) };
}

/** Names a message's pictures and files by their bytes; '' for none. */
export function filesOf({ picture, files }: Message): string {
  const shown = [...(picture === undefined ? [] : [picture]), ...files];
  const sum = createHash('sha256');
  for (const { name, alt, data } of shown) {
    sum.update(JSON.stringify([name, alt, data.byteLength])).update(data);
  }
  return shown.length === 0 ? '' : sum.digest('base64url').slice(0, 22);
}

/** A modal; more than five fields cannot be shown and are a fault of the caller. */
export function renderForm(form: Form): APIModalInteractionResponseCallbackData {
  if (form.fields.length === 0 || form.fields.length > LIMITS.formFields) {
    throw new RangeError(`a form has 1 to ${LIMITS.formFields} fields; ${form.id} has ${form.fields.length}`);
  }
  return {
    custom_id: form.id,
    title: cut(form.title, LIMITS.formTitle),
    components: form.fields.map((field) => ({
      type: ComponentType.Label,
      label: cut(field.label, LIMITS.formLabel),
      component: renderPicker(field) ?? renderInput(field),
    })),
  };
}

function renderInput(field: FormField): APITextInputComponent {
  const maxLength = Math.min(Math.max(field.maxLength, 1), LIMITS.formValue);
  return {
    type: ComponentType.TextInput,
    custom_id: field.id,
    style: field.isMultiline ? TextInputStyle.Paragraph : TextInputStyle.Short,
    required: field.isRequired,
    max_length: maxLength,
    ...(field.value === '' ? {} : { value: cut(field.value, maxLength) }),
  };
}

/** Undefined where ids have to be typed: no picker is wanted, or more are chosen already than one can show. */
function renderPicker(field: FormField): APIChannelSelectComponent | undefined {
  const chosen = field.value.split('\n').filter((id) => SNOWFLAKE.test(id));
  const max = field.picks === 'channel' ? 1 : LIMITS.selectChoices;
  if (field.picks === undefined || chosen.length > max) {
    return undefined;
  }
  return {
    type: ComponentType.ChannelSelect,
    custom_id: field.id,
    channel_types: field.picks === 'channel' ? POSTED_IN : ASKED_IN,
    min_values: field.isRequired ? 1 : 0,
    max_values: max,
    required: field.isRequired,
    ...(chosen.length === 0
      ? {}
      : { default_values: chosen.map((id) => ({ id, type: SelectMenuDefaultValueType.Channel })) }),
  };
}

const POSTED_IN = [ChannelType.GuildText, ChannelType.GuildAnnouncement];
/** Commands also come from the posts of a forum and from the chat beside a voice channel. */
const ASKED_IN = [...POSTED_IN, ChannelType.GuildForum, ChannelType.GuildMedia, ChannelType.GuildVoice];
const SNOWFLAKE = /^\d{17,20}$/;

export function renderSuggestions(
  suggestions: readonly Suggestion[],
): readonly { readonly name: string; readonly value: string }[] {
  return suggestions
    .filter(({ value }) => value !== '' && value.length <= LIMITS.suggestionText)
    .slice(0, LIMITS.suggestions)
    .map(({ label, value }) => ({ name: cut(label === '' ? value : label, LIMITS.suggestionText), value }));
}

function renderLines(lines: readonly Line[], prefix: readonly string[]): string {
  const rendered = [...prefix];
  let left = LIMITS.content - prefix.join('\n').length;
  for (const line of lines) {
    const text = renderLine(line, left - 1);
    left -= text.length + 1;
    rendered.push(text);
    if (left <= 1) {
      break;
    }
  }
  return rendered.join('\n');
}

const SMALL = '-# ';

/** Within `room` characters; a span that does not fit is shortened before it is escaped, so that no mark stays open. */
function renderLine(line: Line, room: number): string {
  const isSmall = line.length > 0 && line.every((span) => span.kind === 'small');
  let text = isSmall ? SMALL : '';
  for (const span of line) {
    const atStart = text === '' || text === SMALL;
    let piece = renderSpan(span, atStart);
    for (let length = textOf(span).length; text.length + piece.length > room && length > 0;) {
      length = Math.min(length - 1, Math.floor(length * 0.9));
      piece = length === 0 ? '' : renderSpan(shortened(span, length), atStart);
    }
    text += text.length + piece.length > room ? '' : piece;
  }
  return text;
}

function renderSpan(span: Span, atStart: boolean): string {
  switch (span.kind) {
    case 'plain':
    case 'small':
      return atStart ? escapeLineStart(escapeInline(span.text)) : escapeInline(span.text);
    case 'bold':
      return around('**', escapeInline(span.text));
    case 'italic':
      return around('*', escapeInline(span.text));
    case 'code':
      return code(span.text);
    case 'user': {
      const id = userIdOf(span.user);
      return id === undefined ? escapeInline(span.name) : `<@${id}>`;
    }
    case 'channel':
      return SNOWFLAKE.test(span.id) ? `<#${span.id}>` : escapeInline(span.id);
    case 'time':
      return `<t:${Math.floor(span.atMs / 1000)}:f>`;
    default:
      return span satisfies never;
  }
}

/** Marks must touch words: spaces stay outside of them. */
function around(mark: string, text: string): string {
  const inner = text.trim();
  return inner === '' ? text : text.replace(inner, () => `${mark}${inner}${mark}`);
}

function textOf(span: Span): string {
  return 'text' in span ? span.text : '';
}

function shortened(span: Span, length: number): Span {
  return 'text' in span ? { kind: span.kind, text: cut(span.text, length) } : span;
}

function renderRow(row: Row): APIActionRowComponent<APIComponentInMessageActionRow> {
  const [first] = row;
  const components =
    first?.kind === 'select' ? [renderSelect(first)] : row.flatMap(buttonIn).slice(0, LIMITS.rowButtons);
  return { type: ComponentType.ActionRow, components };
}

function buttonIn(part: Button | Select): readonly APIButtonComponentWithCustomId[] {
  if (part.kind === 'select') {
    return [];
  }
  const emoji = emojiOf(part.emoji);
  const label = emoji === undefined && part.emoji !== undefined ? `${part.emoji} ${part.label}` : part.label;
  return [
    {
      type: ComponentType.Button,
      style: STYLES[part.tone],
      custom_id: part.id,
      disabled: part.isDisabled,
      ...(label === '' ? {} : { label: cut(label, LIMITS.buttonLabel) }),
      ...(emoji === undefined ? {} : { emoji: { name: emoji } }),
    },
  ];
}

const STYLES = {
  normal: ButtonStyle.Secondary,
  primary: ButtonStyle.Primary,
  danger: ButtonStyle.Danger,
} as const;

/** Discord takes emoji in their full form: with the selector that asks for colour where a sign has two looks. */
function emojiOf(sign: string | undefined): string | undefined {
  return sign === undefined ? undefined : [sign, `${sign}\u{FE0F}`].find((form) => EMOJI.test(form));
}

const EMOJI = new RegExp(String.raw`^\p{RGI_Emoji}$`, 'v');

function renderSelect(select: Select): APIStringSelectComponent {
  return {
    type: ComponentType.StringSelect,
    custom_id: select.id,
    placeholder: cut(select.placeholder, LIMITS.selectPlaceholder),
    options: select.choices.slice(0, LIMITS.selectChoices).map(({ value, label, isSelected }) => ({
      value,
      label: cut(label, LIMITS.selectText),
      default: isSelected,
    })),
  };
}

function fileName(file: MessageFile): string {
  const safe = file.name.replace(/[^\w.-]+/g, '_').slice(-80);
  return file.isSpoiler ? `SPOILER_${safe}` : safe;
}

/** At most `length` UTF-16 units, ended by … where something is missing, never in the middle of a character. */
function cut(text: string, length: number): string {
  if (text.length <= length) {
    return text;
  }
  const end = /[\uD800-\uDBFF]/.test(text.charAt(length - 2)) ? length - 2 : length - 1;
  return `${text.slice(0, end)}…`;
}
