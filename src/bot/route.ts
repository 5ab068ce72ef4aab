/** Which handler answers which action. Decides nothing else. */
import { type CommandName, findCommand } from '../../commands/index.ts';
import type { Action } from '../core/chat.ts';
import type { OptionValue } from '../core/command.ts';
import type { Form } from '../core/message.ts';
import { type ButtonId, decodeButtonId } from './button-id.ts';
import { requireJob } from './gates.ts';
import { handleHelp, handleInfo, handleQueue } from './handlers/about.ts';
import { handleImagine, handleImagineForm, handleRemix, imagineForm, remixForm } from './handlers/imagine.ts';
import { handleJobAction, showInfo } from './handlers/job-buttons.ts';
import { askToForget, exportMine, forget } from './handlers/mydata.ts';
import { choosePanel, openPanelForm, pressPanel, showPanel, submitPanelForm } from './handlers/panel.ts';
import { handleUpscale, handleVary } from './handlers/pictures.ts';
import { addStyle, handleDraft } from './handlers/style-trial.ts';
import {
  chooseDefault,
  chooseMine,
  editStyle,
  listStyles,
  removeStyle,
  renameStyle,
  showStyle,
} from './handlers/styles.ts';
import type { Kit, Turn } from './kit.ts';
import { refusal } from './refusal.ts';

export async function route(kit: Kit, turn: Turn): Promise<void> {
  const { action } = turn.invocation;
  switch (action.kind) {
    case 'command':
      await routeCommand(kit, turn, action);
      return;
    case 'button':
      await routeButton(kit, turn, known(decodeButtonId(action.id)));
      return;
    case 'select':
      await routeSelect(kit, turn, known(decodeButtonId(action.id)), action.values);
      return;
    case 'form':
      await routeForm(kit, turn, known(decodeButtonId(action.id)), action.fields);
      return;
    case 'message':
      await routeMessage(kit, turn, action);
      return;
    default:
      action satisfies never;
  }
}

/** The form that an action opens. Throws `UserError` where it may not. */
export async function routeToForm(kit: Kit, turn: Turn): Promise<Form> {
  const { action } = turn.invocation;
  if (action.kind === 'command' && action.name === 'imagine') {
    return imagineForm(turn, action.options);
  }
  const id = action.kind === 'button' ? decodeButtonId(action.id) : undefined;
  if (id?.kind === 'panel') {
    return openPanelForm(kit, turn, id.field);
  }
  if (id?.kind === 'imagine-form') {
    return imagineForm(turn, {});
  }
  if (id?.kind === 'job' && id.action === 'remix') {
    return await remixForm(kit, turn, id.job);
  }
  throw refusal('button.old');
}

async function routeCommand(
  kit: Kit,
  turn: Turn,
  { name, options }: Extract<Action, { kind: 'command' }>,
): Promise<void> {
  const handler = HANDLERS[findCommand(name)?.name ?? ''];
  if (handler === undefined) {
    throw refusal('command.unknown', { given: name });
  }
  await handler(kit, turn, options);
}

type Handler = (kit: Kit, turn: Turn, options: Readonly<Record<string, OptionValue>>) => Promise<void>;

const HANDLERS_BY_NAME: Readonly<Record<CommandName, Handler>> = {
  imagine: handleImagine,
  'style list': listStyles,
  'style show': showStyle,
  'style default': chooseDefault,
  'style mine': chooseMine,
  'style add': addStyle,
  'style edit': editStyle,
  'style remove': removeStyle,
  'style rename': renameStyle,
  settings: showPanel,
  queue: handleQueue,
  info: handleInfo,
  help: handleHelp,
  'mydata export': exportMine,
  'mydata delete': askToForget,
};
const HANDLERS: Readonly<Record<string, Handler | undefined>> = HANDLERS_BY_NAME;

async function routeSelect(kit: Kit, turn: Turn, id: ButtonId, values: readonly string[]): Promise<void> {
  if (id.kind !== 'panel') {
    throw refusal('button.old');
  }
  await choosePanel(kit, turn, id.field, values);
}

async function routeButton(kit: Kit, turn: Turn, id: ButtonId): Promise<void> {
  switch (id.kind) {
    case 'job':
      await handleJobAction(kit, turn, id.action, id.job);
      return;
    case 'picture':
      await (id.action === 'upscale' ? handleUpscale : handleVary)(kit, turn, id.job, id.index);
      return;
    case 'draft':
      await handleDraft(kit, turn, id.action, id.draft);
      return;
    case 'panel':
      await pressPanel(kit, turn, id.field);
      return;
    case 'forget-me':
      await forget(kit, turn);
      return;
    case 'imagine-form':
      throw refusal('button.old');
    default:
      id satisfies never;
  }
}

async function routeForm(kit: Kit, turn: Turn, id: ButtonId, fields: Readonly<Record<string, string>>): Promise<void> {
  if (id.kind === 'imagine-form') {
    await handleImagineForm(kit, turn, fields);
  } else if (id.kind === 'job' && id.action === 'remix') {
    await handleRemix(kit, turn, id.job, fields);
  } else if (id.kind === 'panel') {
    await submitPanelForm(kit, turn, id.field, fields);
  } else {
    throw refusal('button.old');
  }
}

/** A context menu names a message by the buttons it carries. */
async function routeMessage(kit: Kit, turn: Turn, action: Extract<Action, { kind: 'message' }>): Promise<void> {
  const ids = action.buttonIds.map(decodeButtonId).filter((id) => id !== undefined);
  const job = ids.find((id) => id.kind === 'job' || id.kind === 'picture')?.job;
  if (job === undefined) {
    throw refusal('job.unknown');
  }
  if (action.name === 'info') {
    await showInfo(kit, turn, await requireJob(kit, turn.invocation.place, job));
    return;
  }
  const first = ids.find((id) => id.kind === 'picture' && id.action === 'upscale');
  await handleUpscale(kit, turn, job, first?.kind === 'picture' ? first.index : 0);
}

function known(id: ButtonId | undefined): ButtonId {
  if (id === undefined) {
    throw refusal('button.old');
  }
  return id;
}
