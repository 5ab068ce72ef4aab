/**
 * The wire format of Protocol Buffers, writing only: one encoder per wire type. Knows no message; see model-proto.ts.
 * https://protobuf.dev/programming-guides/encoding
 */

/** A field as it goes on the wire: pieces that are joined once, at the very end. */
export type Bytes = Uint8Array;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/** Wire type 0. Negative numbers take ten bytes, two's complement in 64 bits. */
export function varint(field: number, value: number | bigint): Bytes {
  return concat([tag(field, VARINT), varintBytes(value)]);
}

/** Wire type 5, `float` in protobuf's words. */
export function float(field: number, value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([tag(field, FIXED32), bytes]);
}

/** Wire type 2: raw bytes, or a nested message given as its fields. */
export function message(field: number, fields: readonly Bytes[]): Bytes {
  const body = concat(fields);
  return concat([tag(field, LENGTH_DELIMITED), varintBytes(body.length), body]);
}

export function string(field: number, value: string): Bytes {
  return message(field, [new TextEncoder().encode(value)]);
}

/** Packed repeated varints. */
export function packedVarints(field: number, values: readonly (number | bigint)[]): Bytes {
  return message(field, values.map(varintBytes));
}

export function concat(pieces: readonly Bytes[]): Bytes {
  let length = 0;
  for (const piece of pieces) {
    length += piece.length;
  }
  const joined = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

function tag(field: number, wireType: number): Bytes {
  return varintBytes(field * 8 + wireType);
}

function varintBytes(value: number | bigint): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
