/** U and V: a larger form of one picture, and others that begin from it. */
import type { Job, JobPicture } from '../../core/job.ts';
import { requestOfPicture } from '../../core/request.ts';
import type { PictureAction } from '../button-id.ts';
import { requireJob, requireShowable, requireStillThere } from '../gates.ts';
import { upscaleIdOf } from '../jobs/ids.ts';
import { nextUpscale, modelIdOf, modelOf, scaleOf } from '../jobs/job-ancestry.ts';
import type { BotContext, RequestContext } from '../context.ts';
import { promptOf } from '../present/answer.ts';
import { maskAsDrawn } from './start-pictures.ts';
import { refusal } from '../refusal.ts';
import { replace } from '../speaking.ts';
import { isOfThis, makeJob, submit } from './make-job.ts';

type VaryAction = Exclude<PictureAction, 'upscale'>;

/** Measured on moji over 40 prompts: half as far from the picture as its neighbours are, and three quarters. */
const SUBTLE = { amount: 0.35, strength: 0.4 };
const STRONG = { amount: 0.65, strength: 0.6 };
const VARIATIONS = { vary: STRONG, strong: STRONG, subtle: SUBTLE } as const;

/** The one upscale of a picture: drawn once, shown as often as it is pressed. */
export async function handleUpscale(
  context: BotContext,
  asked: RequestContext,
  id: string,
  index: number,
): Promise<void> {
  const { stores, models } = context;
  const job = await requireJob(context, asked, id);
  await requireShowable(context, asked, job);
  const picture = pictureAt(job, index);
  const larger = await stores.jobs.get(upscaleIdOf(id, index));
  if (larger !== undefined && (isOfThis(asked, larger) || (await showAgain(context, asked, larger)))) {
    return;
  }
  const model = modelOf(models, modelIdOf(job));
  const step = nextUpscale(model, await scaleOf(job, (other) => stores.jobs.get(other)));
  if (step === undefined) {
    const hasNone = Object.keys(model?.manifest.upscalers ?? {}).length === 0;
    throw hasNone
      ? refusal('upscale.none', { model: model?.manifest.name ?? modelIdOf(job) })
      : refusal('upscale.largest');
  }
  const file = await pictureFile(context, job, picture);
  const made = makeJob(context, asked, {
    id: upscaleIdOf(id, index),
    work: { kind: 'upscale', request: { model: modelIdOf(job), file, scale: step.by } },
    origin: { kind: 'upscale', of: id, index },
    styleName: job.styleName,
    typed: { prompt: promptOf(job), negative: job.typed?.negative ?? '' },
  });
  if (larger !== undefined) {
    await stores.jobs.delete(larger); // it failed or its picture is gone: once more
  }
  await submit(context, asked, made);
  await context.jobs.answers.refresh(job);
}

/**
 * Pictures that are kin to this one, as many as there were: other noise mixed into its own, and where it did not come from
 * noise alone (from a picture, or from a variation before), drawn anew from what it shows.
 */
export async function handleVary(
  context: BotContext,
  asked: RequestContext,
  { job: id, index, action }: { readonly job: string; readonly index: number; readonly action: VaryAction },
): Promise<void> {
  const job = await requireJob(context, asked, id);
  const root = await requireShowable(context, asked, job);
  if (root === undefined) {
    throw refusal('job.unknown');
  }
  const { request } = root.work;
  await requireStillThere(context, root, { ...request, init: undefined });
  const isUpscaled = job.work.kind === 'upscale';
  const source = isUpscaled ? root : job;
  const sourceIndex = isUpscaled && job.origin.kind === 'upscale' ? job.origin.index : index;
  const picture = pictureAt(source, Math.min(sourceIndex, request.count - 1));
  const { amount, strength } = VARIATIONS[action];
  const seed = context.random.uint32();
  const isOfNoise = request.init === undefined && request.variation === undefined;
  const made = makeJob(context, asked, {
    work: {
      kind: 'imagine',
      request: {
        ...(isOfNoise
          ? { ...requestOfPicture(request, picture.index), variation: { seed, amount } }
          : {
              ...request,
              seed,
              index: 0,
              variation: undefined,
              // A file of its own: pruning and deleting of the first do not reach it.
              init: { file: await keepForLater(context, await pictureFile(context, source, picture)), strength },
              mask: await maskAsDrawn(context, request),
            }),
        count: isUpscaled ? 1 : request.count,
      },
    },
    origin: { kind: 'vary', of: id, index },
    styleName: root.styleName,
    typed: root.typed ?? { prompt: promptOf(root), negative: request.negative },
  });
  await submit(context, asked, made);
}

export function pictureAt(job: Job, index: number): JobPicture {
  if (job.state.kind !== 'done') {
    throw refusal('job.unfinished');
  }
  const picture = job.state.pictures[index];
  if (picture === undefined) {
    throw refusal('button.old');
  }
  return picture;
}

/** True: what was made before has been shown here. False: it has to be made (again). */
async function showAgain(context: BotContext, asked: RequestContext, job: Job): Promise<boolean> {
  if (job.state.kind === 'queued' || job.state.kind === 'running') {
    throw refusal('job.unfinished');
  }
  const message = job.state.kind === 'done' ? await context.jobs.answers.compose(job) : undefined;
  if (message !== undefined) {
    await replace(asked, message);
  }
  return message !== undefined;
}

/** The picture's file, drawn again from its request where the cache has let it go. */
export async function pictureFile(context: BotContext, job: Job, picture: JobPicture): Promise<string> {
  if (picture.file !== '' && (await context.stores.files.has(picture.file))) {
    return picture.file;
  }
  const { work } = job;
  if (work.kind === 'imagine') {
    await requireStillThere(context, job, work.request);
  }
  const { pictures } = await context.jobs.drawWithoutJob(
    work.kind === 'imagine'
      ? { ...job, work: { kind: 'imagine', request: requestOfPicture(work.request, picture.index) } }
      : job,
  );
  return pictures[0]?.file ?? '';
}

async function keepForLater(context: BotContext, file: string): Promise<string> {
  const data = await context.stores.files.read(file);
  return data === undefined ? file : await context.stores.files.keep('uploads', data, '.png');
}
