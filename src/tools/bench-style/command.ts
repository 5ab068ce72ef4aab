/**
 * `fourstep bench style`: how well a style is learnt. Sixteen pictures that the model draws are drawn another way
 * (drawings.ts) and learnt from; words that were not among them are then drawn with and without, with the model's accelerator
 * and steps, and it is measured how much of the way each has, beside the pictures it was learnt from.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Config } from '../../../config/load.ts';
import { describeModel } from '../../../models/describe-model.ts';
import type { BenchStyleOptions, Streams } from '../../adapters/cli/actions.ts';
import { defaultRequest } from '../../core/default-request.ts';
import type { ModelManifest } from '../../core/manifest.ts';
import type { Picture } from '../../core/picture.ts';
import type { GenerationRequest } from '../../core/request.ts';
import type { Runner } from '../../core/work.ts';
import { composeGrid, coverPicture, encodePng } from '../../image/index.ts';
import { learnStyle } from '../../start/learn-style.ts';
import { openCatalog, openEngine } from '../../start/open-engine.ts';
import { recipeFrom } from '../recipe-file.ts';
import { measured, redrawn, WAYS, type Way } from './drawings.ts';

/** Things that are learnt from, and things that are not. */
const LEARNT =
  'a cat,a dog,an owl,a horse,an apple,a mushroom,a sunflower,a house,a castle,a car,a rocket,a guitar,a key,a crown,a star,a cup'.split(
    ',',
  );
const HELD_OUT =
  'a fox,a rabbit,a penguin,a fish,a butterfly,a lemon,a strawberry,a cactus,a tree,a lighthouse,a train,an airplane,a clock,an umbrella,a book,a robot,a balloon,a moon,a lamp,a chair,a sword,a flame,a mountain,a boat'.split(
    ',',
  );
/** Pixels from where one picture's hatching begins to the next one's: each of them begins elsewhere. */
const STEP = 5;
const LEARNT_SEED = 4000;
const SEED = 7000;
const EPOCH = '2026-01-31';

type Figures = {
  readonly way: Way;
  readonly seed: number;
  readonly steps: number;
  readonly training: number;
  readonly plain: number;
  readonly styled: number;
};

export async function run(
  config: Config,
  { ways, steps, seeds, recipe, keep, json }: BenchStyleOptions,
  { print, warn }: Streams,
): Promise<void> {
  const folder = keep ?? (await mkdtemp(join(tmpdir(), 'fourstep-bench-style-')));
  await mkdir(folder, { recursive: true });
  const manifest = await describeModel(await openCatalog(config.dataFolder).find(config.model));
  const runner = await openEngine({ device: 'cpu', dataFolder: config.dataFolder, startup: 'throughput' });
  const drawer = new Drawer(runner, manifest);
  try {
    warn('drawing what is learnt from, and the held-out words without a style …');
    const sources = await drawer.all(LEARNT, LEARNT_SEED);
    const plain = await drawer.all(HELD_OUT, SEED);
    for (const way of ways ?? WAYS) {
      const training = sources.map((picture, k) => redrawn(picture, way, STEP * k));
      for (let seed = 1; seed <= seeds; seed++) {
        warn(`learning ${way}, seed ${seed} …`);
        const file = join(folder, `${way}-${seed}.safetensors`);
        const done = await learn(config, manifest, { training, way, file, steps, seed, recipe });
        const styled = await drawer.all(HELD_OUT, SEED, { styles: [{ id: `${way}-${seed}`, file, weight: 1 }] });
        const mean = (pictures: readonly Picture[]): number =>
          pictures.reduce((sum, picture) => sum + measured(picture, way), 0) / pictures.length;
        const figures = { way, seed, steps: done, training: mean(training), plain: mean(plain), styled: mean(styled) };
        const sheet = composeGrid([...training.slice(0, 3), ...plain.slice(0, 3), ...styled.slice(0, 3)]);
        await writeFile(join(folder, `${way}-${seed}.png`), (await encodePng(sheet)).data);
        print(json === true ? JSON.stringify(figures) : render(figures));
      }
    }
  } finally {
    await runner.close(0);
    await (keep === undefined ? rm(folder, { recursive: true, force: true }) : Promise.resolve());
  }
}

class Drawer {
  readonly #runner: Runner;
  readonly #manifest: ModelManifest;

  constructor(runner: Runner, manifest: ModelManifest) {
    this.#runner = runner;
    this.#manifest = manifest;
  }

  /** One picture of each; the same words and seed, the same noise. */
  async all(
    prompts: readonly string[],
    seed: number,
    changes: Partial<GenerationRequest> = {},
  ): Promise<readonly Picture[]> {
    const pictures: Picture[] = [];
    for (const [k, prompt] of prompts.entries()) {
      const request = defaultRequest(this.#manifest, prompt, { seed: seed + k, ...changes });
      const work = { kind: 'imagine', id: `bench-${seed + k}`, request, previewAfter: [] } as const;
      for await (const event of this.#runner.run(work, new AbortController().signal)) {
        if (event.kind === 'picture') {
          pictures.push(event.picture);
        }
      }
    }
    return pictures;
  }
}

type Lesson = {
  readonly training: readonly Picture[];
  readonly way: Way;
  readonly file: string;
  readonly steps: number | undefined;
  readonly seed: number;
  readonly recipe: string | undefined;
};

/** Resolves to the steps that it took. */
async function learn(
  { dataFolder }: Config,
  { id, defaults: { width, height } }: ModelManifest,
  { training, way, file, steps, seed, recipe }: Lesson,
): Promise<number> {
  let done = 0;
  const events = learnStyle({
    dataFolder,
    model: id,
    width,
    height,
    title: way,
    trigger: '',
    seed,
    steps,
    recipe: (usual) => recipeFrom(recipe, usual),
    rounds: 1,
    date: EPOCH,
    out: file,
    pictures: training.map((picture, k) => ({
      caption: LEARNT[k] ?? '',
      read: (size) => coverPicture(picture, size.width, size.height),
    })),
    checkpoint: `${file}.checkpoint`,
    signal: new AbortController().signal,
  });
  for await (const event of events) {
    done = event.kind === 'step' ? event.step : done;
  }
  return done;
}

function render({ way, seed, steps, training, plain, styled }: Figures): string {
  const percent = (value: number): string => `${Math.round((100 * value) / training)} %`;
  return `${way}, seed ${seed}: after ${steps} steps ${styled.toFixed(3)}, ${percent(styled)} of the pictures learnt from (${training.toFixed(3)}); without the style ${plain.toFixed(3)}, ${percent(plain)}`;
}
