/**
 * A small safetensors file written and described in one go, for tests that need weights on disk.
 */
import { writeFileSync } from 'node:fs';

import type { Dtype, TensorInfo, TensorSource } from '../../src/engine/weights/tensor-source.ts';

export type NamedTensor = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
  /** As what it is stored, default F32; another type brings its bytes. */
  readonly dtype?: Dtype;
  readonly bytes?: Uint8Array;
};

/** Writes fp32 tensors to `file` (absolute) and returns them as a source. */
export function writeTensors(file: string, tensors: readonly NamedTensor[]): TensorSource {
  let at = 0;
  const header: Record<string, unknown> = {};
  const places: { readonly tensor: NamedTensor; readonly start: number }[] = [];
  for (const tensor of tensors) {
    const length = bytesOf(tensor).byteLength;
    header[tensor.name] = { dtype: tensor.dtype ?? 'F32', shape: tensor.shape, data_offsets: [at, at + length] };
    places.push({ tensor, start: at });
    at += length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const bodies = tensors.map(bytesOf);
  writeFileSync(file, Buffer.concat([length, json, ...bodies]));

  const infos = new Map(
    places.map(({ tensor, start }): [string, TensorInfo] => {
      const { name, shape, dtype = 'F32' } = tensor;
      const place = { file, offset: 8 + json.length + start, length: bytesOf(tensor).byteLength };
      return [name, { name, dtype, shape, ...place }];
    }),
  );
  return {
    origin: file,
    names: [...infos.keys()],
    get: (name) => infos.get(name),
    readFloats: async (name) => {
      const found = tensors.find((tensor) => tensor.name === name);
      if (found === undefined) {
        throw new Error(`${file} has no ${name}`);
      }
      return found.data;
    },
  };
}

function bytesOf({ data, bytes }: NamedTensor): Uint8Array {
  return bytes ?? new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
