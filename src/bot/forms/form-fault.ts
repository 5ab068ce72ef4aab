/**
 * What in a filled-in form cannot be taken, while it can still be mended: the same readings that its handler does, with
 * nothing kept, fetched or drawn. What the form cannot mend (rights, a full queue) is left to the handler.
 */
import { parseFreeText } from '../../../commands/grammar.ts';
import { imagine } from '../../../commands/imagine.ts';
import type { Action, FormFault } from '../../core/chat.ts';
import type { OptionValue } from '../../core/command.ts';
import { UserError } from '../../core/errors.ts';
import { type ButtonId, decodeButtonId } from '../button-id.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { requireDrawable, requireJob } from '../gates.ts';
import { emojiWish } from '../handlers/emoji.ts';
import { settingsGiven } from '../handlers/panel-settings.ts';
import { readImagine } from '../read-imagine.ts';
import { refusal } from '../refusal.ts';
import { serverModel } from '../resolve.ts';
import { settingsHere } from '../settings-here.ts';
import { errorText } from '../texts/index.ts';
import { commandFault } from './command-fault.ts';
import { fieldOf } from './field-of.ts';
import { fieldsToOptions } from './prompt-form.ts';

type FormAction = Extract<Action, { kind: 'form' }>;

/** Never throws: what cannot be looked at now is looked at by the handler. */
export async function formFault(
  context: BotContext,
  ask: () => Promise<RequestContext>,
): Promise<FormFault | undefined> {
  try {
    const asked = await ask();
    const error = await refusalOf(context, asked);
    const field = error && fieldOf(asked.invocation.action, error, asked.locale);
    return error === undefined || field === undefined ? undefined : { field, sentence: errorText(asked.locale, error) };
  } catch (error) {
    context.log.warn({ err: error }, 'a form could not be looked at before it was taken');
    return undefined;
  }
}

async function refusalOf(context: BotContext, asked: RequestContext): Promise<UserError | undefined> {
  const { action } = asked.invocation;
  try {
    if (action.kind === 'form') {
      await tryForm(context, asked, decodeButtonId(action.id), action);
    } else if (action.kind === 'command' && action.name === 'imagine') {
      await tryImagine(context, asked, action.options, false);
    } else if (action.kind === 'command') {
      await commandFault(context, asked, action);
    }
    return undefined;
  } catch (error) {
    if (error instanceof UserError) {
      return error;
    }
    throw error;
  }
}

async function tryForm(
  context: BotContext,
  asked: RequestContext,
  id: ButtonId | undefined,
  { fields, files = {} }: FormAction,
): Promise<void> {
  const { maxInitBytes } = context.options;
  Object.values(files)
    .flat()
    .forEach((file) => requireSize(file, maxInitBytes));
  switch (id?.kind) {
    case 'imagine-form':
    case 'start-form':
    case 'job':
      if (id.kind === 'job' && id.action === 'emoji') {
        emojiWish(await requireJob(context, asked, id.job), fields);
      } else if (id.kind !== 'job' || id.action === 'remix') {
        parseFreeText(imagine, fields['options'] ?? '');
        await tryImagine(context, asked, fieldsToOptions(fields), id.kind !== 'imagine-form');
      }
      return;
    case 'panel':
      await settingsGiven(context, asked, id.field, fields);
      return;
    case 'training':
      if ((fields['word'] ?? '').trim() === '') {
        throw refusal('train.word');
      }
      requireDrawable(context, asked, fields['captions'] ?? '', []);
      return;
    case 'picture':
    case 'draft':
    case 'take-back':
    case 'restore-style':
    case 'forget-me':
    case undefined:
      return;
    default:
      id satisfies never;
  }
}

/** `hasStart`: there is a picture to start from besides. */
async function tryImagine(
  context: BotContext,
  asked: RequestContext,
  given: Readonly<Record<string, OptionValue>>,
  hasStart: boolean,
): Promise<void> {
  for (const upload of [given['image'], given['mask']]) {
    if (typeof upload === 'object') {
      requireSize(upload, context.options.maxInitBytes);
    }
  }
  const settings = settingsHere(asked.settings, asked.actor, asked.place);
  const { width, height } = serverModel(settings, context.options, context.models).manifest.defaults;
  // Only that there is one counts; it is not opened.
  const start = { file: '', width, height };
  await readImagine(context, asked, {
    given,
    seed: 0,
    init: hasStart ? start : undefined,
    keep: async () => start,
    find: async (name) => ({ name, sizeBytes: 0, stream: unread }),
  });
}

function unread(): never {
  throw new Error('a form is looked at without its files');
}

const MB = 1_048_576;

function requireSize({ sizeBytes }: { readonly sizeBytes: number }, maxBytes: number): void {
  if (sizeBytes > maxBytes) {
    throw refusal('image.size', { max: Math.floor(maxBytes / MB), given: Math.ceil(sizeBytes / MB) });
  }
}
