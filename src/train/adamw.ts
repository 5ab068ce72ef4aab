/**
 * AdamW (Loshchilov and Hutter, arXiv 1711.05101) over typed arrays, in the order of torch.optim.AdamW, and the clipping
 * of a whole gradient by its length. State is fp32 and is all there is: what is restored goes on bit for bit.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */

export type AdamWOptions = {
  readonly betas?: readonly [number, number];
  readonly epsilon?: number;
  readonly weightDecay?: number;
};

type Moments = { readonly first: Float32Array<ArrayBuffer>; readonly second: Float32Array<ArrayBuffer> };

export class AdamW {
  readonly #betas: readonly [number, number];
  readonly #epsilon: number;
  readonly #weightDecay: number;
  readonly #moments = new Map<string, Moments>();

  constructor({ betas = [0.9, 0.999], epsilon = 1e-8, weightDecay = 0 }: AdamWOptions = {}) {
    this.#betas = betas;
    this.#epsilon = epsilon;
    this.#weightDecay = weightDecay;
  }

  /** Moments by the name of their parameter; made when first asked for. */
  moments(name: string, length: number): Moments {
    const known = this.#moments.get(name);
    if (known !== undefined) {
      return known;
    }
    const made = { first: new Float32Array(length), second: new Float32Array(length) };
    this.#moments.set(name, made);
    return made;
  }

  /** Changes `values` in place. `step` counts from 1; the gradient counts `scale` times. */
  update(
    name: string,
    values: Float32Array,
    gradient: Float32Array,
    { step, rate, scale = 1 }: { readonly step: number; readonly rate: number; readonly scale?: number },
  ): void {
    const [beta1, beta2] = this.#betas;
    const { first, second } = this.moments(name, values.length);
    const size = rate / (1 - beta1 ** step);
    const correction = Math.sqrt(1 - beta2 ** step);
    const kept = 1 - rate * this.#weightDecay;
    for (let i = 0; i < values.length; i++) {
      const g = gradient[i]! * scale;
      first[i] = beta1 * first[i]! + (1 - beta1) * g;
      second[i] = beta2 * second[i]! + (1 - beta2) * g * g;
      values[i] = values[i]! * kept - (size * first[i]!) / (Math.sqrt(second[i]!) / correction + this.#epsilon);
    }
  }
}

/** The length of all gradients as one vector. */
export function gradientNorm(gradients: Iterable<Float32Array>): number {
  let sum = 0;
  for (const gradient of gradients) {
    for (let i = 0; i < gradient.length; i++) {
      sum += gradient[i]! ** 2;
    }
  }
  return Math.sqrt(sum);
}

/** What to multiply a gradient of length `norm` with so that it is at most `maxNorm` long (torch's clip_grad_norm_). */
export function clipScale(norm: number, maxNorm: number): number {
  return Math.min(1, maxNorm / (norm + 1e-6));
}
