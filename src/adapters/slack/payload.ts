/**
 * Slack's payloads → what was done, by whom, where. From `unknown` to our types once; everything that is not as Slack
 * documents it is undefined, never an exception. Knows no network: who is an admin and what a file holds is asked later.
 */
import { createHash } from 'node:crypto';

import { type Action, MESSAGE_ACTIONS } from '../../core/chat.ts';
import type { UserKey } from '../../core/people.ts';
import { at, listAt, textAt } from './json.ts';
import { buttonIdsOf, pictureOf, type PlacedPicture } from './render.ts';

/** Where an event comes from; every id is Slack's. */
export type Source = {
  /** The same id twice is one event. */
  readonly id: string;
  readonly user: string;
  readonly userName: string;
  readonly channel: string;
  /** Set when it happened inside a thread. */
  readonly thread: string | null;
  /** Usable once, for three seconds; undefined where Slack gives none. */
  readonly trigger: string | undefined;
  readonly responseUrl: string | null;
};

/** A message of ours on which something was pressed. */
export type PressedMessage = {
  readonly ts: string;
  /** Only the person sees it. */
  readonly isEphemeral: boolean;
  readonly picture: PlacedPicture | undefined;
  /** The message is a shared file. */
  readonly isShare: boolean;
};

/** The callback of "Imagine…" in the menu of everything. */
export const GLOBAL_SHORTCUT = 'imagine';

export type SlashPayload = { readonly source: Source; readonly command: string; readonly text: string };
export type PressPayload = {
  readonly source: Source;
  readonly action: Action;
  /** Undefined: in the Home tab. */
  readonly message: PressedMessage | undefined;
};
export type ShortcutPayload = {
  readonly source: Source;
  readonly action: Extract<Action, { kind: 'message' }>;
  /** File objects of the message. */
  readonly pictures: readonly unknown[];
};

export function readSlash(body: unknown): SlashPayload | undefined {
  const command = textAt(body, 'command');
  const [user, channel] = [textAt(body, 'user_id'), textAt(body, 'channel_id')];
  if (command === undefined || user === undefined || channel === undefined) {
    return undefined;
  }
  const trigger = textAt(body, 'trigger_id');
  const responseUrl = textAt(body, 'response_url');
  return {
    source: {
      id: idOf(trigger, responseUrl, user, command, textAt(body, 'text')),
      user,
      userName: textAt(body, 'user_name') ?? user,
      channel,
      thread: textAt(body, 'thread_ts') ?? null,
      trigger,
      responseUrl: addressOf(responseUrl),
    },
    command,
    text: textAt(body, 'text') ?? '',
  };
}

/** A button or select in a message. */
export function readPress(body: unknown): PressPayload | undefined {
  if (textAt(body, 'container', 'type') === 'view') {
    return readHomePress(body);
  }
  const source = sourceOf(body);
  const pressed = at(body, 'actions', 0);
  const ts = textAt(body, 'container', 'message_ts') ?? textAt(body, 'message', 'ts');
  const action = actionOf(pressed);
  if (source === undefined || ts === undefined || action === undefined) {
    return undefined;
  }
  const blocks = listAt(body, 'message', 'blocks');
  const files = listAt(body, 'message', 'files');
  const isEphemeral = at(body, 'container', 'is_ephemeral') === true;
  const picture = pictureOf(blocks) ?? sharedPicture(files);
  // Slack sends no blocks of a message that one person alone sees.
  const carried = blocks.length === 0 ? {} : { carried: buttonIdsOf(blocks) };
  return {
    source: { ...source, id: idOf(source.id, ts, textAt(pressed, 'action_id'), textAt(pressed, 'action_ts')) },
    action: { ...action, ...carried, ...(isEphemeral && action.kind === 'button' ? { isPrivate: true } : {}) },
    message: {
      ts,
      isEphemeral,
      picture,
      isShare: pictureOf(blocks) === undefined && files.length > 0,
    },
  };
}

/** A press in the Home tab, which is no channel: what is answered beside it is written to the person. */
function readHomePress(body: unknown): PressPayload | undefined {
  const user = textAt(body, 'user', 'id');
  const pressed = at(body, 'actions', 0);
  const action = actionOf(pressed);
  if (user === undefined || action === undefined || textAt(body, 'view', 'type') !== 'home') {
    return undefined;
  }
  const source = alone(body, user);
  const carried = { carried: buttonIdsOf(listAt(body, 'view', 'blocks')) };
  const id = idOf(source.id, textAt(pressed, 'action_id'), textAt(pressed, 'action_ts'));
  return {
    source: { ...source, id },
    action: { ...action, ...carried },
    message: undefined,
  };
}

/** The global shortcut, which comes from no channel. */
export function readGlobalShortcut(body: unknown): Source | undefined {
  const user = textAt(body, 'user', 'id');
  return textAt(body, 'type') === 'shortcut' && textAt(body, 'callback_id') === GLOBAL_SHORTCUT && user !== undefined
    ? alone(body, user)
    : undefined;
}

/** Slack takes a person's id for the channel between them and the bot. */
function alone(body: unknown, user: string): Source {
  const trigger = textAt(body, 'trigger_id');
  return {
    id: idOf(trigger, user, textAt(body, 'action_ts')),
    user,
    userName: textAt(body, 'user', 'username') ?? textAt(body, 'user', 'name') ?? user,
    channel: user,
    thread: null,
    trigger,
    responseUrl: null,
  };
}

/** A message shortcut: "more actions" on a message. */
export function readShortcut(body: unknown, team: string): ShortcutPayload | undefined {
  const source = sourceOf(body);
  const name = MESSAGE_ACTIONS.find((each) => each === textAt(body, 'callback_id'));
  if (source === undefined || name === undefined) {
    return undefined;
  }
  return {
    source: { ...source, id: idOf(source.id, name, textAt(body, 'action_ts')) },
    action: {
      kind: 'message',
      name,
      buttonIds: buttonIdsOf(listAt(body, 'message', 'blocks')),
      ...(name === 'train' ? authorOf(body, team) : {}),
    },
    pictures: listAt(body, 'message', 'files').filter((file) => (textAt(file, 'mimetype') ?? '').startsWith('image/')),
  };
}

function authorOf(body: unknown, team: string): { readonly author?: UserKey } {
  const user = textAt(body, 'message', 'user');
  return user === undefined ? {} : { author: `slack:${team}-${user}` };
}

/** Who submitted a modal; its channel is the modal's origin. */
export function readSubmitter(body: unknown): Omit<Source, 'channel' | 'thread' | 'responseUrl'> | undefined {
  const user = textAt(body, 'user', 'id');
  if (user === undefined) {
    return undefined;
  }
  const trigger = textAt(body, 'trigger_id');
  const state = JSON.stringify(at(body, 'view', 'state') ?? null);
  return {
    id: idOf(trigger, user, textAt(body, 'view', 'id'), textAt(body, 'view', 'hash'), state),
    user,
    userName: textAt(body, 'user', 'username') ?? textAt(body, 'user', 'name') ?? user,
    trigger,
  };
}

function sourceOf(body: unknown): Source | undefined {
  const user = textAt(body, 'user', 'id');
  const channel = textAt(body, 'channel', 'id') ?? textAt(body, 'container', 'channel_id');
  if (user === undefined || channel === undefined) {
    return undefined;
  }
  const trigger = textAt(body, 'trigger_id');
  const thread = textAt(body, 'message', 'thread_ts') ?? textAt(body, 'container', 'thread_ts');
  const isThreadHead = thread === (textAt(body, 'message', 'ts') ?? textAt(body, 'container', 'message_ts'));
  return {
    id: idOf(trigger, user, textAt(body, 'response_url')),
    user,
    userName: textAt(body, 'user', 'username') ?? textAt(body, 'user', 'name') ?? user,
    channel,
    thread: thread === undefined || isThreadHead ? null : thread,
    trigger,
    responseUrl: addressOf(textAt(body, 'response_url')),
  };
}

/** Names an event by all that tells it from another one: the same event, sent again, has the same name. */
export function idOf(...parts: readonly (string | undefined)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

function actionOf(pressed: unknown): Action | undefined {
  const id = textAt(pressed, 'action_id');
  switch (textAt(pressed, 'type') ?? '') {
    case 'button': {
      const value = textAt(pressed, 'value') ?? id;
      return value === undefined ? undefined : { kind: 'button', id: value };
    }
    case 'static_select':
    case 'external_select': {
      const value = textAt(pressed, 'selected_option', 'value');
      return id === undefined || value === undefined ? undefined : { kind: 'select', id, values: [value] };
    }
    case 'multi_static_select': {
      const values = listAt(pressed, 'selected_options').flatMap((option) => textAt(option, 'value') ?? []);
      return id === undefined ? undefined : { kind: 'select', id, values };
    }
    default:
      return undefined;
  }
}

function sharedPicture(files: readonly unknown[]): PlacedPicture | undefined {
  const fileId = textAt(files[0], 'id');
  return fileId === undefined ? undefined : { fileId, sum: '' };
}

function addressOf(url: string | undefined): string | null {
  return url !== undefined && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) ? url : null;
}
