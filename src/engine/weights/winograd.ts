/**
 * Kernels of 3×3 convolutions as Winograd's F(4×4, 3×3) wants them: U = G·g·Gᵀ, 36 numbers for 9, computed once into a
 * cached file. The matrices stand here together, for they hold only together; the graph that uses them is
 * nets/lowerings/winograd.ts. After Lavin and Gray, https://arxiv.org/abs/1509.09308, with their points 0, ±1, ±2, ∞.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { UserError } from '../../core/errors.ts';
import { cachedWeights, filesOf, sourceId } from './cache.ts';
import type { TensorInfo, TensorSource } from './tensor-source.ts';
import { overlay } from './tensor-table.ts';

/** Pixels along one side of what a tile gives. */
export const TILE = 4;
/** Pixels along one side of what it sees, and its length along one side when transformed. */
export const SEEN = TILE + 2;

/** Of what a tile sees: d → Bᵀ·d·B */
export const B_T = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
] as const;

/** Of the kernel: g → G·g·Gᵀ */
const G = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
] as const;

/** Of the products: m → Aᵀ·m·A */
export const A_T = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
] as const;

/** What the transformed kernel of a module is called; its own is `weight`. */
export const WINOGRAD = 'winograd';

/**
 * The same tensors and, for each of `names` (`<module>.winograd`), the transformed kernel [1, 36, out, in] of that
 * module. Where the disk refuses to hold them the source comes back as it was: they save time and nothing else.
 */
export async function withWinogradKernels(
  source: TensorSource,
  names: readonly string[],
  cacheDir: string,
): Promise<TensorSource> {
  const kernels = names.flatMap((name) => {
    const info = source.get(`${name.slice(0, -WINOGRAD.length)}weight`);
    return info === undefined ? [] : [{ name, info }];
  });
  const [first] = kernels;
  if (first === undefined) {
    return source;
  }
  const key = `winograd 1 ${await sourceId(source)} ${JSON.stringify(names)}`;
  const make = () =>
    kernels.map(({ name, info }) => ({
      name,
      dtype: 'F32' as const,
      shape: [1, SEEN ** 2, info.shape[0] ?? 1, info.shape[1] ?? 1],
      parts: () => transformedBytes(source, info),
    }));
  try {
    const made = await cachedWeights(
      { besides: first.info.file, cacheDir, label: WINOGRAD, key, inputs: filesOf(source) },
      make,
    );
    return overlay(source.origin, source, made);
  } catch (error) {
    if (error instanceof UserError && error.code === 'weights.unwritable') {
      return source;
    }
    throw error;
  }
}

async function* transformedBytes(
  source: TensorSource,
  { name }: TensorInfo,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield new Uint8Array(transformKernels(await source.readFloats(name)).buffer);
}

/** g [pairs, 3, 3] → U [36, pairs]; summed in double precision. */
export function transformKernels(g: Float32Array): Float32Array<ArrayBuffer> {
  const pairs = g.length / 9;
  const u = new Float32Array(SEEN ** 2 * pairs);
  const rows = new Float64Array(SEEN * 3); // G·g
  for (let pair = 0; pair < pairs; pair++) {
    const at = pair * 9;
    for (let i = 0; i < SEEN; i++) {
      const [a, b, c] = G[i]!;
      for (let x = 0; x < 3; x++) {
        rows[i * 3 + x] = a * g[at + x]! + b * g[at + 3 + x]! + c * g[at + 6 + x]!;
      }
    }
    for (let i = 0; i < SEEN; i++) {
      const [x, y, z] = [rows[i * 3]!, rows[i * 3 + 1]!, rows[i * 3 + 2]!];
      for (let j = 0; j < SEEN; j++) {
        const [a, b, c] = G[j]!;
        u[(i * SEEN + j) * pairs + pair] = a * x + b * y + c * z;
      }
    }
  }
  return u;
}
