/** Whole pictures on a device, so many at once: prompts, steps, decoding and all that the engine does between. */
import { defaultRequest } from '../../core/default-request.ts';
import type { ModelManifest } from '../../core/manifest.ts';
import type { Runner } from '../../core/work.ts';
import { failure } from './calls.ts';
import type { Failure, PictureFigures } from './report.ts';
import type { Measuring } from './timing.ts';

export type PicturesInput = Measuring & {
  readonly open: () => Promise<Runner>;
  readonly manifest: Pick<ModelManifest, 'id' | 'defaults'>;
  /** Of the model's own, or without any. */
  readonly isAccelerated: boolean;
  readonly width: number;
  readonly height: number;
  /** Of one by itself, as its calls were measured; 0 where they were not. */
  readonly msOfPicture: number;
};

const MOST_ROUNDS = 4;

export async function wholePictures(input: PicturesInput): Promise<readonly (PictureFigures | Failure)[]> {
  const figures: (PictureFigures | Failure)[] = [];
  let { msOfPicture } = input;
  const runner = await input.open();
  for (const rows of input.rows) {
    // At least twice.
    if (input.isOver(`pictures, ${rows} at once`, 2 * rows * msOfPicture)) {
      break;
    }
    input.say(`whole pictures: ${rows} at once …`);
    try {
      await drawTogether(runner, input, rows); // opens what is not open yet
      const startedAt = performance.now();
      let rounds = 0;
      while (rounds === 0 || (rounds < MOST_ROUNDS && performance.now() - startedAt < input.enoughMs)) {
        await drawTogether(runner, input, rows);
        rounds += 1;
      }
      const [pictures, ms] = [rounds * rows, performance.now() - startedAt];
      msOfPicture = ms / pictures;
      figures.push({ rows, pictures, picturesPerSecond: 1000 / msOfPicture });
      input.say(`  ${(1000 / msOfPicture).toFixed(2)} a second`);
    } catch (error) {
      figures.push(failure(rows, error));
      break;
    }
  }
  await runner.close(0);
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
