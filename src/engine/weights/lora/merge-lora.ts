/**
 * LoRAs merged into a net for good, computed once into a cached file: W' = W + weight · alpha/rank · up · down, and
 * W' = W + weight · D for changes of other kinds (dense-difference.ts).
 *
 * Only the touched tensors are written; the rest stays in the base's own files, which nobody ever changes. So nothing
 * is ever unmerged, and no drift can build up. The multiplier is the caller's.
 */
import { cachedWeights, filesOf, sourceId } from '../cache.ts';
import { openSafetensors } from '../safetensors-file.ts';
import type { TensorToWrite } from '../safetensors-writer.ts';
import type { Label } from '../superseded.ts';
import type { TensorInfo, TensorSource } from '../tensor-source.ts';
import { overlay } from '../tensor-table.ts';
import type { AddProduct } from './add-product.ts';
import { denseDifference } from './dense-difference.ts';
import { splitLoraKey } from './lora-keys.ts';
import { readLoraMatrices } from './lora-matrices.ts';
import type { DensePart } from './dense-group.ts';
import type { LoraPart } from './lora-group.ts';
import type { LoraMatch } from './match-lora.ts';
import type { LoraNet } from './module-spellings.ts';

/** A LoRA to merge. */
export type Adapter = {
  /** Absolute path. */
  readonly file: string;
  /** Fits that file to the net; called only where the merged file is not there yet. */
  readonly match: () => Promise<LoraMatch>;
  readonly weight: number;
  /** `dense`: low-rank pairs are left out, for they run beside their layers. */
  readonly parts: 'all' | 'dense';
};

export type MergeAllOptions = {
  readonly base: TensorSource;
  /** The weights that the LoRAs were trained beside: `base` before anything was merged into it. */
  readonly pristine: TensorSource;
  readonly adapters: readonly Adapter[];
  /** Which of a match's nets `base` holds. */
  readonly net: LoraNet;
  /** Where the merged tensors go when the base's folder cannot be written. */
  readonly cacheDir: string;
  readonly label: Label;
  readonly addProduct: AddProduct;
};

/** A single LoRA with all its parts; `weight`: λ_lcm of the paper. */
export type MergeOptions = Omit<Adapter, 'parts'> & Omit<MergeAllOptions, 'pristine' | 'adapters' | 'label'>;

/**
 * The base with the LoRA in it; touched tensors are fp32 whatever they were.
 * Throws `UserError` `weights.nan` for NaN and infinity in what is touched, `weights.unwritable` without a place to write.
 */
export async function mergeLora({ base, file, match, weight, ...options }: MergeOptions): Promise<TensorSource> {
  return mergeLoras({
    ...options,
    base,
    pristine: base,
    adapters: [{ file, match, weight, parts: 'all' }],
    label: 'merged',
  });
}

/** As `mergeLora`, for several at once; what each adds is computed from `pristine`. */
export async function mergeLoras(options: MergeAllOptions): Promise<TensorSource> {
  const { base, net, cacheDir, label } = options;
  const adapters = options.adapters.filter(({ weight }) => weight !== 0);
  const [besides] = filesOf(base);
  if (besides === undefined || adapters.length === 0) {
    return base;
  }
  const loras = await Promise.all(adapters.map(async ({ file }) => openSafetensors(file)));
  const inputs = [...filesOf(base), ...loras.map(({ file }) => file)];
  const key = await keyOf(options, adapters);
  const merged = await cachedWeights({ besides, cacheDir, label, key, inputs }, async () => {
    const changes = new Map<string, Change[]>();
    for (const adapter of adapters) {
      collectChanges(changes, adapter, await adapter.match(), net);
    }
    return [...changes].flatMap(([name, own]) => {
      const info = base.get(name);
      return info === undefined ? [] : [mergedTensor(options, info, own)];
    });
  });
  return overlay(base.origin, base, merged);
}

/** The first version knew pairs alone, and is still right for files that hold nothing else. */
async function keyOf({ base, net }: MergeAllOptions, adapters: readonly Adapter[]): Promise<string> {
  const own: string[] = [];
  let version = 1;
  for (const { file, weight, parts } of adapters) {
    const { tensors } = await openSafetensors(file);
    const isPlain = parts === 'all' && tensors.names.every((name) => PLAIN.has(splitLoraKey(name)?.role ?? 'alpha'));
    version = isPlain ? version : 2;
    own.push(`${await sourceId(tensors)} ${net} ${weight}`);
  }
  return `merge ${version} ${await sourceId(base)} ${own.join(' ')}`;
}

const PLAIN: ReadonlySet<string> = new Set(['down', 'up', 'mid', 'alpha']);

/** What happens to one tensor, by one LoRA. */
type Change = { readonly file: string; readonly weight: number } & (
  | { readonly kind: 'pair'; readonly part: LoraPart }
  | { readonly kind: 'dense'; readonly part: DensePart }
);

function collectChanges(
  changes: Map<string, Change[]>,
  { weight, parts }: Adapter,
  { lora: { file }, ...match }: LoraMatch,
  net: LoraNet,
): void {
  const add = (name: string, change: Change): void => {
    changes.set(name, [...(changes.get(name) ?? []), change]);
  };
  for (const part of parts === 'all' ? match.parts[net] : []) {
    add(`${part.module}.weight`, { kind: 'pair', file, weight, part });
  }
  for (const part of match.dense[net]) {
    add(part.name, { kind: 'dense', file, weight, part });
  }
}

function mergedTensor(
  { base, pristine, addProduct }: MergeAllOptions,
  { name, shape }: TensorInfo,
  changes: readonly Change[],
): TensorToWrite {
  return {
    name,
    dtype: 'F32',
    shape,
    parts: async function* () {
      const own = base.get(name) === pristine.get(name);
      let sum = await base.readFloats(name);
      const original =
        changes.length > 1 || !own ? (changes.some(isDense) ? await pristine.readFloats(name) : sum) : sum;
      for (const change of changes) {
        sum = isDense(change)
          ? addScaled(sum, await denseDifference(change.file, change.part, original, addProduct), change.weight)
          : await addPair(sum, shape, change, addProduct);
      }
      yield new Uint8Array(sum.buffer, sum.byteOffset, sum.byteLength);
    },
  };
}

function isDense(change: Change): change is Extract<Change, { kind: 'dense' }> {
  return change.kind === 'dense';
}

async function addPair(
  weight: Float32Array<ArrayBuffer>,
  [rows = 0, ...rest]: readonly number[],
  change: Extract<Change, { kind: 'pair' }>,
  addProduct: AddProduct,
): Promise<Float32Array<ArrayBuffer>> {
  const [matrices] = await readLoraMatrices(change.file, [change.part]);
  if (matrices === undefined) {
    return weight;
  }
  const columns = rest.reduce((product, side) => product * side, 1);
  const { up, down, rank } = matrices;
  return addProduct({ weight, up, down, rows, rank, columns, scale: change.weight * matrices.scale });
}

/** Into `sum` itself. */
function addScaled(
  sum: Float32Array<ArrayBuffer>,
  difference: Float32Array,
  weight: number,
): Float32Array<ArrayBuffer> {
  for (let i = 0; i < sum.length; i++) {
    sum[i] = (sum[i] ?? 0) + weight * (difference[i] ?? 0);
  }
  return sum;
}
