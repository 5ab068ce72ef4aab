/**
 * Noise of one picture on its way to another's: spherical interpolation, which keeps the length that the model expects of
 * noise (a straight mix would be shorter). The formula is that of
 * https://github.com/AUTOMATIC1111/stable-diffusion-webui/blob/82a973c0/modules/rng.py (`slerp`), over the whole picture
 * and for the noise of every step, so that amount 1 is the other picture itself.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */

/** Standard normal numbers, in the order of a stream. */
export type NoiseSource = { randn(length: number): Float32Array };

/** Both streams advance together; `amount` 0 gives the first, 1 the second. */
export function mixedNoise(own: NoiseSource, other: NoiseSource, amount: number): NoiseSource {
  return { randn: (length) => slerp(own.randn(length), other.randn(length), amount) };
}

/** sin((1-t)·omega)/sin(omega)·a + sin(t·omega)/sin(omega)·b, omega the angle between a and b; all of one length. */
export function slerp(a: Float32Array, b: Float32Array, t: number): Float32Array {
  let [dot, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  const omega = Math.acos(Math.min(1, Math.max(-1, dot / Math.sqrt(aa * bb))));
  const sine = Math.sin(omega);
  // Parallel (or nothing at all): between them lies nothing but themselves.
  const [ofA, ofB] =
    sine < 1e-6 || Number.isNaN(sine) ? [1 - t, t] : [Math.sin((1 - t) * omega) / sine, Math.sin(t * omega) / sine];
  return a.map((value, i) => ofA * value + ofB * b[i]!);
}
