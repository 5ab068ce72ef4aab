/**
 * An exponential moving average of parameters. Begins quickly: after n updates it looks back over about n + 10 of them
 * until it has its full length (as TensorFlow's ExponentialMovingAverage with `num_updates`).
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
export class MovingAverage {
  readonly #decay: number;
  readonly #isWarm: boolean;
  readonly #values = new Map<string, Float32Array<ArrayBuffer>>();

  /** `isWarm`: the full length from the first update on, for an average that is a target and not a result. */
  constructor(decay: number, { isWarm = false }: { readonly isWarm?: boolean } = {}) {
    this.#decay = decay;
    this.#isWarm = isWarm;
  }

  /** By the name of the parameter; begins with `initial`. */
  of(name: string, initial: Float32Array): Float32Array<ArrayBuffer> {
    const known = this.#values.get(name);
    if (known !== undefined) {
      return known;
    }
    const made = Float32Array.from(initial);
    this.#values.set(name, made);
    return made;
  }

  /** `step` counts from 1. */
  update(name: string, values: Float32Array, step: number): void {
    const decay = this.#isWarm ? this.#decay : Math.min(this.#decay, (1 + step) / (10 + step));
    const average = this.of(name, values);
    for (let i = 0; i < values.length; i++) {
      average[i] = decay * average[i]! + (1 - decay) * values[i]!;
    }
  }
}
