/**
 * Spans of raw words → Slack's mrkdwn, so that a prompt can neither mention nor format.
 *
 * mrkdwn has three entities and no escape for its marks (`*`, `_`, `~`, `` ` ``). `&`, `<` and `>` become entities, which
 * takes links, mentions and `<!channel>` away; words that hold a mark, or could open a list or a quote, cannot be said in
 * mrkdwn and go into a `rich_text` block instead (`isPlainEnough` tells), where text is never parsed.
 */
import type { Line, Span } from '../../core/message.ts';
import type { UserKey } from '../../core/people.ts';

const MARKS = /[*_~`]/;
/** Ids of channels, private channels and direct messages. */
export const CONVERSATION = /^[CGD][A-Z0-9]{2,20}$/;
const LIST_OR_QUOTE = /^\s*(>|•|◦|-\s|\d+\.\s)/;

export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** For text that Slack does not parse: whoever turns it into parsed text should find no mention in it either. */
export function unmentioned(text: string): string {
  return text.replace(/<(?=[!@#])/g, '<\u2060');
}

/** False for a line whose words mrkdwn would take for formatting. */
export function isPlainEnough(line: Line): boolean {
  return line.every((span, index) => {
    if (span.kind === 'time' || span.kind === 'channel') {
      return true;
    }
    if (span.kind === 'user') {
      return !MARKS.test(span.name);
    }
    return !MARKS.test(span.text) && !span.text.includes('\n') && !(index === 0 && LIST_OR_QUOTE.test(span.text));
  });
}

/** One line of mrkdwn; `notify` is the one person whose name may mention. For lines that are plain enough. */
export function lineToMrkdwn(line: Line, notify: UserKey | undefined): string {
  return line.map((span) => spanToMrkdwn(span, notify)).join('');
}

function spanToMrkdwn(span: Span, notify: UserKey | undefined): string {
  switch (span.kind) {
    case 'plain':
    case 'small':
      return escapeText(span.text);
    case 'bold':
      return wrap(span.text, '*');
    case 'italic':
      return wrap(span.text, '_');
    case 'code':
      return wrap(span.text, '`');
    case 'user':
      return span.user === notify ? `<@${slackUserId(span.user)}>` : escapeText(`@${span.name}`);
    case 'channel':
      return CONVERSATION.test(span.id) ? `<#${span.id}>` : escapeText(span.id);
    case 'time':
      return `<!date^${Math.floor(span.atMs / 1000)}^{date_short_pretty} {time}|${new Date(span.atMs).toISOString()}>`;
    default:
      return span satisfies never;
  }
}

/** Marks count only where they touch a word: spaces at the ends stay outside. */
function wrap(text: string, mark: string): string {
  const [, before = '', words = '', after = ''] = /^(\s*)(.*?)(\s*)$/s.exec(text) ?? [];
  return words === '' ? before + after : `${before}${mark}${escapeText(words)}${mark}${after}`;
}

/** Elements of a `rich_text_section`: the same line where no character has a meaning. */
export function lineToRichText(line: Line, notify: UserKey | undefined): readonly object[] {
  return line.flatMap((span) => spanToRichText(span, notify));
}

function spanToRichText(span: Span, notify: UserKey | undefined): readonly object[] {
  switch (span.kind) {
    case 'plain':
    case 'small':
      return richText(span.text, undefined);
    case 'bold':
    case 'italic':
    case 'code':
      return richText(span.text, { [span.kind]: true });
    case 'user':
      return span.user === notify
        ? [{ type: 'user', user_id: slackUserId(span.user) }]
        : richText(`@${span.name}`, undefined);
    case 'channel':
      return CONVERSATION.test(span.id) ? [{ type: 'channel', channel_id: span.id }] : richText(span.id, undefined);
    case 'time':
      return [
        {
          type: 'date',
          timestamp: Math.floor(span.atMs / 1000),
          format: '{date_short_pretty} {time}',
          fallback: new Date(span.atMs).toISOString(),
        },
      ];
    default:
      return span satisfies never;
  }
}

function richText(text: string, style: object | undefined): readonly object[] {
  if (text === '') {
    return [];
  }
  const words = unmentioned(text);
  return [style === undefined ? { type: 'text', text: words } : { type: 'text', text: words, style }];
}

/** The words alone, for notifications and screen readers; still parsed by Slack, so still escaped. */
export function lineToFallback(line: Line): string {
  return line
    .map((span) => {
      switch (span.kind) {
        case 'user':
          return escapeText(`@${span.name}`);
        case 'channel':
          return escapeText(span.id);
        case 'time':
          return new Date(span.atMs).toISOString();
        case 'plain':
        case 'small':
        case 'bold':
        case 'italic':
        case 'code':
          return escapeText(span.text);
        default:
          return span satisfies never;
      }
    })
    .join('');
}

/** `slack:T1-U2` → `U2`. */
export function slackUserId(user: UserKey): string {
  return user.slice(user.indexOf('-') + 1);
}
