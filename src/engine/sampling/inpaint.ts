/**
 * Inpainting with an ordinary model: after each step, what lies outside the mask becomes the picture's own latents again,
 * noised as far as the next step expects. Follows diffusers' StableDiffusionInpaintPipeline at 0.42, whose UNet of four
 * channels is told of no mask.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Plan } from './plan-table.ts';

export type Kept = {
  /** The picture's latents, [channels · height · width]. */
  readonly picture: Float32Array;
  /** What its latents are noised with in every step: the noise that the drawing began with. */
  readonly noise: Float32Array;
  /** [height · width]: 1 is drawn, 0 kept. */
  readonly mask: Float32Array;
};

/** `x`, the latents that `stepsDone` steps have come to, with the picture outside the mask. */
export function keepOutside(plan: Plan, stepsDone: number, x: Float32Array, kept: Kept): Float32Array {
  const { alpha, sigma } = plan.steps[stepsDone] ?? FINISHED;
  return outside(x, kept, (i) => alpha * kept.picture[i]! + sigma * kept.noise[i]!);
}

/** A guess of the finished latents, with the picture outside the mask. */
export function guessOutside(x0: Float32Array, kept: Kept): Float32Array {
  return outside(x0, kept, (i) => kept.picture[i]!);
}

const FINISHED = { alpha: 1, sigma: 0 };

function outside(x: Float32Array, { mask }: Kept, original: (i: number) => number): Float32Array {
  return x.map((value, i) => {
    const drawn = mask[i % mask.length]!;
    return drawn * value + (1 - drawn) * original(i);
  });
}
