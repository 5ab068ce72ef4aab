/**
 * Message → Block Kit: sections, one picture, a small line, rows of buttons. Pure; knows no network, and a picture only
 * by the id under which it was uploaded.
 *
 * Slack has no disabled buttons: one that was used keeps its label and place and loses its colour (pressing it again is
 * answered by the bot). Slack has no spoilers and no channels for adults, so no picture is sent that would need one.
 */
import type { Button, Line, Message, Row, Select } from '../../core/message.ts';
import type { UserKey } from '../../core/people.ts';
import { cut } from '../shared/cut.ts';
import { listAt, textAt } from './json.ts';
import { LIMITS } from './limits.ts';
import { isPlainEnough, lineToFallback, lineToMrkdwn, lineToRichText, unmentioned } from './mrkdwn.ts';

export type SlackBlock = { readonly type: string; readonly [key: string]: unknown };

export type RenderedMessage = {
  /** What notifications and screen readers say; escaped. */
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
};

/** A picture that Slack already has. `sum` tells later whether the message shows the same pixels. */
export type PlacedPicture = { readonly fileId: string; readonly sum: string };

const PICTURE_BLOCK = 'picture-';

/** At most 50 blocks within Slack's limits; words beyond them are cut, buttons are kept. */
export function renderMessage(message: Message, picture: PlacedPicture | undefined): RenderedMessage {
  const alt = message.picture?.alt ?? '';
  const mention = mentionLine(message);
  const lines = mention === undefined ? message.lines : [mention, ...message.lines];
  const rows = renderRows(message.rows);
  const head: SlackBlock[] = [];
  const foot: SlackBlock[] = [];
  // Small lines after the words stand under the picture, as a caption does.
  for (const block of renderLines(lines, message.notify)) {
    (block.type === 'context' ? foot : head).push(block);
  }
  const image: readonly SlackBlock[] =
    picture === undefined
      ? []
      : [
          {
            type: 'image',
            block_id: `${PICTURE_BLOCK}${picture.sum}`,
            slack_file: { id: picture.fileId },
            alt_text: cut(alt === '' ? 'picture' : alt, LIMITS.altText),
          },
        ];
  const room = LIMITS.blocksPerMessage - rows.length - image.length;
  const words = head.slice(0, room);
  const blocks = [...words, ...image, ...foot.slice(0, room - words.length), ...rows];
  return { text: fallbackText(lines, alt), blocks: blocks.length === 0 ? [emptyBlock()] : blocks };
}

/** The ids of the buttons and selects that a message of ours carries, in order. */
export function buttonIdsOf(blocks: readonly unknown[]): readonly string[] {
  return blocks
    .flatMap((block) => listAt(block, 'elements'))
    .map((element) => textAt(element, textAt(element, 'type') === 'button' ? 'value' : 'action_id'))
    .filter((id) => id !== undefined);
}

/** The picture that a message of ours shows, read back from its blocks. */
export function pictureOf(blocks: readonly unknown[]): PlacedPicture | undefined {
  for (const block of blocks) {
    const fileId = textAt(block, 'slack_file', 'id');
    if (fileId !== undefined) {
      const blockId = textAt(block, 'block_id') ?? '';
      return { fileId, sum: blockId.startsWith(PICTURE_BLOCK) ? blockId.slice(PICTURE_BLOCK.length) : '' };
    }
  }
  return undefined;
}

function renderLines(lines: readonly Line[], notify: UserKey | undefined): readonly SlackBlock[] {
  const blocks: SlackBlock[] = [];
  let paragraph: string[] = [];
  const flush = (): void => {
    const mrkdwn = paragraph.join('\n').trim();
    if (mrkdwn !== '') {
      blocks.push(section(mrkdwn));
    }
    paragraph = [];
  };
  for (const line of lines) {
    const isBlank = lineToFallback(line).trim() === '';
    if (isBlank || (isPlainEnough(line) && !isSmall(line))) {
      const next = isBlank ? '' : lineToMrkdwn(line, notify);
      if (paragraph.join('\n').length + next.length + 1 > LIMITS.text) {
        flush();
      }
      paragraph.push(next);
    } else {
      flush();
      blocks.push(isSmall(line) ? contextBlock(line) : richTextBlock(line, notify));
    }
  }
  flush();
  return blocks;
}

function isSmall(line: Line): boolean {
  return line.every((span) => span.kind === 'small');
}

function richTextBlock(line: Line, notify: UserKey | undefined): SlackBlock {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: lineToRichText(line, notify) }] };
}

function section(mrkdwn: string): SlackBlock {
  // `verbatim` keeps Slack from turning addresses, #names and @names in the words into links.
  return { type: 'section', text: { type: 'mrkdwn', text: cutEscaped(mrkdwn, LIMITS.text), verbatim: true } };
}

/** `plain_text` knows no marks at all, so small lines need no escaping. */
function contextBlock(line: Line): SlackBlock {
  const words = line.map((span) => (span.kind === 'small' ? span.text : '')).join('');
  return {
    type: 'context',
    elements: [{ type: 'plain_text', text: cut(unmentioned(words), LIMITS.text), emoji: false }],
  };
}

/** Cuts mrkdwn without leaving half an entity or half a mention behind. */
function cutEscaped(mrkdwn: string, max: number): string {
  if (mrkdwn.length <= max) {
    return mrkdwn;
  }
  return `${mrkdwn.slice(0, max - 1).replace(/(&[a-z]{0,3}|<[^>]*)$/, '')}…`;
}

function renderRows(rows: readonly Row[]): readonly SlackBlock[] {
  const used = new Map<string, number>();
  return rows
    .map((row) => row.filter((element) => element.kind === 'button' || element.choices.length > 0))
    .filter((row) => row.length > 0)
    .map((row) => ({
      type: 'actions',
      elements: row
        .slice(0, LIMITS.elementsPerActions)
        .map((element) =>
          element.kind === 'button'
            ? renderButton(element, unique(element.id, used))
            : renderSelect(element, element.id),
        ),
    }));
}

/** Slack refuses a message in which two elements share an action id; the button's own id is its value. */
function unique(id: string, used: Map<string, number>): string {
  const count = (used.get(id) ?? 0) + 1;
  used.set(id, count);
  return count === 1 ? id : `${id}~${count}`;
}

function renderButton(button: Button, actionId: string): SlackBlock {
  const label = button.emoji === undefined ? button.label : `${button.emoji} ${button.label}`;
  const hasColour = button.tone !== 'normal' && !button.isDisabled;
  return {
    type: 'button',
    action_id: cut(actionId, LIMITS.actionId),
    value: button.id,
    text: { type: 'plain_text', text: cut(label, LIMITS.buttonText), emoji: true },
    ...(hasColour ? { style: button.tone } : {}),
  };
}

function renderSelect(select: Select, actionId: string): SlackBlock {
  const options = select.choices.slice(0, LIMITS.selectOptions).map((choice) => ({
    text: { type: 'plain_text', text: cut(choice.label === '' ? choice.value : choice.label, LIMITS.optionText) },
    value: choice.value.slice(0, LIMITS.optionValue),
  }));
  const selected = options[select.choices.findIndex((choice) => choice.isSelected)];
  return {
    type: 'static_select',
    action_id: cut(actionId, LIMITS.actionId),
    placeholder: { type: 'plain_text', text: cut(select.placeholder || '…', LIMITS.selectPlaceholder) },
    options,
    ...(selected === undefined ? {} : { initial_option: selected }),
  };
}

function fallbackText(lines: readonly Line[], alt: string): string {
  const words = lines
    .map((line) => lineToFallback(line))
    .filter((line) => line.trim() !== '')
    .join('\n');
  return cutEscaped(words === '' ? alt || '…' : words, LIMITS.fallbackText);
}

/** The person to be notified is mentioned once, even where no line shows them. */
function mentionLine(message: Message): Line | undefined {
  const { notify } = message;
  if (
    notify === undefined ||
    message.lines.some((line) => line.some((span) => span.kind === 'user' && span.user === notify))
  ) {
    return undefined;
  }
  return [{ kind: 'user', user: notify, name: '' }];
}

/** Slack wants at least one block; a message of files alone has none of its own. */
function emptyBlock(): SlackBlock {
  return { type: 'context', elements: [{ type: 'plain_text', text: '…', emoji: false }] };
}
