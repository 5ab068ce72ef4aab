/** `/imagine`, the form it opens without words, and Remix: words to a job. */
import { formatCommand } from '../../../commands/grammar.ts';
import { imagine } from '../../../commands/imagine.ts';
import { withoutTransparent } from '../../../commands/plain-ground.ts';
import { qualityOf, type Quality } from '../../core/accelerator.ts';
import type { Fields, Given } from '../../core/command.ts';
import type { Job, JobOrigin } from '../../core/job.ts';
import type { ModelManifest } from '../../core/manifest.ts';
import type { Form } from '../../core/message.ts';
import { startFiles } from '../../core/request.ts';
import { requireJob, requireKept, requireMayPress } from '../gates.ts';
import { modelOf, rootOf } from '../jobs/job-ancestry.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { fieldsToOptions, promptForm } from '../forms/prompt-form.ts';
import { promptOf } from '../present/answer.ts';
import { refusal } from '../refusal.ts';
import { readImagine } from '../read-imagine.ts';
import type { ResolveContext } from '../resolve.ts';
import { steppingOf } from '../stepping.ts';
import { NO_STYLE } from '../styles.ts';
import { keepUpload, pictureFrom } from './start-pictures.ts';
import { makeJob, submit } from './make-job.ts';
import { isOfThread, threadPicture } from './thread-picture.ts';

export type Extra = { readonly origin?: JobOrigin; readonly init?: ResolveContext['init'] };

/** Draws what was asked. `--seed 7` and the like at the end of the prompt count on every chat; a real option goes before them. */
export async function handleImagine(
  context: BotContext,
  asked: RequestContext,
  given: Given,
  extra: Extra = {},
): Promise<void> {
  const { stores, random } = context;
  const { place } = asked;
  const { request, styles, styleName, typed } = await readImagine(context, asked, {
    given,
    seed: random.uint32(),
    init: extra.init,
    keep: (upload, mask) => keepUpload(context, asked.actor.user, upload, mask),
    find: (from) => (isOfThread(from) ? threadPicture(context, asked) : pictureFrom(context, asked, from)),
  });
  await stores.styles.countUse(
    place.server,
    styles.map(({ id }) => id),
  );
  const origin = extra.origin ?? { kind: 'command' };
  const job = makeJob(context, asked, {
    work: { kind: 'imagine', request },
    origin,
    styleName,
    typed,
  });
  await submit(context, asked, job);
}

/** The form of `/imagine` without words; what was already given stays. */
export async function imagineForm(context: BotContext, asked: RequestContext, given: Given): Promise<Form> {
  const { prompt: _, ...rest } = given;
  return await promptForm(context, asked, { id: { kind: 'imagine-form' }, title: 'form.imagine.title', given: rest });
}

/** The words of a job to be changed, the rest of it as options. */
export async function remixForm(context: BotContext, asked: RequestContext, id: string): Promise<Form> {
  const job = await requireJob(context, asked, id);
  requireMayPress(asked, job);
  const root = await rootOf(job, (other) => context.stores.jobs.get(other));
  if (root === undefined) {
    throw refusal('job.unknown');
  }
  const { style = NO_STYLE, ...options } = optionsOf(context, root);
  return await promptForm(context, asked, {
    id: { kind: 'job', action: 'remix', job: id },
    title: 'form.remix.title',
    given: { prompt: formatCommand(imagine, { prompt: promptOf(root) }), style, ...options },
  });
}

export async function handleRemix(
  context: BotContext,
  asked: RequestContext,
  id: string,
  fields: Fields,
): Promise<void> {
  const job = await requireJob(context, asked, id);
  requireMayPress(asked, job);
  const root = await rootOf(job, (other) => context.stores.jobs.get(other));
  const request = root?.work.request;
  if (request !== undefined) {
    await requireKept(context, startFiles(request));
  }
  await handleImagine(context, asked, fieldsToOptions(fields), {
    origin: { kind: 'remix', of: id },
    ...(request?.init === undefined
      ? {}
      : { init: { file: request.init.file, width: request.width, height: request.height, mask: request.mask?.file } }),
  });
}

/** The words and `--negative … --seed 7 …` that draw it again. */
export function commandText(context: BotContext, job: Job): string {
  return formatCommand(imagine, { prompt: promptOf(job), ...optionsOf(context, job) });
}

/** What was asked besides the words; what is the model's usual is left out. */
function optionsOf(context: BotContext, job: Job): Readonly<Record<string, unknown>> {
  if (job.work.kind !== 'imagine') {
    return {};
  }
  const { request } = job.work;
  const manifest = modelOf(context.models, request.model)?.manifest;
  const defaults = manifest?.defaults;
  const { accelerator, recipe } = request;
  const id = accelerator.kind === 'model' ? accelerator.id : undefined;
  const quality = manifest === undefined ? undefined : qualityOf(manifest, id, request.steps);
  const usual =
    manifest === undefined || quality === undefined ? defaults : { ...defaults, ...usualFor(manifest, quality) };
  const isUsualSize = request.width === defaults?.width && request.height === defaults.height;
  return {
    style: job.styleName === '' ? undefined : job.styleName,
    negative: job.typed?.negative === '' ? undefined : job.typed?.negative,
    seed: request.seed,
    steps: request.steps === usual?.steps ? undefined : request.steps,
    size: isUsualSize || request.init !== undefined ? undefined : `${request.width}x${request.height}`,
    guidance: (recipe.guidance ?? request.guidance) === usual?.guidance ? undefined : request.guidance,
    count: request.count,
    strength: request.init?.strength,
    quality,
    transparent: request.alpha && !withoutTransparent(job.typed?.prompt ?? '').isTransparent ? true : undefined,
  };
}

/** Steps and guidance that need not be said with a quality. */
function usualFor(manifest: ModelManifest, quality: Quality): Pick<ModelManifest['defaults'], 'steps' | 'guidance'> {
  const { steps, guidance } = steppingOf({ quality }, manifest);
  return { steps, guidance };
}
