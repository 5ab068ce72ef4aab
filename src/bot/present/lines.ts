/** Small pieces that messages are made of. */
import type { Button, Line, Message, MessageFile, Row, Span } from '../../core/message.ts';
import type { UserKey } from '../../core/people.ts';

const MAX_SHOWN_PROMPT = 200;
const MAX_SHOWN_CHANNELS = 12;

export function plain(text: string): Span {
  return { kind: 'plain', text };
}

export function bold(text: string): Span {
  return { kind: 'bold', text };
}

export function small(text: string): Span {
  return { kind: 'small', text };
}

export function code(text: string): Span {
  return { kind: 'code', text };
}

export function user(key: UserKey, name: string): Span {
  return { kind: 'user', user: key, name };
}

/** A sentence of which one value, marked by `CHANNELS`, is a list of channels. */
export const CHANNELS = '\u0000';

export function withChannels(sentence: string, ids: readonly string[]): Line {
  const [before = '', after = ''] = sentence.split(CHANNELS);
  const shown = ids.slice(0, MAX_SHOWN_CHANNELS);
  const names = shown.flatMap((id, index): readonly Span[] => [
    ...(index === 0 ? [] : [plain(', ')]),
    { kind: 'channel', id },
  ]);
  const more = ids.length > shown.length ? ' …' : '';
  return [plain(before), ...names, plain(`${more}${after}`)].filter((span) => !('text' in span) || span.text !== '');
}

/** A prompt as it is quoted: one line, at most 200 characters. */
export function shortPrompt(prompt: string): string {
  const line = prompt.replace(/\s+/gu, ' ').trim();
  const chars = Array.from(line);
  return chars.length <= MAX_SHOWN_PROMPT ? line : `${chars.slice(0, MAX_SHOWN_PROMPT - 1).join('')}…`;
}

type Parts = {
  readonly lines: readonly Line[];
  readonly picture?: MessageFile | undefined;
  readonly files?: readonly MessageFile[];
  readonly rows?: readonly Row[];
  readonly notify?: UserKey | undefined;
};

export function message({ lines, picture, files = [], rows = [], notify }: Parts): Message {
  return { lines, picture, files, rows: rows.filter((row) => row.length > 0), notify };
}

/** A message of sentences, one a line. */
export function sentences(...texts: readonly string[]): Message {
  return message({ lines: texts.map((text) => [plain(text)]) });
}

export function button(id: string, label: string, options: Partial<Pick<Button, 'emoji' | 'tone'>> = {}): Button {
  return { kind: 'button', id, label, emoji: options.emoji, tone: options.tone ?? 'normal', isDisabled: false };
}
