/** The arrays that the calls of a net are given, used again by the next call of the same size. Knows no inputs' meaning. */
import type { UNetRow } from './denoiser.ts';

export class CallArrays {
  readonly #arrays = new Map<string, Float32Array<ArrayBuffer>>();
  #lastContext: { readonly prompts: readonly Float32Array[]; readonly joined: Float32Array<ArrayBuffer> } | undefined;

  /** Prompts one after another: of the same company as in the last call they are the same array, which stays on a device. */
  context(prompts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
    const last = this.#lastContext;
    if (last?.prompts.length === prompts.length && last.prompts.every((prompt, k) => prompt === prompts[k])) {
      return last.joined;
    }
    const joined = new Float32Array(prompts.reduce((total, { length }) => total + length, 0));
    let at = 0;
    for (const prompt of prompts) {
      joined.set(prompt, at);
      at += prompt.length;
    }
    this.#lastContext = { prompts, joined };
    return joined;
  }

  /** Rows one after another in an array of the last call of this size. */
  gather(
    name: string,
    rows: readonly UNetRow[],
    length: number,
    write: (row: UNetRow, target: Float32Array) => void,
  ): Float32Array<ArrayBuffer> {
    const known = this.#arrays.get(name);
    const array = known?.length === rows.length * length ? known : new Float32Array(rows.length * length);
    this.#arrays.set(name, array);
    for (const [k, row] of rows.entries()) {
      write(row, array.subarray(k * length, (k + 1) * length));
    }
    return array;
  }
}
