/** fp32 to IEEE 754 binary16, to the nearest and of two as near to the even one. Knows no files. */

/** The largest half; what rounds to more is infinity. */
export const LARGEST_HALF = 65_504;

/** Writes the halves of `values` into `out`, of the same length. */
export function narrowToHalves(values: Float32Array, out: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (const [k, each] of bits.entries()) {
    out[k] = ((each >>> 16) & 0x8000) | magnitude(each & 0x7fff_ffff);
  }
}

function magnitude(bits: number): number {
  const exponent = bits >>> 23;
  const fraction = bits & 0x7f_ffff;
  if (exponent >= 143) {
    return exponent === 255 && fraction !== 0 ? 0x7e00 : 0x7c00;
  }
  // Below 2⁻¹⁴ halves have no leading one: the whole fraction moves right, a place for each power.
  return exponent >= 113
    ? rounded(((exponent - 112) << 23) | fraction, 13)
    : exponent < 102
      ? 0
      : rounded(fraction | 0x80_0000, 126 - exponent);
}

/** value / 2^shift to the nearest; a carry out of the fraction is the next power, as it should be. */
function rounded(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return rest > middle || (rest === middle && (kept & 1) === 1) ? kept + 1 : kept;
}
