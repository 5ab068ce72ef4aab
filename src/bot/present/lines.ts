/** Small pieces that messages are made of. */
import type { Button, FormField, Line, Message, MessageFile, Row, Span } from '../../core/message.ts';
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

/** Stands for a list of channels in a sentence that `withChannels` takes. */
export const CHANNELS = '\u0000';

/** A sentence whose marked values are lists of channels, in their order. */
export function withChannels(sentence: string, ...lists: readonly (readonly string[])[]): Line {
  const [before = '', ...parts] = sentence.split(CHANNELS);
  const line = [plain(before), ...parts.flatMap((part, index) => [...namesOf(lists[index] ?? []), plain(part)])];
  return line.filter((span) => !('text' in span) || span.text !== '');
}

function namesOf(ids: readonly string[]): readonly Span[] {
  const shown = ids.slice(0, MAX_SHOWN_CHANNELS);
  const names = shown.flatMap((id, index): readonly Span[] => [
    ...(index === 0 ? [] : [plain(', ')]),
    { kind: 'channel', id },
  ]);
  return [...names, plain(ids.length > shown.length ? ' …' : '')];
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

/** A field of a form: one line that may stay empty, where `more` says nothing else. */
export function field(id: string, label: string, more: Partial<FormField> = {}): FormField {
  return { id, label, value: '', isRequired: false, maxLength: 100, isMultiline: false, ...more };
}

export function textFile(name: string, contentType: string, words: string): MessageFile {
  return { name, contentType, data: new TextEncoder().encode(words), alt: '', isSpoiler: false };
}
