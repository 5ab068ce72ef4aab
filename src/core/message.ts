/**
 * What the bot says, before any platform renders it. Text is spans of raw words: each adapter escapes them in its own
 * way, so a prompt can neither mention nor break formatting. Refuses to know embeds, blocks and HTML.
 */
import type { UserKey } from './people.ts';

export type Span =
  | { readonly kind: 'plain' | 'bold' | 'italic' | 'code' | 'small'; readonly text: string }
  /** Shown as a name that notifies only where the message's `notify` holds the same user. */
  | { readonly kind: 'user'; readonly user: UserKey; readonly name: string }
  /** The platform's way to show a channel by its id: something to press, where it has that. */
  | { readonly kind: 'channel'; readonly id: string }
  /** The platform's way to show a moment. */
  | { readonly kind: 'time'; readonly atMs: number };

export type Line = readonly Span[];

export type Button = {
  readonly kind: 'button';
  /** Enough to act on after a restart; at most 100 characters. */
  readonly id: string;
  readonly label: string;
  readonly emoji: string | undefined;
  readonly tone: 'normal' | 'primary' | 'danger';
  readonly isDisabled: boolean;
};

export type Select = {
  readonly kind: 'select';
  readonly id: string;
  readonly placeholder: string;
  readonly choices: readonly {
    readonly value: string;
    readonly label: string;
    readonly isSelected: boolean;
  }[];
};

/** One row of up to five buttons, or of one select. */
export type Row = readonly (Button | Select)[];

export type MessageFile = {
  readonly name: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  /** Alternative text of a picture. */
  readonly alt: string;
  readonly isSpoiler: boolean;
};

export type Message = {
  readonly lines: readonly Line[];
  /** Shown in the message. A finished answer has exactly one picture, alone or the grid. */
  readonly picture: MessageFile | undefined;
  /** Offered for download. */
  readonly files: readonly MessageFile[];
  readonly rows: readonly Row[];
  /** Who is notified; nobody else ever is. */
  readonly notify: UserKey | undefined;
};

export type FormField = {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly isRequired: boolean;
  readonly maxLength: number;
  readonly isMultiline: boolean;
  /**
   * Channels (`place`: any in which people ask) and roles are picked from a list where the platform has one, and typed by
   * their ids elsewhere. `value` is their ids, one a line, and so comes back.
   */
  readonly picks?: 'channel' | 'channels' | 'place' | 'role' | 'roles';
  /** Picked from these where the platform has lists, and none of its own for what is picked. */
  readonly choices?: readonly { readonly value: string; readonly label: string }[];
  /** Takes so many picture files instead of words. */
  readonly maxPictures?: number;
};

/** A modal. Its answer comes back as an action of kind `form` with the same id. */
export type Form = {
  readonly id: string;
  readonly title: string;
  readonly submit: string;
  readonly fields: readonly FormField[];
};
