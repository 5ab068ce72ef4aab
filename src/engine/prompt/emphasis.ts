/**
 * Weights on the states of a chunk: each state times its token's weight, then all of the chunk so that its mean is what it was.
 * As EmphasisOriginal of https://github.com/AUTOMATIC1111/stable-diffusion-webui (modules/sd_emphasis.py at 1.10). Pure.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */

/** `states` [positions · features]; a new array, or the same where every weight is 1. */
export function emphasised(states: Float32Array, weights: readonly number[]): Float32Array {
  if (weights.every((weight) => weight === 1)) {
    return states;
  }
  const features = states.length / weights.length;
  const weighted = states.map((value, i) => value * weights[Math.floor(i / features)]!);
  const [before, after] = [meanOf(states), meanOf(weighted)];
  // Where weights leave nothing there is no mean to keep.
  const factor = after === 0 ? 1 : before / after;
  return weighted.map((value) => value * factor);
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) {
    sum += value;
  }
  return sum / values.length;
}
