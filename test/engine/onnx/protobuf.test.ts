/** The wire format against bytes from its specification. */
import { describe, expect, it } from 'vitest';

import { ProtobufWriter } from '../../../src/engine/onnx/protobuf.ts';

function written(write: (w: ProtobufWriter) => void): number[] {
  const w = new ProtobufWriter();
  write(w);
  return [...w.finish()];
}

describe('the protobuf writer', () => {
  it('writes the examples of the specification', () => {
    expect(written((w) => w.varint(1, 150))).toEqual([0x08, 0x96, 0x01]);
    expect(written((w) => w.string(2, 'testing'))).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
    expect(written((w) => w.message(3, () => w.varint(1, 150)))).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
    expect(written((w) => w.packedVarints(6, [3, 270, 86_942]))).toEqual([
      0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05,
    ]);
  });

  it('writes negative integers as ten bytes', () => {
    expect(written((w) => w.varint(1, -1))).toEqual([0x08, ...Array<number>(9).fill(0xff), 0x01]);
  });

  it('keeps integers beyond 31 and 32 bits whole', () => {
    expect(written((w) => w.varint(1, 2 ** 31))).toEqual([0x08, 0x80, 0x80, 0x80, 0x80, 0x08]);
    expect(written((w) => w.varint(1, 2 ** 40))).toEqual([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
  });

  it('writes floats as four little-endian bytes', () => {
    expect(written((w) => w.float(2, 1))).toEqual([0x15, 0x00, 0x00, 0x80, 0x3f]);
  });

  it('numbers fields beyond 15 with two bytes', () => {
    expect(written((w) => w.varint(20, 7))).toEqual([0xa0, 0x01, 0x07]);
  });

  it('counts the bytes of a string, not its letters', () => {
    expect(written((w) => w.string(1, 'ü·'))).toEqual([0x0a, 4, 0xc3, 0xbc, 0xc2, 0xb7]);
  });

  it.each([0, 1, 127, 128, 16_383, 16_384, 100_000])('puts the length %i before a nested message of it', (length) => {
    const body = Uint8Array.from({ length }, (_, k) => k % 251);
    const direct = written((w) => w.bytes(1, body));
    // A field of bytes whose own tag and length make up the nested message.
    const nested = written((w) => w.message(2, () => w.bytes(1, body)));
    const head = written((w) => w.bytes(2, Uint8Array.from(direct)));
    expect(nested).toEqual(head);
    expect(direct.slice(-length || direct.length)).toEqual([...body]);
  });

  it('nests and goes on', () => {
    expect(
      written((w) => {
        w.message(1, () => {
          w.message(2, () => w.varint(3, 4));
          w.string(5, 'a');
        });
        w.varint(6, 7);
      }),
    ).toEqual([0x0a, 7, 0x12, 2, 0x18, 4, 0x2a, 1, 0x61, 0x30, 7]);
  });
});
