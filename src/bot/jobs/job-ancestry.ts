/** Where a job came from: the one whose words it has, and how much larger a picture can still become. */
import type { Job, JobId } from '../../core/job.ts';
import type { GenerationRequest, UpscaleRequest } from '../../core/request.ts';
import type { Model, Models } from '../ports.ts';

type LookUp = (id: JobId) => Promise<Job | undefined>;

const MAX_DEPTH = 16;

/** The job that drew it from words, itself where it did; undefined where that one is no longer kept. */
export async function rootOf(
  job: Job,
  lookUp: LookUp,
): Promise<(Job & { readonly work: { readonly kind: 'imagine'; readonly request: GenerationRequest } }) | undefined> {
  let current: Job | undefined = job;
  for (let depth = 0; current !== undefined && depth < MAX_DEPTH; depth++) {
    const { work, origin }: Job = current;
    if (work.kind === 'imagine') {
      return { ...current, work };
    }
    current = origin.kind === 'command' ? undefined : await lookUp(origin.of);
  }
  return undefined;
}

/** How much larger than first drawn: 1 for what is drawn from words. */
export async function scaleOf(job: Job, lookUp: LookUp): Promise<number> {
  let scale = 1;
  let current: Job | undefined = job;
  for (let depth = 0; current?.work.kind === 'upscale' && depth < MAX_DEPTH; depth++) {
    const { work, origin }: Job = current;
    scale *= work.kind === 'upscale' ? work.request.scale : 1;
    current = origin.kind === 'command' ? undefined : await lookUp(origin.of);
  }
  return scale;
}

/** The next larger form of a picture that is `scale` times as large as first drawn; undefined: it is as large as it gets. */
export function nextUpscale(
  model: Model | undefined,
  scale: number,
): { readonly by: UpscaleRequest['scale'] } | undefined {
  const upscalers = model?.manifest.upscalers ?? {};
  if (scale === 1) {
    return upscalers['2'] !== undefined ? { by: 2 } : upscalers['4'] !== undefined ? { by: 4 } : undefined;
  }
  return scale === 2 && upscalers['2'] !== undefined ? { by: 2 } : undefined;
}

export function modelOf(models: Models, id: string): Model | undefined {
  return models.list().find(({ manifest }) => manifest.id === id);
}

export function modelIdOf(job: Job): string {
  return job.work.request.model;
}
