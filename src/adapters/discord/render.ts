/**
 * A neutral message as Discord's payload. Legacy rows under plain content, not the newer layout components: there a
 * message cannot drop the layout again once it has it, its pictures need a gallery that names them, and our one picture
 * with a line above and buttons below is just what the classic message shows. Sends nothing.
 */
import { createHash } from 'node:crypto';

import { ButtonStyle, ComponentType, MessageFlags } from 'discord.js';
import type {
  APIActionRowComponent,
  APIButtonComponentWithCustomId,
  APIComponentInMessageActionRow,
  APIStringSelectComponent,
  RawFile,
} from 'discord.js';

import type { Suggestion } from '../../core/chat.ts';
import type { Button, Message, MessageFile, Row, Select } from '../../core/message.ts';
import { cut } from '../shared/cut.ts';
import { LIMITS } from './limits.ts';
import { renderLines } from './markdown.ts';
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

export function renderSuggestions(
  suggestions: readonly Suggestion[],
): readonly { readonly name: string; readonly value: string }[] {
  return suggestions
    .filter(({ value }) => value !== '' && value.length <= LIMITS.suggestionText)
    .slice(0, LIMITS.suggestions)
    .map(({ label, value }) => ({ name: cut(label === '' ? value : label, LIMITS.suggestionText), value }));
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
