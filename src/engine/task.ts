/**
 * One picture being denoised: its plan, its place in it, its latents and its own stream of noise.
 *
 * Whatever shares its UNet calls cannot touch it: it draws from no generator but its own and keeps its own step index,
 * so the same seed gives the same picture in any company. Knows no nets; conditioning is carried, not understood.
 */
import { areNumbers } from './model/numbers.ts';
import { drawsNoise, initialLatents, type Latents, type NoiseSource, type Plan, step } from './sampling/index.ts';

export type TaskInput = {
  readonly plan: Plan;
  /** Values of one picture's latents: channels · height · width. */
  readonly latentLength: number;
  /** Fresh from the picture's seed; latents and every step's noise are drawn from it, in that order. */
  readonly generator: NoiseSource;
  /** Latents of a picture to start from, given the stream that their own sampling draws from first. */
  readonly init: ((generator: NoiseSource) => Float32Array) | undefined;
};

export class Task {
  readonly plan: Plan;
  readonly #generator: NoiseSource;
  #latents: Latents;
  #index = 0;

  constructor({ plan, latentLength, generator, init }: TaskInput) {
    this.plan = plan;
    this.#generator = generator;
    // diffusers' order: the sample of the picture's posterior, then the noise that covers it.
    const start = init?.(generator);
    this.#latents = initialLatents(plan, generator.randn(latentLength), start);
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
    return this.#latents.x0;
  }

  /** Writes what the UNet sees into `target`, of this picture's latent length. */
  writeInput(target: Float32Array): void {
    target.set(this.#latents.x);
  }

  /** Takes the UNet's answer to `writeInput`, guidance already applied, and moves one step on. */
  advance(output: Float32Array): void {
    const noise = drawsNoise(this.plan, this.#index) ? this.#generator.randn(output.length) : undefined;
    this.#latents = step(this.plan, this.#index, { latents: this.#latents, output, noise });
    this.#index += 1;
  }
}
