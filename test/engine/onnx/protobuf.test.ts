/** The wire format against bytes from its specification. */
import { describe, expect, it } from 'vitest';

import { concat, float, message, packedVarints, string, varint } from '../../../src/engine/onnx/protobuf.ts';

describe('the protobuf writer', () => {
  it('writes the examples of the specification', () => {
    expect([...varint(1, 150)]).toEqual([0x08, 0x96, 0x01]);
    expect([...string(2, 'testing')]).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]);
    expect([...message(3, [varint(1, 150)])]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01]);
    expect([...packedVarints(6, [3, 270, 86_942])]).toEqual([0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]);
  });

  it('writes negative integers as ten bytes', () => {
    expect([...varint(1, -1)]).toEqual([0x08, ...Array<number>(9).fill(0xff), 0x01]);
  });

  it('keeps integers beyond 32 bits whole', () => {
    expect([...varint(1, 2 ** 40)]).toEqual([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
  });

  it('writes floats as four little-endian bytes', () => {
    expect([...float(2, 1)]).toEqual([0x15, 0x00, 0x00, 0x80, 0x3f]);
  });

  it('numbers fields beyond 15 with two bytes', () => {
    expect([...varint(20, 7)]).toEqual([0xa0, 0x01, 0x07]);
  });

  it('joins pieces in order', () => {
    expect([...concat([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)])]).toEqual([1, 2, 3]);
  });
});
