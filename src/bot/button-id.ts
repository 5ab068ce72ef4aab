/**
 * The ids of buttons, selects and forms: enough to act on after a restart, because they name the job (or the draft, or
 * the setting) and what to do with it. `1.vary.k3f….2`: version, action, subject, detail.
 *
 * Whoever can press can forge: a decoded id says what is asked, never that it is allowed.
 */
import { EXPRESSION_KINDS, type ExpressionKind } from '../core/chat.ts';
import type { JobId } from '../core/job.ts';

export const MAX_BUTTON_ID_LENGTH = 100;

const VERSION = '1';
const SUBJECT = /^[A-Za-z0-9_-]{1,40}$/;

/** Actions on a job as a whole; `remix` and `emoji` are also the ids of their forms. */
export const JOB_ACTIONS = [
  'reroll',
  'remix',
  'info',
  'delete',
  'cancel',
  'retry',
  'report',
  'block',
  'emoji',
  'share',
] as const;
export type JobAction = (typeof JOB_ACTIONS)[number];

/** Actions on one picture of a job. */
export const PICTURE_ACTIONS = ['upscale', 'vary', 'subtle', 'strong'] as const;
export type PictureAction = (typeof PICTURE_ACTIONS)[number];

/** What can be done with a style that is being tried and is not saved yet. */
export const DRAFT_ACTIONS = ['save', 'lighter', 'heavier', 'discard', 'train-on', 'keep'] as const;
export type DraftAction = (typeof DRAFT_ACTIONS)[number];

/** Of a style that is learnt from pictures; `new` and `more` are also the ids of its forms. */
export const TRAINING_ACTIONS = ['new', 'more', 'start', 'stop', 'drop'] as const;
export type TrainingAction = (typeof TRAINING_ACTIONS)[number];

/** What the panel of `/settings` can change, and `home`: the panel itself. A form has the id of the button that opens it. */
export const PANEL_FIELDS = [
  'home',
  'model',
  'language',
  'count',
  'limits',
  'channels',
  'nsfw',
  'grammar',
  'decoder',
  'rules',
  'private',
  'avatars',
  'owner',
  'roles',
  'role-limits',
  'style-roles',
  'places',
  'words',
  'audit',
  'history',
  'unblock',
] as const;
export type PanelField = (typeof PANEL_FIELDS)[number];

export type ButtonId =
  | { readonly kind: 'job'; readonly action: JobAction; readonly job: JobId }
  | { readonly kind: 'picture'; readonly action: PictureAction; readonly job: JobId; readonly index: number }
  | { readonly kind: 'draft'; readonly action: DraftAction; readonly draft: string }
  | { readonly kind: 'training'; readonly action: TrainingAction; readonly training: string }
  | { readonly kind: 'panel'; readonly field: PanelField }
  /** The form of `/imagine` without words. */
  | { readonly kind: 'imagine-form' }
  /** The same from a picture that was chosen in a message's menu; `start` names it among those that are kept. */
  | { readonly kind: 'start-form'; readonly start: string }
  /** Undo the removal of a style; `removed` names what is kept of it for a day. */
  | { readonly kind: 'restore-style'; readonly removed: string }
  /** Take back an emoji or a sticker of the server, by the chat's id. */
  | { readonly kind: 'take-back'; readonly what: ExpressionKind; readonly id: string }
  /** Yes, delete all that is kept about me. */
  | { readonly kind: 'forget-me' };

/** The text of an id, at most 100 characters of `A-Z a-z 0-9 _ - .`; throws RangeError for a subject that has others. */
export function encodeButtonId(id: ButtonId): string {
  switch (id.kind) {
    case 'job':
      return join(id.action, id.job);
    case 'picture':
      return join(id.action, id.job, String(id.index));
    case 'draft':
      return join('draft', id.draft, id.action);
    case 'training':
      return join('training', id.training, id.action);
    case 'panel':
      return join('panel', id.field);
    case 'take-back':
      return join('take-back', id.id, id.what);
    case 'restore-style':
      return join(id.kind, id.removed);
    case 'start-form':
      return join(id.kind, id.start);
    case 'imagine-form':
    case 'forget-me':
      return join(id.kind);
    default:
      return id satisfies never;
  }
}

/** Which picture of ours the first of these buttons names, if any does. */
export function pictureNamed(ids: readonly string[]): { readonly job: string; readonly index: number } | undefined {
  const id = ids.map(decodeButtonId).find((each) => each?.kind === 'job' || each?.kind === 'picture');
  return id && { job: id.job, index: id.kind === 'picture' ? id.index : 0 };
}

/** Undefined for anything that `encodeButtonId` does not write, ids of other versions included. */
export function decodeButtonId(text: string): ButtonId | undefined {
  if (text.length > MAX_BUTTON_ID_LENGTH) {
    return undefined;
  }
  const [version, head = '', subject, detail, ...rest] = text.split('.');
  if (version !== VERSION || rest.length > 0) {
    return undefined;
  }
  if (head === 'imagine-form' || head === 'forget-me') {
    return subject === undefined ? { kind: head } : undefined;
  }
  if (subject === undefined || !SUBJECT.test(subject)) {
    return undefined;
  }
  if (head === 'draft') {
    const action = DRAFT_ACTIONS.find((name) => name === detail);
    return action === undefined ? undefined : { kind: 'draft', action, draft: subject };
  }
  if (head === 'training') {
    const action = TRAINING_ACTIONS.find((name) => name === detail);
    return action === undefined ? undefined : { kind: 'training', action, training: subject };
  }
  if (head === 'take-back') {
    const what = EXPRESSION_KINDS.find((name) => name === detail);
    return what === undefined ? undefined : { kind: 'take-back', what, id: subject };
  }
  if (head === 'restore-style') {
    return detail === undefined ? { kind: head, removed: subject } : undefined;
  }
  if (head === 'start-form') {
    return detail === undefined ? { kind: head, start: subject } : undefined;
  }
  const pictureAction = PICTURE_ACTIONS.find((name) => name === head);
  if (pictureAction !== undefined) {
    const isIndex = detail !== undefined && /^[0-9]$/.test(detail);
    return isIndex ? { kind: 'picture', action: pictureAction, job: subject, index: Number(detail) } : undefined;
  }
  if (detail !== undefined) {
    return undefined;
  }
  if (head === 'panel') {
    const field = PANEL_FIELDS.find((name) => name === subject);
    return field === undefined ? undefined : { kind: 'panel', field };
  }
  const jobAction = JOB_ACTIONS.find((name) => name === head);
  return jobAction === undefined ? undefined : { kind: 'job', action: jobAction, job: subject };
}

function join(head: string, ...parts: readonly string[]): string {
  for (const part of parts) {
    if (!SUBJECT.test(part)) {
      throw new RangeError(`a button id is made of letters, digits, _ and -; got ${JSON.stringify(part)}`);
    }
  }
  return [VERSION, head, ...parts].join('.');
}
