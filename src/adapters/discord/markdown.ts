/**
 * Lines of spans as Discord's Markdown. Words of people as words: whatever Discord would read as formatting, mention, timestamp, emoji or heading is shown as
 * it was typed. Line breaks inside a span become spaces, so that no line of ours can be forged.
 */
import type { Line, Span } from '../../core/message.ts';
import { cut } from '../shared/cut.ts';
import { LIMITS } from './limits.ts';
import { userIdOf } from './parse.ts';

export const SNOWFLAKE = /^\d{17,20}$/;

const INLINE = /[\\*_~`|<[\]]/g;
/** Marks that count only where a line begins: headings, subtext, quotes, lists. */
const AT_LINE_START = /^(\s*)([#>+-]|\d+(?=[.)]))/;

export function escapeInline(text: string): string {
  return (
    text
      .replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ')
      .replace(INLINE, String.raw`\$&`)
      // Allowed mentions already keep these silent; a word joiner keeps them from looking like a call.
      .replace(/@(everyone|here)/g, '@\u2060$1')
  );
}

/** For text that may stand at the beginning of a line. */
export function escapeLineStart(text: string): string {
  return text.replace(AT_LINE_START, (_, space: string, mark: string) =>
    /\d/.test(mark) ? `${space}${mark}\u2060` : `${space}\\${mark}`,
  );
}

/** Between backticks nothing is escaped and nothing formats, except a backtick. */
export function code(text: string): string {
  const plain = text.replace(/[\r\n]+/g, ' ').replaceAll('`', 'ˋ');
  return plain.trim() === '' ? '' : `\`${plain}\``;
}

/** Within what one message can hold; `prefix` comes first. */
export function renderLines(lines: readonly Line[], prefix: readonly string[]): string {
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
