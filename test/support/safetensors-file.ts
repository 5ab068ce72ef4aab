/**
 * A small safetensors file written and described in one go, for tests that need weights on disk.
 */
import { writeFileSync } from 'node:fs';

import type { TensorInfo, TensorSource } from '../../src/engine/weights/tensor-source.ts';

export type NamedTensor = {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
};

/** Writes fp32 tensors to `file` (absolute) and returns them as a source. */
export function writeTensors(file: string, tensors: readonly NamedTensor[]): TensorSource {
  let at = 0;
  const header: Record<string, unknown> = {};
  const places: { readonly tensor: NamedTensor; readonly start: number }[] = [];
  for (const tensor of tensors) {
    header[tensor.name] = { dtype: 'F32', shape: tensor.shape, data_offsets: [at, at + tensor.data.byteLength] };
    places.push({ tensor, start: at });
    at += tensor.data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const bodies = tensors.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  writeFileSync(file, Buffer.concat([length, json, ...bodies]));

  const infos = new Map(
    places.map(({ tensor, start }): [string, TensorInfo] => {
      const { name, shape, data } = tensor;
      return [name, { name, dtype: 'F32', shape, file, offset: 8 + json.length + start, length: data.byteLength }];
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
