/**
 * A LoRA merged into a net for good: W' = W + weight · alpha/rank · up · down, computed once into a cached file.
 *
 * Only the touched tensors are written; the rest stays in the base's own files, which nobody ever changes. So nothing
 * is ever unmerged, and no drift can build up. The multiplier is the caller's.
 */
import { cachedWeights, filesOf, sourceId } from '../cache.ts';
import { openSafetensors } from '../safetensors-file.ts';
import type { TensorToWrite } from '../safetensors-writer.ts';
import type { TensorInfo, TensorSource } from '../tensor-source.ts';
import { overlay } from '../tensor-table.ts';
import { readLoraMatrices } from './lora-matrices.ts';
import type { LoraMatch, LoraPart } from './match-lora.ts';
import type { LoraNet } from './module-spellings.ts';

/** One product of a merge: W + scale · up · down. */
type Product = {
  /** [rows, columns]; the sum may take its place. */
  readonly weight: Float32Array<ArrayBuffer>;
  /** [rows, rank] */
  readonly up: Float32Array<ArrayBuffer>;
  /** [rank, columns] */
  readonly down: Float32Array<ArrayBuffer>;
  readonly rows: number;
  readonly rank: number;
  readonly columns: number;
  readonly scale: number;
};

/** Gives the sum, in `weight`'s own memory or in new memory of the same length. */
export type AddProduct = (product: Product) => Promise<Float32Array<ArrayBuffer>>;

export type MergeOptions = {
  readonly base: TensorSource;
  /** Absolute path of the LoRA's file. */
  readonly file: string;
  /** Fits that file to the net; called only where the merged file is not there yet. */
  readonly match: () => Promise<LoraMatch>;
  /** Which of the match's nets `base` holds. */
  readonly net: LoraNet;
  /** λ_lcm of the paper. */
  readonly weight: number;
  /** Where the merged tensors go when the base's folder cannot be written. */
  readonly cacheDir: string;
  readonly addProduct: AddProduct;
};

/**
 * The base with the LoRA in it; touched tensors are fp32 whatever they were.
 * Throws `UserError` `weights.nan` for NaN and infinity in what is touched, `weights.unwritable` without a place to write.
 */
export async function mergeLora({
  base,
  file,
  match,
  net,
  weight,
  cacheDir,
  addProduct,
}: MergeOptions): Promise<TensorSource> {
  const [besides] = filesOf(base);
  if (besides === undefined || weight === 0) {
    return base;
  }
  const lora = await openSafetensors(file);
  const key = `merge 1 ${await sourceId(base)} ${await sourceId(lora.tensors)} ${net} ${weight}`;
  const inputs = [...filesOf(base), lora.file];
  const merged = await cachedWeights({ besides, cacheDir, label: 'merged', key, inputs }, async () => {
    const { parts } = await match();
    return parts[net].flatMap((part) => {
      const info = base.get(`${part.module}.weight`);
      return info === undefined ? [] : [mergedTensor({ base, file: lora.file, part, info, weight, addProduct })];
    });
  });
  return overlay(base.origin, base, merged);
}

type Touched = Pick<MergeOptions, 'base' | 'weight'> & {
  readonly file: string;
  readonly part: LoraPart;
  readonly info: TensorInfo;
  readonly addProduct: AddProduct;
};

function mergedTensor({ base, file, part, info, weight, addProduct }: Touched): TensorToWrite {
  const { name, shape } = info;
  return {
    name,
    dtype: 'F32',
    shape,
    parts: async function* () {
      const [matrices] = await readLoraMatrices(file, [part]);
      if (matrices === undefined) {
        return;
      }
      const [rows = 0] = shape;
      const sum = await addProduct({
        weight: await base.readFloats(name),
        up: matrices.up,
        down: matrices.down,
        rows,
        rank: matrices.rank,
        columns: shape.slice(1).reduce((product, side) => product * side, 1),
        scale: weight * matrices.scale,
      });
      yield new Uint8Array(sum.buffer, sum.byteOffset, sum.byteLength);
    },
  };
}
