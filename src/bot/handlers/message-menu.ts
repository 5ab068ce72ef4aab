/**
 * What the menu of any message offers: its picture larger, as a start, or how it was drawn. A message of ours names its
 * job by its buttons; of anybody else's there is the picture alone, and that is said.
 */
import type { Action, MessageAction } from '../../core/chat.ts';
import { type Fields, readUpload, type Upload } from '../../core/command.ts';
import type { Form } from '../../core/message.ts';
import { openOwnPicture, PARAMETERS_KEYWORD, readPngTexts } from '../../image/index.ts';
import { decodeButtonId, pictureNamed } from '../button-id.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { requireJob, requireMayDraw } from '../gates.ts';
import { nextUpscale } from '../jobs/job-ancestry.ts';
import { randomId } from '../jobs/ids.ts';
import { code, message, plain } from '../present/lines.ts';
import { startPicture } from '../read-imagine.ts';
import { refusal } from '../refusal.ts';
import { type ResolveContext, serverModel } from '../resolve.ts';
import { settingsHere } from '../settings-here.ts';
import { answerPrivately } from '../speaking.ts';
import { text } from '../texts/index.ts';
import { fieldsToOptions, promptForm } from '../forms/prompt-form.ts';
import { handleImagine } from './imagine.ts';
import { showInfo } from './job-buttons.ts';
import { makeJob, submit } from './make-job.ts';
import { handleUpscale } from './pictures.ts';
import { keepUpload } from './start-pictures.ts';
import { ownPicture } from './thread-picture.ts';

type MenuAction = Extract<Action, { kind: 'message' }>;
type Start = NonNullable<ResolveContext['init']>;

/** Four times this side is as much as a device should be asked for. */
const MAX_UPSCALED_SIDE = 768;
const MAX_PARAMETERS = 1500;

export async function handleMessage(context: BotContext, asked: RequestContext, action: MenuAction): Promise<void> {
  const job = pictureNamed(action.buttonIds)?.job;
  if (job === undefined) {
    await handleForeign(context, asked, action.name, firstPicture(action));
    return;
  }
  if (action.name === 'info') {
    await showInfo(context, asked, await requireJob(context, asked, job));
    return;
  }
  const first = action.buttonIds.map(decodeButtonId).find((id) => id?.kind === 'picture' && id.action === 'upscale');
  await handleUpscale(context, asked, job, first?.kind === 'picture' ? first.index : 0);
}

async function handleForeign(
  context: BotContext,
  asked: RequestContext,
  name: MessageAction,
  picture: Upload,
): Promise<void> {
  if (name === 'info') {
    await answerPrivately(asked, await foreignInfo(context, asked, picture));
    return;
  }
  const settings = settingsHere(asked.settings, asked.actor, asked.place);
  await requireMayDraw(context, asked);
  const model = serverModel(settings, context.options, context.models);
  const step = nextUpscale(model, 1);
  if (step === undefined) {
    throw refusal('upscale.none', { model: model.manifest.name });
  }
  const { data } = await startPicture(context, { upload: picture, by: asked.actor.user, maxSide: MAX_UPSCALED_SIDE });
  const file = await context.stores.files.keep('uploads', data, '.png');
  const made = makeJob(context, asked, {
    work: { kind: 'upscale', request: { model: model.manifest.id, file, scale: step.by } },
    origin: { kind: 'command' },
    styleName: '',
    typed: { prompt: '', negative: '' },
  });
  await submit(context, asked, made);
}

/** Programs write their parameters into a PNG; a chat that encodes pictures anew loses them. */
async function foreignInfo({ options, hands }: BotContext, { actor, locale }: RequestContext, picture: Upload) {
  const parameters = await hands.pictures.during(actor.user, async () =>
    parametersIn(await readUpload(picture, options.maxInitBytes)).slice(0, MAX_PARAMETERS),
  );
  const lines = [[plain(text(locale, 'info.not-ours'))]];
  return message(
    parameters === ''
      ? { lines: [...lines, [plain(text(locale, 'info.nothing-inside'))]] }
      : { lines: [...lines, [plain(text(locale, 'info.inside'))], [code(parameters)]] },
  );
}

function parametersIn(bytes: Uint8Array): string {
  try {
    return readPngTexts(bytes)[PARAMETERS_KEYWORD] ?? '';
  } catch {
    return ''; // no PNG
  }
}

/**
 * The form of a picture's words. The picture is fetched while they are written; where that ends first, it is kept under
 * the form's id, and a restart in between loses nothing.
 */
export async function startForm(context: BotContext, asked: RequestContext, action: MenuAction): Promise<Form> {
  const start = randomId(context.random);
  await requireMayDraw(context, asked);
  const own = pictureNamed(action.buttonIds);
  const fetchForeign = (picture: Upload) => () => keepUpload(context, asked.actor.user, picture);
  const fetch = own === undefined ? fetchForeign(firstPicture(action)) : () => ownStart(context, asked, own);
  context.starts.begin(start, asked.actor.user, fetch);
  return await promptForm(context, asked, { id: { kind: 'start-form', start }, title: 'form.start.title' });
}

export async function handleStartForm(
  context: BotContext,
  asked: RequestContext,
  start: string,
  fields: Fields,
): Promise<void> {
  const init = await context.starts.of(start, asked.actor.user);
  if (init === undefined || !(await context.stores.files.has(init.file))) {
    throw refusal('image.start-gone');
  }
  await handleImagine(context, asked, fieldsToOptions(fields), { init });
}

async function ownStart(
  context: BotContext,
  asked: RequestContext,
  { job, index }: NonNullable<ReturnType<typeof pictureNamed>>,
): Promise<Start> {
  const data = await ownPicture(context, asked, job, index);
  const { width, height } = await openOwnPicture(data);
  // A file of its own: deleting the answer does not reach it.
  return { file: await context.stores.files.keep('uploads', data, '.png'), width, height };
}

/** Throws `UserError` `image.none-there`. */
function firstPicture({ pictures = [] }: MenuAction): Upload {
  const [picture] = pictures;
  if (picture === undefined) {
    throw refusal('image.none-there');
  }
  return picture;
}
