/** A message as a person sees it: words, pictures with their alternative text, labels of buttons. */
import type { RowBody } from './message-rules.ts';
import type { StoredFile, StoredMessage } from './world.ts';

export type SeenButton = { readonly label: string; readonly id: string; readonly isDisabled: boolean };
export type SeenSelect = {
  readonly id: string;
  readonly values: readonly string[];
  readonly chosen: readonly string[];
};

export type SeenMessage = {
  readonly id: string;
  readonly text: string;
  readonly isLoading: boolean;
  readonly isPrivate: boolean;
  readonly edits: number;
  readonly pictures: readonly StoredFile[];
  readonly files: readonly StoredFile[];
  readonly buttons: readonly SeenButton[];
  readonly selects: readonly SeenSelect[];
  readonly notified: readonly string[];
  /** The message whose button was pressed for this one. */
  readonly replyTo: string | undefined;
};

export function seenMessage(message: StoredMessage): SeenMessage {
  const isPicture = (file: StoredFile): boolean => file.contentType.startsWith('image/');
  return {
    id: message.id,
    text: message.content,
    isLoading: message.isLoading,
    isPrivate: message.visibleTo !== undefined,
    edits: message.edits,
    pictures: message.files.filter(isPicture),
    files: message.files.filter((file) => !isPicture(file)),
    buttons: message.rows.flatMap(buttonsOf),
    selects: message.rows.flatMap(selectsOf),
    notified: message.notified,
    replyTo: message.interaction?.source,
  };
}

function buttonsOf(row: RowBody): readonly SeenButton[] {
  return row.components.flatMap((part) =>
    part.type === 2
      ? [
          {
            label: [part.emoji?.name, part.label].filter((word) => word !== undefined).join(' '),
            id: part.custom_id ?? '',
            isDisabled: part.disabled === true,
          },
        ]
      : [],
  );
}

function selectsOf(row: RowBody): readonly SeenSelect[] {
  return row.components.flatMap((part) =>
    part.type === 3
      ? [
          {
            id: part.custom_id,
            values: part.options.map((option) => option.value),
            chosen: part.options.flatMap((option) => (option.default === true ? [option.value] : [])),
          },
        ]
      : [],
  );
}
