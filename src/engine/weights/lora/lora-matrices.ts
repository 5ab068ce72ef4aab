/**
 * The matrices of one matched module, read from the disk in one form for all: `down` [rank, in·kh·kw] and
 * `up` [out, rank]. LoCon's core is folded into `down`, so nothing behind this file knows of it.
 */
import { readMany } from '../tensor-table.ts';
import type { LoraPart } from './lora-group.ts';

export type LoraMatrices = {
  readonly module: string;
  /** The weight's shape: [out, in] or [out, in, kh, kw]. */
  readonly shape: readonly number[];
  readonly rank: number;
  /** alpha/rank: what up · down is multiplied by at weight 1. */
  readonly scale: number;
  /** [rank, in·kh·kw] */
  readonly down: Float32Array<ArrayBuffer>;
  /** [out, rank] */
  readonly up: Float32Array<ArrayBuffer>;
};

/** Reads parts of one file. Throws `UserError` for NaN, infinity and types that are no floats. */
export async function readLoraMatrices(file: string, parts: readonly LoraPart[]): Promise<readonly LoraMatrices[]> {
  const tensors = parts.flatMap(({ down, up, mid }) => [down, up, ...(mid === undefined ? [] : [mid])]);
  const values = (await readMany(file, tensors)).values();
  const next = () => values.next().value ?? new Float32Array();
  return parts.map((part) => {
    const { module, shape, rank, scale } = part;
    const [down, up] = [next(), next()];
    return { module, shape, rank, scale, down: part.mid === undefined ? down : foldCore(next(), down, part), up };
  });
}

/** down'[m, i, ·] = Σₙ mid[m, n, ·] · down[n, i]; the convolutions composed, in the order of their use. */
function foldCore(
  mid: Float32Array,
  down: Float32Array,
  { rank, shape, down: { shape: downShape } }: LoraPart,
): Float32Array<ArrayBuffer> {
  const [inner = 0, inputs = 0] = downShape;
  const taps = shape.slice(2).reduce((product, side) => product * side, 1);
  const folded = new Float32Array(rank * inputs * taps);
  for (let m = 0; m < rank; m++) {
    for (let n = 0; n < inner; n++) {
      for (let i = 0; i < inputs; i++) {
        const factor = down[n * inputs + i] ?? 0;
        const to = (m * inputs + i) * taps;
        const from = (m * inner + n) * taps;
        for (let tap = 0; tap < taps; tap++) {
          folded[to + tap] = (folded[to + tap] ?? 0) + factor * (mid[from + tap] ?? 0);
        }
      }
    }
  }
  return folded;
}
