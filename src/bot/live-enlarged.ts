/**
 * Small pictures once more, crisp at the size that a window shows them: by the model's own super-resolution net, for the eye
 * alone. The picture itself, what is sent, saved and started from, stays the small one.
 */
import { rm } from 'node:fs/promises';

import type { LiveEvent } from '../core/live.ts';
import type { Picture } from '../core/picture.ts';
import type { GenerationRequest, UpscaleRequest } from '../core/request.ts';
import type { Runner } from '../core/work.ts';
import { encodePng, transparentLike } from '../image/index.ts';
import { modelOf } from './jobs/job-ancestry.ts';
import type { FileStore } from '../store/index.ts';
import type { Models } from './ports.ts';

/** Pixels along the longer side: what a window has for a picture, as a rule. */
const ENOUGH_SIDE = 640;

/** The largest enlargement that the model has and a window has use for; undefined for none. */
export function windowScale(
  models: Models,
  { model, width, height, count }: Pick<GenerationRequest, 'model' | 'width' | 'height' | 'count'>,
): UpscaleRequest['scale'] | undefined {
  const upscalers = modelOf(models, model)?.manifest.upscalers ?? {};
  const room = ENOUGH_SIDE / (count > 1 ? 2 : 1) / Math.max(width, height);
  const scales = ([2, 4] as const).filter((scale) => upscalers[`${scale}`] !== undefined && scale <= room);
  return scales.at(-1);
}

/** `temporary`: a path that nobody else uses. */
export async function* enlarged(
  pictures: readonly Picture[],
  {
    id,
    model,
    scale,
    runner,
    files,
  }: {
    readonly id: string;
    readonly model: string;
    readonly scale: UpscaleRequest['scale'];
    readonly runner: Runner;
    readonly files: Pick<FileStore, 'writeTemporary'>;
  },
  signal: AbortSignal,
): AsyncGenerator<LiveEvent, void> {
  for (const [index, picture] of pictures.entries()) {
    const file = await files.writeTemporary((await encodePng(picture)).data, '.png');
    try {
      const work = { kind: 'upscale', id: `${id}-${index}`, request: { model, file, scale } } as const;
      for await (const event of runner.run(work, signal)) {
        if (event.kind === 'picture') {
          const large = await transparentLike(event.picture, picture);
          yield { kind: 'enlarged', index, png: (await encodePng(large)).data };
        }
      }
    } finally {
      await rm(file, { force: true });
    }
  }
}
