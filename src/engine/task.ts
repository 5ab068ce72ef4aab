/**
 * One picture being denoised: its plan, its place in it, its latents and its own stream of noise.
 *
 * Whatever shares its UNet calls cannot touch it: it draws from no generator but its own and keeps its own step index,
 * so the same seed gives the same picture in any company. Knows no nets; conditioning is carried, not understood.
 */
import { areNumbers } from './model/numbers.ts';
import {
  drawsNoise,
  guessOutside,
  initialLatents,
  keepOutside,
  type Kept,
  type Latents,
  type NoiseSource,
  type Plan,
  step,
} from './sampling/index.ts';

/** Latents, given the stream that their own sampling draws from first. */
type Sampler = (generator: NoiseSource) => Float32Array;

export type Inpainting = {
  /** [height · width]: 1 is drawn, 0 kept. */
  readonly mask: Float32Array;
  /** Of the picture without what the mask covers; the stream is drawn from even where nothing sees them, as diffusers does. */
  readonly masked: Sampler;
  /** The UNet is given mask and masked latents; else what lies outside the mask is put back after each step. */
  readonly isSeen: boolean;
};

export type TaskInput = {
  readonly plan: Plan;
  /** Values of one picture's latents: channels · height · width. */
  readonly latentLength: number;
  /** Fresh from the picture's seed; latents and every step's noise are drawn from it, in that order. */
  readonly generator: NoiseSource;
  /** Of a picture to start from. */
  readonly init: Sampler | undefined;
  readonly inpainting?: Inpainting | undefined;
  /** The picture to start from is only what stays outside the mask: inside it all is drawn anew. */
  readonly startsFromNoise?: boolean;
};

export class Task {
  readonly plan: Plan;
  readonly #generator: NoiseSource;
  /** What the UNet is given beside the latents. */
  readonly #seen: { readonly mask: Float32Array; readonly masked: Float32Array } | undefined;
  readonly #kept: Kept | undefined;
  #latents: Latents;
  #index = 0;

  constructor({ plan, latentLength, generator, init, inpainting, startsFromNoise = false }: TaskInput) {
    this.plan = plan;
    this.#generator = generator;
    // diffusers' order: the sample of the picture's posterior, the noise that covers it, the masked picture's sample.
    const picture = init?.(generator);
    const noise = generator.randn(latentLength);
    this.#latents = initialLatents(plan, noise, startsFromNoise ? undefined : picture);
    const masked = inpainting?.masked(generator);
    if (inpainting !== undefined && masked !== undefined) {
      const { mask, isSeen } = inpainting;
      this.#seen = isSeen ? { mask, masked } : undefined;
      this.#kept = isSeen || picture === undefined ? undefined : { picture, noise, mask };
    }
  }

  get steps(): number {
    return this.plan.steps.length;
  }

  get stepsDone(): number {
    return this.#index;
  }

  get stepsLeft(): number {
    return this.steps - this.#index;
  }

  /** What the UNet is told. Throws after the last step. */
  get timestep(): number {
    const planned = this.plan.steps[this.#index];
    if (planned === undefined) {
      throw new Error(`a picture of ${this.steps} steps was asked for its timestep after the last`);
    }
    return planned.timestep;
  }

  /** Finished latents once `stepsLeft` is 0; noisy before. */
  get latents(): Float32Array {
    return this.#latents.x;
  }

  get isFinite(): boolean {
    return areNumbers(this.#latents.x);
  }

  /** What the latents would be if this were the last step; undefined before the first. */
  get guess(): Float32Array | undefined {
    const { x0 } = this.#latents;
    return x0 === undefined || this.#kept === undefined ? x0 : guessOutside(x0, this.#kept);
  }

  /** Writes what the UNet sees into `target`: the latents, then mask and masked latents where it is given those. */
  writeInput(target: Float32Array): void {
    const { x } = this.#latents;
    target.set(x);
    if (this.#seen !== undefined) {
      const { mask, masked } = this.#seen;
      target.set(mask, x.length);
      target.set(masked, x.length + mask.length);
    }
  }

  /** Takes the UNet's answer to `writeInput`, guidance already applied, and moves one step on. */
  advance(output: Float32Array): void {
    const noise = drawsNoise(this.plan, this.#index) ? this.#generator.randn(output.length) : undefined;
    const { x, x0 } = step(this.plan, this.#index, { latents: this.#latents, output, noise });
    this.#index += 1;
    this.#latents = { x: this.#kept === undefined ? x : keepOutside(this.plan, this.#index, x, this.#kept), x0 };
  }
}
