/**
 * Message → what the page shows: the same spans and rows as JSON, pictures as addresses. Text stays raw words: the page
 * sets it as text, never as HTML. Pure.
 */
import { createHash } from 'node:crypto';

import type { Line, Message, MessageFile, Row, Span } from '../../core/message.ts';

export type PageFile = {
  readonly url: string;
  readonly name: string;
  readonly alt: string;
  readonly isSpoiler: boolean;
};

/** One message of the page's chat; what `history.ts` keeps and the browser receives. */
export type PageMessage = {
  readonly id: string;
  readonly atMs: number;
  /** The person who alone may see it; null: everybody on this page. */
  readonly onlyFor: string | null;
  /** True until the first answer stands in its place. */
  readonly isThinking: boolean;
  readonly lines: readonly Line[];
  readonly picture: PageFile | null;
  readonly files: readonly PageFile[];
  readonly rows: readonly Row[];
};

/** A file's bytes under the name that the page's addresses use. */
export type StoredFile = { readonly key: string; readonly contentType: string; readonly data: Uint8Array };

export type Rendered = Pick<PageMessage, 'lines' | 'picture' | 'files' | 'rows'> & {
  readonly stored: readonly StoredFile[];
};

/** Splits a message into the page's JSON and the bytes that its addresses name (by content, so a repeat costs nothing). */
export function renderMessage(message: Message): Rendered {
  const stored: StoredFile[] = [];
  const store = (file: MessageFile): PageFile => {
    const key = createHash('sha256').update(file.data).digest('hex').slice(0, 32);
    stored.push({ key, contentType: file.contentType, data: file.data });
    return {
      url: `/files/${key}/${encodeURIComponent(file.name)}`,
      name: file.name,
      alt: file.alt,
      isSpoiler: file.isSpoiler,
    };
  };
  return {
    lines: message.lines,
    picture: message.picture === undefined ? null : store(message.picture),
    files: message.files.map(store),
    rows: message.rows,
    stored,
  };
}

/** A message as a browser receives it: whom it is for stays here, and people are names. */
export function shownTo({ onlyFor, ...message }: PageMessage): object {
  return { ...message, isPrivate: onlyFor !== null, lines: message.lines.map((line) => line.map(shownSpan)) };
}

function shownSpan(span: Span): object {
  return span.kind === 'user' ? { kind: span.kind, name: span.name } : span;
}
