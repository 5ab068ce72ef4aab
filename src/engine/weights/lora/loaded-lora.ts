/**
 * One net's part of a LoRA in memory, laid out as a graph reads it, so that using it costs nothing more.
 *
 * Matrices are transposed once and their rank is padded with zeros to a bucket: graphs see few different shapes, and
 * never a rank of 0, which crashes one execution provider.
 */
import { readLoraMatrices, type LoraMatrices } from './lora-matrices.ts';
import type { LoraTarget } from './lora-module.ts';
import type { LoraMatch } from './match-lora.ts';
import type { LoraNet } from './module-spellings.ts';

/** `down` [in, bucket] and `up` [bucket, out]; for a convolution [bucket, in, kh, kw] and [out, bucket]. */
export type LoadedModule = {
  readonly rank: number;
  readonly bucket: number;
  /** alpha/rank; not yet in `up`. */
  readonly scale: number;
  readonly down: Float32Array<ArrayBuffer>;
  readonly up: Float32Array<ArrayBuffer>;
};

export type LoadedLora = {
  /** Changes whenever the file does. */
  readonly id: string;
  readonly bytes: number;
  readonly modules: ReadonlyMap<string, LoadedModule>;
};

const SMALLEST_BUCKET = 4;

/** The next power of two, 4 at least. */
export function bucketOf(rank: number): number {
  return Math.max(SMALLEST_BUCKET, 2 ** Math.ceil(Math.log2(Math.max(rank, 1))));
}

/** Reads and lays out what `match` found for `net`, as far as `targets` has it. Throws `UserError` as `openLora`. */
export async function loadLora(match: LoraMatch, net: LoraNet, targets: readonly LoraTarget[]): Promise<LoadedLora> {
  const kinds = new Map(targets.map(({ module, kind }) => [module, kind]));
  const matrices = await readLoraMatrices(
    match.lora.file,
    match.parts[net].filter(({ module }) => kinds.has(module)),
  );
  const modules = new Map(
    matrices.map((one) => [one.module, kinds.get(one.module) === 'conv' ? layOutConv(one) : layOutLinear(one)]),
  );
  const bytes = [...modules.values()].reduce((sum, { down, up }) => sum + down.byteLength + up.byteLength, 0);
  return { id: match.lora.id, bytes, modules };
}

function layOutLinear({ shape, rank, scale, down, up }: LoraMatrices): LoadedModule {
  const [out = 0, inputs = 0] = shape;
  const bucket = bucketOf(rank);
  const downT = new Float32Array(inputs * bucket);
  for (let k = 0; k < rank; k++) {
    for (let i = 0; i < inputs; i++) {
      downT[i * bucket + k] = down[k * inputs + i] ?? 0;
    }
  }
  const upT = new Float32Array(bucket * out);
  for (let o = 0; o < out; o++) {
    for (let k = 0; k < rank; k++) {
      upT[k * out + o] = up[o * rank + k] ?? 0;
    }
  }
  return { rank, bucket, scale, down: downT, up: upT };
}

function layOutConv({ shape, rank, scale, down, up }: LoraMatrices): LoadedModule {
  const [out = 0] = shape;
  const bucket = bucketOf(rank);
  const padded = new Float32Array((down.length / rank) * bucket);
  padded.set(down);
  const wide = new Float32Array(out * bucket);
  for (let o = 0; o < out; o++) {
    wide.set(up.subarray(o * rank, (o + 1) * rank), o * bucket);
  }
  return { rank, bucket, scale, down: padded, up: wide };
}
