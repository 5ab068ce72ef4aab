/**
 * How many rows a call has on devices that choose their kernels anew for each shape: one of a few counts, with the last row
 * said again in what is over. CUDA searches for up to a second when it meets a shape, so every count is met before the
 * first call of a kind and not in the middle of somebody's later ones. Knows no net: rows are whatever a call takes.
 */
import { UserError } from '../../core/errors.ts';
import type { Provider } from '../onnx/provider.ts';

/** Twice as many each time: less than half of a call's rows are over. */
const COUNTS: readonly number[] = [1, 2, 4, 8, 16];

export class RowCounts {
  readonly #counts: readonly number[];
  readonly #met = new Set<string>();

  constructor(provider: Provider) {
    this.#counts = countsOf(provider);
  }

  /** `rows` and then the last of them again, as many as a call has. */
  padded<Row>(rows: readonly Row[]): readonly Row[] {
    const count = this.#counts.find((each) => each >= rows.length) ?? rows.length;
    return [...rows, ...rows.slice(-1).flatMap((last) => Array.from({ length: count - rows.length }, () => last))];
  }

  /**
   * A call of each count up to `most`, of the first of `rows` alone, where no call of this kind was made before. Counts that
   * the device has no room for are left: no call of them will end well.
   */
  async meet<Row>(
    [row]: readonly Row[],
    kind: string,
    call: (rows: readonly Row[]) => Promise<unknown>,
    most = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    if (row === undefined || this.#met.has(kind)) {
      return;
    }
    this.#met.add(kind);
    for (const length of this.#counts.filter((count) => count <= most)) {
      try {
        await call(Array.from({ length }, () => row));
      } catch (error) {
        if (length > 1 && error instanceof UserError && error.code === 'device.memory') {
          return;
        }
        this.#met.delete(kind);
        throw error;
      }
    }
  }
}

/** The largest count of a call that `most` has room for. */
export function countWithin(provider: Provider, most: number): number {
  return countsOf(provider).findLast((count) => count <= most) ?? most;
}

function countsOf(provider: Provider): readonly number[] {
  return provider === 'cuda' || provider === 'tensorrt' ? COUNTS : [];
}
