/** Which handler answers which action. Decides nothing else. */
import { type CommandName, findCommand } from '../../commands/index.ts';
import type { Action } from '../core/chat.ts';
import type { Given } from '../core/command.ts';
import type { Form } from '../core/message.ts';
import { type ButtonId, decodeButtonId } from './button-id.ts';
import { handleHelp, handleInfo, handleQueue } from './handlers/about.ts';
import { emojiForm, handleEmoji, takeBack } from './handlers/emoji.ts';
import { fieldsToOptions } from './forms/prompt-form.ts';
import { handleImagine, handleRemix, imagineForm, remixForm } from './handlers/imagine.ts';
import { handleJobAction } from './handlers/job-buttons.ts';
import { handleMessage, handleStartForm, startForm } from './handlers/message-menu.ts';
import { askToForget, exportMine, forget } from './handlers/mydata.ts';
import { choosePanel, openPanelForm, pressPanel, showPanel, submitPanelForm } from './handlers/panel.ts';
import { handleUpscale, handleVary } from './handlers/pictures.ts';
import { addStyle, handleDraft } from './handlers/style-trial.ts';
import { showStyle } from './handlers/show-style.ts';
import {
  chooseDefault,
  chooseMine,
  editStyle,
  listStyles,
  removeStyle,
  renameStyle,
  restoreStyle,
} from './handlers/styles.ts';
import { handleMessagePictures, handleTrainForm } from './training/collect.ts';
import { moreForm, trainForm } from './training/form.ts';
import { pressTraining } from './training/press.ts';
import type { BotContext, RequestContext } from './context.ts';
import { refusal } from './refusal.ts';

export async function route(context: BotContext, asked: RequestContext): Promise<void> {
  const { action } = asked.invocation;
  switch (action.kind) {
    case 'command':
      return await routeCommand(context, asked, action);
    case 'button':
      requireCarried(action);
      return await routeButton(context, asked, known(decodeButtonId(action.id)));
    case 'select':
      requireCarried(action);
      return await routeSelect(context, asked, known(decodeButtonId(action.id)), action.values);
    case 'form':
      return await routeForm(context, asked, known(decodeButtonId(action.id)), action);
    case 'message':
      return await (action.name === 'train' ? handleMessagePictures : handleMessage)(context, asked, action);
    default:
      return action satisfies never;
  }
}

/** An id acts on the message that carries it and on no other. Throws `UserError` `button.old`. */
function requireCarried({ id, carried }: Extract<Action, { kind: 'button' | 'select' }>): void {
  if (carried !== undefined && !carried.includes(id)) {
    throw refusal('button.old');
  }
}

/** The form that an action opens. Throws `UserError` where it may not. */
export async function routeToForm(context: BotContext, asked: RequestContext): Promise<Form> {
  const { action } = asked.invocation;
  if (action.kind === 'command' && action.name === 'imagine') {
    return await imagineForm(context, asked, action.options);
  }
  if (action.kind === 'message' && action.name === 'use') {
    return await startForm(context, asked, action);
  }
  if (action.kind === 'command' && action.name === 'style train') {
    return await trainForm(context, asked, action.options);
  }
  if (action.kind === 'button') {
    requireCarried(action);
  }
  const id = action.kind === 'button' ? decodeButtonId(action.id) : undefined;
  if (id?.kind === 'training' && id.action === 'more') {
    return await moreForm(context, asked, id.training);
  }
  if (id?.kind === 'panel') {
    return await openPanelForm(context, asked, id.field);
  }
  if (id?.kind === 'imagine-form') {
    return await imagineForm(context, asked, {});
  }
  if (id?.kind === 'job' && id.action === 'remix') {
    return await remixForm(context, asked, id.job);
  }
  if (id?.kind === 'job' && id.action === 'emoji') {
    return await emojiForm(context, asked, id.job);
  }
  throw refusal('button.old');
}

async function routeCommand(
  context: BotContext,
  asked: RequestContext,
  { name, options }: Extract<Action, { kind: 'command' }>,
): Promise<void> {
  const handler = HANDLERS[findCommand(name)?.name ?? ''];
  if (handler === undefined) {
    throw refusal('command.unknown', { given: name });
  }
  await handler(context, asked, options);
}

type Handler = (context: BotContext, asked: RequestContext, options: Given) => Promise<void>;

const HANDLERS_BY_NAME: Readonly<Record<Exclude<CommandName, 'style train'>, Handler>> = {
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

async function routeSelect(
  context: BotContext,
  asked: RequestContext,
  id: ButtonId,
  values: readonly string[],
): Promise<void> {
  if (id.kind !== 'panel') {
    throw refusal('button.old');
  }
  await choosePanel(context, asked, id.field, values);
}

async function routeButton(context: BotContext, asked: RequestContext, id: ButtonId): Promise<void> {
  switch (id.kind) {
    case 'job':
      return await handleJobAction(context, asked, id.action, id.job);
    case 'picture':
      return await (id.action === 'upscale'
        ? handleUpscale(context, asked, id.job, id.index)
        : handleVary(context, asked, { ...id, action: id.action }));
    case 'draft':
      return await handleDraft(context, asked, id.action, id.draft);
    case 'training':
      return await pressTraining(context, asked, id.action, id.training);
    case 'panel':
      return await pressPanel(context, asked, id.field);
    case 'forget-me':
      return await forget(context, asked);
    case 'restore-style':
      return await restoreStyle(context, asked, id.removed);
    case 'take-back':
      return await takeBack(context, asked, id);
    case 'imagine-form':
    case 'start-form':
      throw refusal('button.old');
    default:
      return id satisfies never;
  }
}

async function routeForm(
  context: BotContext,
  asked: RequestContext,
  id: ButtonId,
  { fields, files = {} }: Extract<Action, { kind: 'form' }>,
): Promise<void> {
  if (id.kind === 'training') {
    await handleTrainForm(context, asked, id.training, { fields, files });
  } else if (id.kind === 'imagine-form') {
    await handleImagine(context, asked, fieldsToOptions(fields));
  } else if (id.kind === 'start-form') {
    await handleStartForm(context, asked, id.start, fields);
  } else if (id.kind === 'job' && id.action === 'remix') {
    await handleRemix(context, asked, id.job, fields);
  } else if (id.kind === 'job' && id.action === 'emoji') {
    await handleEmoji(context, asked, id.job, fields);
  } else if (id.kind === 'panel') {
    await submitPanelForm(context, asked, id.field, fields);
  } else {
    throw refusal('button.old');
  }
}

function known(id: ButtonId | undefined): ButtonId {
  if (id === undefined) {
    throw refusal('button.old');
  }
  return id;
}
