/**
 * What the platform sees within its three seconds: decided from the action alone, before anything is looked up.
 */
import { findCommand } from '../../commands/index.ts';
import { visibleText } from '../../commands/visible-text.ts';
import type { Acknowledgement, Action } from '../core/chat.ts';
import { type ButtonId, decodeButtonId, type JobAction, type PanelField } from './button-id.ts';

/** Settings whose values are typed. */
export const FORM_FIELDS = ['limits', 'channels', 'words', 'audit'] as const satisfies readonly PanelField[];

/** A pure function of the action; what it does not know is answered privately. */
export function acknowledgementOf(action: Action): Acknowledgement {
  switch (action.kind) {
    case 'command': {
      const spec = findCommand(action.name);
      const text = spec !== undefined && 'textOption' in spec ? action.options[spec.textOption] : undefined;
      const isBlank = text === undefined || (typeof text === 'string' && visibleText(text).trim() === '');
      return action.name === 'imagine' && isBlank ? 'form' : (spec?.visibility ?? 'private');
    }
    case 'button':
      return ofButton(decodeButtonId(action.id));
    case 'select':
      return decodeButtonId(action.id) === undefined ? 'private' : 'update';
    case 'form':
      return ofForm(decodeButtonId(action.id));
    case 'message':
      return action.name === 'info' ? 'private' : 'public';
    default:
      return action satisfies never;
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
    case 'draft':
    case 'forget-me':
    case 'take-back':
      return 'update';
    case 'imagine-form':
      return 'form';
    default:
      return id satisfies never;
  }
}

function ofJobAction(action: JobAction): Acknowledgement {
  switch (action) {
    case 'reroll':
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
  return id?.kind === 'panel' ? 'update' : isForMe ? 'private' : 'public';
}
