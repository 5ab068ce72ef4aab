/**
 * The normal noise of torch's CPU generator, in 32-bit floats: the same seed gives the numbers that
 * `torch.randn(n, generator=torch.Generator("cpu").manual_seed(seed))` gives, draw after draw.
 *
 * Mersenne Twister (mt19937) and torch's two ways from uniforms to normals: blocks of sixteen for sixteen numbers and
 * more, one by one in doubles for fewer. torch's vector code uses polynomial logarithms and sines, so the last bit may
 * differ: compare within 1e-6. Only the 32 low bits of a seed count, as in torch. Knows no shapes and no pictures.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */

const STATE_SIZE = 624;
const SHIFT_SIZE = 397;
const UPPER_BIT = 0x80000000;
const LOWER_BITS = 0x7fffffff;
const TWIST = 0x9908b0df;
const BLOCK = 16;
const HALF_BLOCK = BLOCK / 2;

export class TorchGenerator {
  readonly #state = new Uint32Array(STATE_SIZE);
  #next = STATE_SIZE;
  /** The second normal of a pair of the one-by-one path; torch keeps it across draws. */
  #cachedNormal: number | undefined;

  /** `seed`: a whole number, 0 … 2^53-1. */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed; // a Uint32Array stores the value modulo 2^32
    let last = state[0];
    for (let j = 1; j < STATE_SIZE; j++) {
      state[j] = Math.imul(1812433253, last ^ (last >>> 30)) + j;
      last = state[j]!;
    }
  }

  /** The next `n` numbers of [0, 1), as `torch.rand` gives them. */
  rand(n: number): Float32Array {
    return Float32Array.from({ length: n }, () => this.#uniform24());
  }

  /** The next `n` normals, mean 0, deviation 1. */
  randn(n: number): Float32Array {
    const out = new Float32Array(n);
    if (n < BLOCK) {
      for (let i = 0; i < n; i++) {
        out[i] = this.#normal();
      }
      return out;
    }
    // All uniforms first, in order; only then are they turned into normals, block by block.
    for (let i = 0; i < n; i++) {
      out[i] = this.#uniform24();
    }
    for (let start = 0; start + BLOCK <= n; start += BLOCK) {
      blockToNormals(out, start);
    }
    if (n % BLOCK !== 0) {
      // The last sixteen places are drawn anew, over what earlier blocks left there.
      const start = n - BLOCK;
      for (let i = start; i < n; i++) {
        out[i] = this.#uniform24();
      }
      blockToNormals(out, start);
    }
    return out;
  }

  /** One normal by Box and Muller in doubles: the cosine first, the sine kept for the next call. */
  #normal(): number {
    const cached = this.#cachedNormal;
    if (cached !== undefined) {
      this.#cachedNormal = undefined;
      return cached;
    }
    const u1 = this.#uniform53();
    const u2 = this.#uniform53();
    const radius = Math.sqrt(-2 * Math.log1p(-u2));
    const theta = 2 * Math.PI * u1;
    this.#cachedNormal = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  }

  /** In [0, 1) with 24 random bits. */
  #uniform24(): number {
    return (this.#uint32() & 0xffffff) / 0x1000000;
  }

  /** In [0, 1) with 53 random bits: 21 low bits of the first word above all of the second. */
  #uniform53(): number {
    const high = this.#uint32();
    const low = this.#uint32();
    return ((high & 0x1fffff) * 0x100000000 + low) / 0x20000000000000;
  }

  #uint32(): number {
    if (this.#next === STATE_SIZE) {
      this.#twist();
    }
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let j = 0; j < STATE_SIZE; j++) {
      const y = (state[j]! & UPPER_BIT) | (state[(j + 1) % STATE_SIZE]! & LOWER_BITS);
      state[j] = state[(j + SHIFT_SIZE) % STATE_SIZE]! ^ (y >>> 1) ^ (y & 1 ? TWIST : 0);
    }
    this.#next = 0;
  }
}

/** Eight radii from the first half, eight angles from the second: cosines before sines. */
function blockToNormals(values: Float32Array, start: number): void {
  for (let j = start; j < start + HALF_BLOCK; j++) {
    const u1 = 1 - values[j]!; // in (0, 1]: the logarithm is finite
    const u2 = values[j + HALF_BLOCK]!;
    const radius = Math.sqrt(-2 * Math.log(u1));
    const theta = 2 * Math.PI * u2;
    values[j] = radius * Math.cos(theta);
    values[j + HALF_BLOCK] = radius * Math.sin(theta);
  }
}
