/**
 * The forward process of diffusion (Ho et al., arXiv 2006.11239): latents noised to a timestep, what the net should
 * predict there, and what a row counts. Knows no nets and draws no random number.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { alphasCumprod, type PredictionType, type SchedulerConfig } from '../engine/sampling/index.ts';

export type Noised = {
  /** x_t = √ᾱ·x + √(1 − ᾱ)·ε */
  readonly noisy: Float32Array<ArrayBuffer>;
  /** ε, v = √ᾱ·ε − √(1 − ᾱ)·x (Salimans and Ho, arXiv 2202.00512), or x itself. */
  readonly target: Float32Array<ArrayBuffer>;
};

export class NoiseSchedule {
  /** ᾱ of every timestep. */
  readonly alphaBar: Float32Array;
  readonly prediction: PredictionType;

  constructor(config: SchedulerConfig) {
    this.alphaBar = alphasCumprod(config);
    this.prediction = config.predictionType;
  }

  get timesteps(): number {
    return this.alphaBar.length;
  }

  /** √ᾱ and √(1 − ᾱ) */
  at(timestep: number): readonly [signal: number, noise: number] {
    const alphaBar = this.alphaBar[timestep];
    if (alphaBar === undefined) {
      throw new RangeError(`Expected a timestep below ${this.timesteps}, got ${timestep}.`);
    }
    return [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
  }

  noised(x: Float32Array, noise: Float32Array, timestep: number): Noised {
    const [signal, sigma] = this.at(timestep);
    const noisy = new Float32Array(x.length);
    const target = new Float32Array(x.length);
    for (let i = 0; i < x.length; i++) {
      noisy[i] = signal * x[i]! + sigma * noise[i]!;
      target[i] = this.#target(x[i]!, noise[i]!, signal, sigma);
    }
    return { noisy, target };
  }

  /**
   * Min-SNR (Hang et al., arXiv 2303.09556, section 3.4) as a factor of the error of what is predicted: min(SNR, γ) of
   * the error of x. Without any signal there is nothing to learn of x, and the error of ε counts once.
   */
  minSnrWeight(timestep: number, gamma: number): number {
    const alphaBar = this.alphaBar[timestep] ?? 0;
    const snr = alphaBar / (1 - alphaBar);
    const clipped = Math.min(snr, gamma);
    switch (this.prediction) {
      case 'epsilon':
        return snr === 0 ? 1 : clipped / snr;
      case 'v_prediction':
        return clipped / (snr + 1);
      case 'sample':
        return clipped;
      default:
        return this.prediction satisfies never;
    }
  }

  #target(x: number, noise: number, signal: number, sigma: number): number {
    switch (this.prediction) {
      case 'epsilon':
        return noise;
      case 'v_prediction':
        return signal * noise - sigma * x;
      case 'sample':
        return x;
      default:
        return this.prediction satisfies never;
    }
  }
}
