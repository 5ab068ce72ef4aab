/**
 * The weights of the tiny random models, made again from their names: the recipe of test/golden/tiny_models.py.
 * A tensor NAME of the component in FOLDER comes from torch's generator seeded with crc32("FOLDER/NAME").
 */
import { crc32 } from 'node:zlib';

import { TorchGenerator } from '../../src/engine/sampling/torch-generator.ts';

/** `name` as the checkpoint spells it; `text_model.` in front changes nothing. */
export function randomWeight(folder: string, name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const x = seededNormals(`${folder}/${name.replace(/^text_model\./, '')}`, count(shape));
  if (shape.length === 1) {
    return name.endsWith('weight') ? x.map((value) => 1 + 0.1 * value) : x.map((value) => 0.1 * value);
  }
  const fanIn = Math.sqrt(count(shape.slice(1)));
  return x.map((value) => value / fanIn);
}

/** Normals of the stream that `key` names: inputs of goldens are made so too. */
export function seededNormals(key: string, length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(new TorchGenerator(crc32(key)).randn(length));
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}
