/**
 * How many rows a call has on devices that choose their kernels anew for each shape: one of a few counts, with the last row
 * said again in what is over. CUDA searches for up to a second when it meets a shape, so every count is met before the
 * first picture of a size is drawn and not in the middle of somebody's later ones.
 */
import type { Provider } from '../onnx/provider.ts';
import type { LatentSize, UNetRow } from './denoiser.ts';

/** Twice as many each time: less than half of a call's rows are over. */
const COUNTS: readonly number[] = [1, 2, 4, 8, 16];

export class RowCounts {
  readonly #counts: readonly number[];
  readonly #met = new Set<string>();

  constructor(provider: Provider) {
    this.#counts = provider === 'cuda' || provider === 'tensorrt' ? COUNTS : [];
  }

  /** `rows` and then the last of them again, as many as a call has. */
  padded(rows: readonly UNetRow[]): readonly UNetRow[] {
    const count = this.#counts.find((each) => each >= rows.length) ?? rows.length;
    return [...rows, ...rows.slice(-1).flatMap((last) => Array.from({ length: count - rows.length }, () => last))];
  }

  /** A call of each count, of the first of `rows` alone, where no call of this kind was made before. */
  async meet(
    [row]: readonly UNetRow[],
    variant: string,
    { height, width }: LatentSize,
    call: (rows: readonly UNetRow[]) => Promise<unknown>,
  ): Promise<void> {
    const kind = `${variant} ${height}×${width} ${row?.conditioning.tokens.length}`;
    if (row === undefined || this.#met.has(kind)) {
      return;
    }
    this.#met.add(kind);
    for (const length of this.#counts) {
      await call(Array.from({ length }, () => row));
    }
  }
}
