/**
 * Guidance: how strongly the prompt pulls. Two forms: the classifier-free one combines two answers of the UNet; full
 * latent consistency models (their UNet has `time_cond_proj_dim`) take the scale as an embedding instead.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */

/** Writes negative + scale · (positive - negative) into `target`, which may be one of the inputs. */
export function combineGuidance(
  positive: Float32Array,
  negative: Float32Array,
  scale: number,
  target: Float32Array,
): void {
  for (let i = 0; i < target.length; i++) {
    target[i] = negative[i]! + scale * (positive[i]! - negative[i]!);
  }
}

/**
 * [dim], for the UNet's `timestep_cond`: sines, then cosines, of 1000 · (scale - 1) at falling frequencies.
 * Formula 3.1.1 of https://github.com/google-research/vdm, as latent consistency models use it.
 */
export function guidanceEmbedding(scale: number, dim: number): Float32Array {
  const embedding = new Float32Array(dim); // an odd dim leaves a zero at the end
  const half = Math.floor(dim / 2);
  const w = Math.fround(Math.fround(scale - 1) * 1000);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(Math.exp(Math.fround(-Math.log(10000) / (half - 1)) * i));
    const angle = Math.fround(w * frequency);
    embedding[i] = Math.sin(angle);
    embedding[half + i] = Math.cos(angle);
  }
  return embedding;
}
