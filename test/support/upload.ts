/** A file that somebody attached, out of memory, in as many parts as it comes over a network. */
import type { Upload } from '../../src/core/command.ts';

export function uploadOf(name: string, data: Uint8Array, sizeBytes = data.length): Upload {
  return {
    name,
    sizeBytes,
    stream: async function* stream() {
      const half = data.length >> 1;
      yield data.subarray(0, half);
      yield data.subarray(half);
    },
  };
}
