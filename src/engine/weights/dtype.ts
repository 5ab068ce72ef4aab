/**
 * Number formats: how wide an element is, and how a float of any width becomes fp32.
 *
 * Finds the first value that is no number while it widens, since every caller must refuse such weights. Knows no file.
 */
import type { Dtype } from './tensor-source.ts';

export const BYTES_PER_ELEMENT = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
} as const satisfies Record<Dtype, number>;

/** The types whose values fp32 can hold or stand in for. */
const FLOAT_DTYPES = ['F64', 'F32', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2'] as const satisfies readonly Dtype[];
type FloatDtype = (typeof FLOAT_DTYPES)[number];

export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return FLOAT_DTYPES.some((float) => float === dtype);
}

/**
 * Widens `bytes` (little-endian, a whole number of elements) into `out` from its start; fp32 bytes may be `out`'s own.
 * Returns the index of the first NaN or infinity, or -1.
 */
export function widenInto(dtype: FloatDtype | 'I8', bytes: Uint8Array, out: Float32Array): number {
  const count = bytes.byteLength / BYTES_PER_ELEMENT[dtype];
  switch (dtype) {
    case 'F32':
      if (bytes.buffer !== out.buffer) {
        new Uint8Array(out.buffer, out.byteOffset, count * 4).set(bytes);
      }
      return firstNonFinite(out.subarray(0, count));
    case 'BF16':
      return widenBf16(halves(bytes), out);
    case 'F16':
      return widenF16(halves(bytes), out);
    case 'F64': {
      const doubles = new Float64Array(bytes.slice().buffer);
      out.set(doubles);
      return firstNonFinite(out.subarray(0, count));
    }
    case 'I8':
      out.set(new Int8Array(bytes.buffer, bytes.byteOffset, count));
      return -1;
    case 'F8_E4M3':
      return widenBytes(bytes, E4M3_VALUES, out);
    case 'F8_E5M2':
      return widenBytes(bytes, E5M2_VALUES, out);
    default:
      throw new Error(`no such float type: ${String(dtype satisfies never)}`);
  }
}

/** Index of the first NaN or infinity, or -1. */
export function firstNonFinite(values: Float32Array): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if (((bits[i] ?? 0) & 0x7f80_0000) === 0x7f80_0000) {
      return i;
    }
  }
  return -1;
}

function widenBf16(source: Uint16Array, out: Float32Array): number {
  const bits = new Uint32Array(out.buffer, out.byteOffset, source.length);
  let bad = -1;
  for (let i = source.length - 1; i >= 0; i--) {
    const half = source[i] ?? 0;
    bits[i] = half << 16;
    if ((half & 0x7f80) === 0x7f80) {
      bad = i;
    }
  }
  return bad;
}

function widenF16(source: Uint16Array, out: Float32Array): number {
  let bad = -1;
  for (let i = source.length - 1; i >= 0; i--) {
    const half = source[i] ?? 0;
    out[i] = HALF_VALUES[half] ?? 0;
    if ((half & 0x7c00) === 0x7c00) {
      bad = i;
    }
  }
  return bad;
}

function widenBytes(bytes: Uint8Array, values: Float32Array, out: Float32Array): number {
  let bad = -1;
  for (let i = bytes.length - 1; i >= 0; i--) {
    const value = values[bytes[i] ?? 0] ?? 0;
    out[i] = value;
    if (!Number.isFinite(value)) {
      bad = i;
    }
  }
  return bad;
}

/** A 16-bit view of the bytes; copied where they do not lie on an even address. */
function halves(bytes: Uint8Array): Uint16Array {
  if (bytes.byteOffset % 2 === 0) {
    return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  }
  return new Uint16Array(bytes.slice().buffer);
}

/** The value of each of the 65,536 halves (IEEE 754 binary16); a look-up is several times faster than arithmetic. */
const HALF_VALUES: Float32Array = Float32Array.from({ length: 65_536 }, (_, half) => {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) {
    return fraction === 0 ? sign * Infinity : NaN;
  }
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
});

/** 8-bit floats by their bits, https://arxiv.org/abs/2209.05433: E4M3 has no infinity, and one NaN of either sign. */
const E4M3_VALUES = Float32Array.from({ length: 256 }, (_, bits) =>
  (bits & 0x7f) === 0x7f ? NaN : smallFloat(bits, { fractionBits: 3, bias: 7 }),
);

const E5M2_VALUES = Float32Array.from({ length: 256 }, (_, bits) => HALF_VALUES[bits << 8] ?? NaN);

function smallFloat(
  bits: number,
  { fractionBits, bias }: { readonly fractionBits: number; readonly bias: number },
): number {
  const sign = bits & 0x80 ? -1 : 1;
  const exponent = (bits & 0x7f) >> fractionBits;
  const fraction = (bits & ((1 << fractionBits) - 1)) / (1 << fractionBits);
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
}
