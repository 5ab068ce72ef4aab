/**
 * One job on the device: work goes in, pictures come out and are kept as files. Knows when a preview is worth asking
 * for, and nothing of who sees it.
 */
import type { Job, JobPicture, JobWork } from '../../core/job.ts';
import type { Picture } from '../../core/picture.ts';
import type { Work, WorkEvent } from '../../core/work.ts';
import { composeGrid, encodePng, encodePreview } from '../../image/index.ts';
import type { Stores } from '../../store/index.ts';
import type { BotPorts } from '../ports.ts';
import { parametersOf } from '../present/parameters.ts';
import type { Pace } from './pace.ts';
import { type ProgressView, QUIET_MS } from './progress.ts';
import { withTransparency } from './transparency.ts';

export type Drawn = {
  readonly pictures: readonly JobPicture[];
  /** The same in pixels, in their order. */
  readonly raw: readonly Picture[];
  readonly drawMs: number;
  readonly notices: readonly Notice[];
};

/** What is drawn without being a job: a style's trial, a picture that the cache has let go. */
export type TransientWork = Pick<Job, 'server' | 'user' | 'isNsfwChannel' | 'work' | 'styleName' | 'typed'>;

type JobToDraw = TransientWork & Pick<Job, 'id'>;

export type Notice = Extract<WorkEvent, { kind: 'notice' }>;

/** Throws what the runner throws, and `UserError` for what may not be drawn. */
export type ExecuteJob = (
  job: JobToDraw,
  signal: AbortSignal,
  onProgress: (view: ProgressView) => void,
) => Promise<Drawn>;

type ExecutorPorts = Pick<BotPorts, 'runner' | 'clock' | 'log'> & {
  readonly files: Stores['files'];
  readonly pace: Pace;
  readonly check: (work: TransientWork) => Promise<void>;
};

/** One preview at half of the steps where drawing takes no longer than this; else as many as the throttle lets through. */
const SHORT_MS = 8000;
const PREVIEW_SIDE = 512;

export function executor(ports: ExecutorPorts): ExecuteJob {
  return async (job, signal, onProgress) => {
    await ports.check(job);
    return await draw(job, signal, { ...ports, onProgress });
  };
}

type DrawOptions = ExecutorPorts & { readonly onProgress: (view: ProgressView) => void };

async function draw(job: JobToDraw, signal: AbortSignal, options: DrawOptions): Promise<Drawn> {
  const { runner, clock, pace, onProgress } = options;
  const work = workOf(job, pace);
  const pictures: JobPicture[] = [];
  const raw: Picture[] = [];
  const notices: Notice[] = [];
  const previews: Picture[] = [];
  let startedAtMs = clock.now();
  const isShort = pace.costMs(job.work) < SHORT_MS;
  const count = job.work.kind === 'imagine' ? job.work.request.count : 1;
  for await (const event of runner.run(work, signal)) {
    switch (event.kind) {
      case 'started':
        startedAtMs = clock.now();
        break;
      case 'preparing':
        onProgress({ kind: 'preparing' });
        break;
      case 'step':
        if (!isShort || clock.now() - startedAtMs > SHORT_MS) {
          onProgress({ kind: 'drawing', step: event.step, steps: event.steps, preview: previewOf(previews) });
        }
        break;
      case 'preview':
        previews[event.index] = event.picture;
        if (Object.keys(previews).length === count) {
          onProgress({ kind: 'drawing', step: event.step, steps: event.steps, preview: previewOf(previews) });
        }
        break;
      case 'picture':
        pictures[event.index] = await take(job, event, options, { raw, notices });
        break;
      case 'notice':
        notices.push(event);
        break;
      case 'learning':
      case 'learnt':
        throw new Error(`expected pictures, got ${event.kind}`);
      default:
        event satisfies never;
    }
  }
  const drawMs = clock.now() - startedAtMs;
  pace.learn(job.work, drawMs);
  return { pictures, raw, drawMs, notices };
}

/** A picture as it comes from the engine, made transparent where it was to be, kept, and put in its place. */
async function take(
  job: JobToDraw,
  event: Extract<WorkEvent, { kind: 'picture' }>,
  options: DrawOptions,
  { raw, notices }: { readonly raw: Picture[]; readonly notices: Notice[] },
): Promise<JobPicture> {
  const { picture, notice } = await withTransparency(job.work, event.picture, options.files);
  if (notice !== undefined && !notices.some(({ code }) => code === notice.code)) {
    notices.push(notice);
  }
  raw[event.index] = picture;
  return save(job, { ...event, picture }, options);
}

function workOf(job: JobToDraw, pace: Pace): Work {
  if (job.work.kind === 'upscale') {
    return { kind: 'upscale', id: job.id, request: job.work.request };
  }
  const { request } = job.work;
  return { kind: 'imagine', id: job.id, request, previewAfter: previewSteps(job.work, request.steps, pace) };
}

function previewSteps(work: JobWork, steps: number, pace: Pace): readonly number[] {
  const costMs = pace.costMs(work);
  if (steps < 2 || (pace.isKnown(work) && costMs < QUIET_MS)) {
    return [];
  }
  return costMs < SHORT_MS ? [Math.ceil(steps / 2)] : Array.from({ length: steps - 1 }, (_, index) => index + 1);
}

function previewOf(previews: readonly Picture[]): Extract<ProgressView, { kind: 'drawing' }>['preview'] {
  const known = previews.filter((picture) => picture !== undefined);
  return known.length === 0 ? undefined : () => encodePreview(composeGrid(known), PREVIEW_SIDE);
}

/** A picture that cannot be kept is still shown: its request draws it again. */
async function save(
  job: JobToDraw,
  { index, seed, picture }: Extract<WorkEvent, { kind: 'picture' }>,
  { files, log }: ExecutorPorts,
): Promise<JobPicture> {
  const { width, height } = picture;
  try {
    const encoded = await encodePng(picture, parametersOf(job, seed));
    return { index, seed, width, height, file: await files.keep('pictures', encoded.data, encoded.ending) };
  } catch (error) {
    log.warn({ job: job.id, err: error }, 'the picture could not be kept');
    return { index, seed, width, height, file: '' };
  }
}
