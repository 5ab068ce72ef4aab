/** A message as a person sees it: words, one picture, labels of buttons. */
import { isJson, type Json, records, stringOf } from './json.ts';
import type { State, StoredMessage } from './state.ts';

export type SeenPicture = {
  readonly fileId: string;
  readonly name: string;
  readonly alt: string;
  readonly data: Buffer;
};
export type SeenButton = {
  readonly label: string;
  readonly actionId: string;
  readonly value: string;
  readonly style: string;
};
export type SeenSelect = {
  readonly actionId: string;
  readonly placeholder: string;
  readonly options: readonly { readonly label: string; readonly value: string }[];
  readonly selected: string | undefined;
};

export type Seen = {
  readonly ts: string;
  readonly channel: string;
  readonly thread: string | undefined;
  readonly isPrivate: boolean;
  /** All words, marks and entities undone, in order. */
  readonly words: string;
  /** The words as they were sent. */
  readonly raw: string;
  readonly pictures: readonly SeenPicture[];
  readonly buttons: readonly SeenButton[];
  readonly selects: readonly SeenSelect[];
  /** Who is mentioned, and so notified. */
  readonly mentions: readonly string[];
  readonly edits: number;
};

export function seen(message: StoredMessage, state: State): Seen {
  const elements = message.blocks
    .filter((block) => block['type'] === 'actions')
    .flatMap((block) => records(block['elements']));
  const raw =
    message.blocks.length === 0
      ? message.text
      : message.blocks
          .map(blockWords)
          .filter((words) => words !== '')
          .join('\n');
  return {
    ts: message.ts,
    channel: message.channel,
    thread: message.thread,
    isPrivate: message.onlyFor !== undefined,
    words: readable(raw),
    raw,
    pictures: [
      ...message.blocks.flatMap((block) => blockPicture(block, state)),
      ...message.files.flatMap((id) => picture(id, '', state)),
    ],
    buttons: elements
      .filter((element) => element['type'] === 'button')
      .map((element) => ({
        label: textOf(element['text']),
        actionId: stringOf(element['action_id']),
        value: stringOf(element['value']),
        style: stringOf(element['style']),
      })),
    selects: elements.filter((element) => element['type'] === 'static_select').map(seenSelect),
    mentions: [
      ...JSON.stringify(message.blocks).matchAll(/<@(\w+)>|"user_id":"(\w+)"|<!(channel|here|everyone)>/g),
    ].map((match) => match[1] ?? match[2] ?? match[3] ?? ''),
    edits: message.edits,
  };
}

function blockWords(block: Json): string {
  switch (block['type']) {
    case 'section':
    case 'header':
      return textOf(block['text']);
    case 'context':
      return records(block['elements']).map(textOf).join(' ');
    case 'rich_text':
      return records(block['elements'])
        .flatMap((section) => records(section['elements']))
        .map((element) => stringOf(element['text']))
        .join('');
    default:
      return '';
  }
}

function blockPicture(block: Json, state: State): readonly SeenPicture[] {
  const file = block['slack_file'];
  return isJson(file) ? picture(stringOf(file['id']), stringOf(block['alt_text']), state) : [];
}

function picture(id: string, alt: string, state: State): readonly SeenPicture[] {
  const file = state.files.get(id);
  return file?.data === undefined
    ? []
    : [{ fileId: id, name: file.name, alt: alt === '' ? file.alt : alt, data: file.data }];
}

function seenSelect(element: Json): SeenSelect {
  const initial = element['initial_option'];
  return {
    actionId: stringOf(element['action_id']),
    placeholder: textOf(element['placeholder']),
    options: records(element['options']).map((option) => ({
      label: textOf(option['text']),
      value: stringOf(option['value']),
    })),
    selected: isJson(initial) ? stringOf(initial['value']) : undefined,
  };
}

function textOf(value: unknown): string {
  return isJson(value) ? stringOf(value['text']) : '';
}

function readable(raw: string): string {
  return raw.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
