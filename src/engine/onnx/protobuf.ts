/**
 * The wire format of Protocol Buffers, writing only: fields one after another into bytes that grow. Knows no message; see
 * model-proto.ts. A nested message is written where it stands and then moved by the few bytes of its length: a net is
 * tens of thousands of fields, and pieces to be joined later would be as many arrays.
 * https://protobuf.dev/programming-guides/encoding
 */
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const INITIAL_BYTES = 1 << 16;
/** The longest varint. */
const VARINT_BYTES = 10;

export class ProtobufWriter {
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #length = 0;

  /** What was written so far, in memory of its own. */
  finish(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes.subarray(0, this.#length));
  }

  /** Wire type 0. Negative numbers take ten bytes, two's complement in 64 bits. */
  varint(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  /** Wire type 5, `float` in protobuf's words. */
  float(field: number, value: number): void {
    this.#tag(field, FIXED32);
    this.#reserve(4);
    this.#length = this.#bytes.writeFloatLE(value, this.#length);
  }

  /** Wire type 2. */
  string(field: number, value: string): void {
    this.#tag(field, LENGTH_DELIMITED);
    const length = Buffer.byteLength(value);
    this.#varint(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  /** Wire type 2. */
  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** Wire type 2: a nested message of the fields that `write` writes here. */
  message(field: number, write: () => void): void {
    this.#tag(field, LENGTH_DELIMITED);
    this.#delimited(write);
  }

  /** Packed repeated varints. */
  packedVarints(field: number, values: readonly number[]): void {
    this.message(field, () => {
      for (const value of values) {
        this.#varint(value);
      }
    });
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  /** What `write` writes, behind its length: nearly always one byte, for which room is left. */
  #delimited(write: () => void): void {
    const start = this.#length;
    this.#reserve(1);
    this.#length += 1;
    write();
    const end = this.#length;
    const length = end - start - 1;
    const more = varintLength(length) - 1;
    if (more > 0) {
      this.#reserve(more);
      this.#bytes.copyWithin(start + 1 + more, start + 1, end);
    }
    this.#length = start;
    this.#varint(length);
    this.#length = end + more;
  }

  #varint(value: number): void {
    this.#reserve(VARINT_BYTES);
    if (value >= 0 && value < 2 ** 31) {
      let rest = value;
      while (rest >= 0x80) {
        this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      this.#bytes[this.#length++] = rest;
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    length += 1;
  }
  return length;
}
