/**
 * What the platform sees within its three seconds: decided from the action alone, before anything is looked up.
 */
import { type FreeTextOptions, parseFreeText } from '../../commands/grammar.ts';
import { imagine } from '../../commands/imagine.ts';
import { findCommand } from '../../commands/index.ts';
import { visibleText } from '../../commands/visible-text.ts';
import type { Acknowledgement, Action, MessageAction } from '../core/chat.ts';
import { privacyOf } from './forms/prompt-form.ts';
import { type ButtonId, decodeButtonId, type JobAction, type PanelField } from './button-id.ts';

/** Settings whose values are typed. */
export const FORM_FIELDS = [
  'limits',
  'channels',
  'words',
  'audit',
  'roles',
  'role-limits',
  'style-roles',
  'places',
] as const satisfies readonly PanelField[];

/** What is seen by everybody, unless it was asked for otherwise or the server's answers are private. */
export function decideAcknowledgement(
  action: Action,
  isUsuallyPrivate: () => Promise<boolean>,
): Acknowledgement | Promise<Acknowledgement> {
  const how = acknowledgementOf(action);
  if (how !== 'public' || wantsPrivate(action) !== undefined) {
    return how;
  }
  return isUsuallyPrivate().then((isPrivate) => (isPrivate ? 'private' : how));
}

/** A pure function of the action; what it does not know is answered privately. */
export function acknowledgementOf(action: Action): Acknowledgement {
  const how = usual(action);
  return how === 'public' && wantsPrivate(action) === true ? 'private' : how;
}

/** Undefined where nobody said: `--private`, or a press on what one person alone sees. */
function wantsPrivate(action: Action): boolean | undefined {
  switch (action.kind) {
    case 'command':
      return truth(action.options['private']) ?? truth(written(action.options['prompt'])['private']);
    case 'form': {
      const { options, prompt } = action.fields;
      const isPrivate = action.isPrivate === true ? true : undefined;
      const typed = truth(written(options)['private']) ?? truth(written(prompt)['private']);
      return typed ?? privacyOf(action.fields) ?? isPrivate;
    }
    case 'button': {
      const id = decodeButtonId(action.id);
      const isShare = id?.kind === 'job' && id.action === 'share';
      return isShare ? false : action.isPrivate === true ? true : undefined;
    }
    case 'select':
    case 'message':
      return action.kind === 'message' && action.isPrivate === true ? true : undefined;
    default:
      return action satisfies never;
  }
}

function truth(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

/** The options in a prompt; none where it cannot be read, which is said when it is. */
function written(text: unknown): FreeTextOptions {
  try {
    return typeof text === 'string' ? parseFreeText(imagine, text) : {};
  } catch {
    return {};
  }
}

function usual(action: Action): Acknowledgement {
  switch (action.kind) {
    case 'command': {
      const spec = findCommand(action.name);
      const text = spec !== undefined && 'textOption' in spec ? action.options[spec.textOption] : undefined;
      const isBlank = text === undefined || (typeof text === 'string' && visibleText(text).trim() === '');
      return (action.name === 'imagine' && isBlank) || action.name === 'style train'
        ? 'form'
        : (spec?.visibility ?? 'private');
    }
    case 'button':
      return ofButton(decodeButtonId(action.id));
    case 'select':
      return decodeButtonId(action.id) === undefined ? 'private' : 'update';
    case 'form':
      return ofForm(decodeButtonId(action.id));
    case 'message':
      return ofMenu(action.name);
    default:
      return action satisfies never;
  }
}

function ofMenu(name: MessageAction): Acknowledgement {
  switch (name) {
    case 'info':
    case 'train':
      return 'private';
    case 'use':
      return 'form';
    case 'upscale':
      return 'public';
    default:
      return name satisfies never;
  }
}

function ofButton(id: ButtonId | undefined): Acknowledgement {
  switch (id?.kind) {
    case undefined:
      return 'private';
    case 'picture':
      return 'public';
    case 'job':
      return ofJobAction(id.action);
    case 'panel':
      return FORM_FIELDS.some((field) => field === id.field) ? 'form' : 'update';
    case 'training':
      return id.action === 'more' || id.action === 'new' ? 'form' : 'update';
    case 'draft':
    case 'restore-style':
    case 'forget-me':
    case 'take-back':
      return 'update';
    case 'imagine-form':
    case 'start-form':
      return 'form';
    default:
      return id satisfies never;
  }
}

function ofJobAction(action: JobAction): Acknowledgement {
  switch (action) {
    case 'reroll':
    case 'share':
      return 'public';
    case 'remix':
    case 'emoji':
      return 'form';
    case 'info':
    case 'report':
    case 'block':
      return 'private';
    case 'delete':
    case 'cancel':
    case 'retry':
      return 'update';
    default:
      return action satisfies never;
  }
}

function ofForm(id: ButtonId | undefined): Acknowledgement {
  const isForMe = id === undefined || (id.kind === 'job' && id.action === 'emoji');
  const isOnMessage = id?.kind === 'panel' || (id?.kind === 'training' && id.action === 'more');
  return isOnMessage ? 'update' : isForMe ? 'private' : 'public';
}
