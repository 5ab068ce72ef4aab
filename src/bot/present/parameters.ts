/** The parameters of a picture as one line of JSON inside its file: enough to draw it again. Names no person. */
import type { Job } from '../../core/job.ts';

/** `seed` is the picture's own. */
export function parametersOf(job: Pick<Job, 'work' | 'styleName' | 'typed'>, seed: number): string {
  const { work, styleName, typed } = job;
  switch (work.kind) {
    case 'imagine': {
      const { prompt, negative, model, steps, guidance, width, height, recipe } = work.request;
      const words = typed ?? { prompt, negative };
      const style = styleName === '' ? undefined : styleName;
      return JSON.stringify({
        ...words,
        style,
        model,
        seed,
        steps,
        guidance,
        width,
        height,
        scheduler: recipe.scheduler,
        recipe: recipe.name,
      });
    }
    case 'upscale':
      return JSON.stringify({ prompt: typed?.prompt, seed, model: work.request.model, scale: work.request.scale });
    default:
      return work satisfies never;
  }
}
