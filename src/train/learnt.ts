/**
 * The matrices that learn, as the training graph takes them, and where they begin: `down` as torch begins a linear layer,
 * uniform up to 1/√(inputs), and `up` with zeros, so that the first prediction is the base's own (Hu et al., arXiv
 * 2106.09685, section 4.1; bounds as in peft and kohya).
 */
import type { TorchGenerator } from '../engine/sampling/index.ts';

export type Learnt = {
  /** `<module>.lora_down`, `<module>.lora_up`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
};

export function beginning(
  name: string,
  shape: readonly number[],
  generatorOf: (name: string) => TorchGenerator,
): Learnt {
  const count = shape.reduce((product, side) => product * side, 1);
  if (!name.endsWith('.lora_down')) {
    return { name, shape, values: new Float32Array(count) };
  }
  // A matrix is [in, r], a stack of kernels [r, in, kh, kw].
  const inputs = shape.length === 4 ? shape.slice(1).reduce((product, side) => product * side, 1) : (shape[0] ?? 1);
  const bound = 1 / Math.sqrt(inputs);
  const values = new Float32Array(generatorOf(name).rand(count)).map((value) => (2 * value - 1) * bound);
  return { name, shape, values };
}
