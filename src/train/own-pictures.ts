/**
 * What a model learns to draw quickly from: latents that it draws itself, slowly, from prompts. No pictures are needed,
 * and nothing is learnt that the model did not know. Each is one DDIM run with the guidance that is distilled.
 */
import type { Conditioning } from '../engine/model/denoiser.ts';
import { guidedStep } from './consistency.ts';
import type { Example } from './dataset.ts';
import type { ForwardNet } from './forward-net.ts';
import type { NoiseSchedule } from './noising.ts';
import { streamOf } from './random.ts';
import { conditioningRow } from './style-rows.ts';

const THINGS =
  'cat,dog,fox,owl,horse,fish,butterfly,penguin,lion,rabbit,apple,strawberry,lemon,mushroom,sunflower,cactus,tree,mountain,house,castle,lighthouse,bridge,car,train,bicycle,boat,rocket,airplane,cup,lamp,chair,clock,guitar,umbrella,book,key,crown,sword,balloon,robot,knight,astronaut,dancer,child,old man,woman with glasses,star,moon,cloud,snowflake,flame,wave,forest,street,kitchen,market'.split(
    ',',
  );
const WAYS = ['{}', 'a {}', 'a red {}', 'a small blue {}', 'a {} at night', 'a photo of a {}', 'a drawing of a {}'];

/** `count` different prompts, as far as there are. */
export function ownPrompts(count: number): readonly string[] {
  return Array.from({ length: count }, (_, k) => {
    const thing = THINGS[k % THINGS.length] ?? '';
    const way = WAYS[Math.floor(k / THINGS.length + k) % WAYS.length] ?? '{}';
    return way.replace('{}', thing);
  });
}

export type OwnPicturesOptions = {
  readonly teacher: ForwardNet;
  readonly schedule: NoiseSchedule;
  readonly prompts: readonly Conditioning[];
  readonly empty: Conditioning;
  readonly size: { readonly width: number; readonly height: number };
  /** Numbers of one picture's latents. */
  readonly length: number;
  readonly steps: number;
  readonly guidance: number;
  readonly seed: number;
  readonly between: () => Promise<void>;
};

/** Draws as many at a time as one call of the teacher with and without words holds; `at` counts prompts from 0. */
export async function drawOwn(options: OwnPicturesOptions, at: number): Promise<readonly Example<Conditioning>[]> {
  const { teacher, schedule, prompts, empty, size, length, steps, guidance, seed, between } = options;
  let pictures = prompts.map((_, k) => streamOf(seed, 'own picture', at + k).randn(length));
  const last = schedule.timesteps - 1;
  for (let step = 0; step < steps; step++) {
    const from = Math.round(last * (1 - step / steps));
    const to = Math.round(last * (1 - (step + 1) / steps));
    const row = (conditioning: Conditioning, x: Float32Array) => ({
      sample: x,
      timestep: Float32Array.of(from),
      ...conditioningRow(conditioning, size),
    });
    const rows = [
      ...prompts.map((prompt, k) => row(prompt, pictures[k] ?? new Float32Array(length))),
      ...prompts.map((_, k) => row(empty, pictures[k] ?? new Float32Array(length))),
    ];
    const predictions = await teacher.predict(rows, [], between);
    pictures = pictures.map((x, k) => {
      const [conditional, unconditional] = [predictions[k], predictions[prompts.length + k]];
      if (conditional === undefined || unconditional === undefined) {
        throw new Error('Expected a prediction for each row.');
      }
      return guidedStep(schedule, { x, conditional, unconditional, from, to, guidance });
    });
  }
  return pictures.map((latents, k) => ({ latents: () => latents, words: () => Promise.resolve(prompts[k] ?? empty) }));
}
