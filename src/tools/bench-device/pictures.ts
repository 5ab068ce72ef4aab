/** Whole pictures on a device, so many at once: prompts, steps, decoding and all that the engine does between. */
import { defaultRequest } from '../../core/default-request.ts';
import type { ModelManifest } from '../../core/manifest.ts';
import type { Runner } from '../../core/work.ts';
import { failure } from './calls.ts';
import type { Failure, PictureFigures } from './report.ts';
import type { Measuring } from './timing.ts';

export type PicturesInput = Measuring & {
  /** That calls hold so many rows at most. */
  readonly open: (rows: number) => Promise<Runner>;
  readonly manifest: Pick<ModelManifest, 'id' | 'defaults'>;
  /** Of the model's own, or without any. */
  readonly isAccelerated: boolean;
  readonly width: number;
  readonly height: number;
};

const MOST_ROUNDS = 4;

export async function wholePictures(input: PicturesInput): Promise<readonly (PictureFigures | Failure)[]> {
  const figures: (PictureFigures | Failure)[] = [];
  for (const rows of input.rows) {
    if (input.isOver(`pictures, ${rows} rows`)) {
      break;
    }
    input.say(`whole pictures: ${rows} at once …`);
    const runner = await input.open(rows);
    try {
      await drawTogether(runner, input, rows); // opens what is not open yet
      const startedAt = performance.now();
      let rounds = 0;
      while (rounds === 0 || (rounds < MOST_ROUNDS && performance.now() - startedAt < input.enoughMs)) {
        await drawTogether(runner, input, rows);
        rounds += 1;
      }
      const seconds = (performance.now() - startedAt) / 1000;
      figures.push({ rows, pictures: rounds * rows, picturesPerSecond: (rounds * rows) / seconds });
    } catch (error) {
      figures.push(failure(rows, error));
      break;
    } finally {
      await runner.close(0);
    }
  }
  return figures;
}

async function drawTogether(
  runner: Runner,
  { manifest, isAccelerated, width, height }: PicturesInput,
  count: number,
): Promise<void> {
  const draw = async (seed: number): Promise<void> => {
    const accelerator = isAccelerated ? {} : ({ accelerator: { kind: 'none' } } as const);
    const request = defaultRequest(manifest, `a fox, number ${seed}`, { seed, width, height, ...accelerator });
    const work = { kind: 'imagine', id: `bench ${seed}`, request, previewAfter: [] } as const;
    for await (const event of runner.run(work, new AbortController().signal)) {
      void event;
    }
  };
  await Promise.all(Array.from({ length: count }, async (_, k) => draw(k)));
}
