/**
 * Files for the tests of the weights: safetensors with any header one likes, sound or not, in a folder of their own.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export class Scratch {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Scratch> {
    return new Scratch(await mkdtemp(path.join(os.tmpdir(), 'fourstep-weights-')));
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  path(...names: readonly string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Writes `header` (text, or a value as JSON) and then `data`. */
  async raw(name: string, header: unknown, data: Uint8Array = new Uint8Array()): Promise<string> {
    return this.bytes(name, rawSafetensors(header, data));
  }

  async bytes(name: string, bytes: Uint8Array): Promise<string> {
    await writeFile(this.path(name), bytes);
    return this.path(name);
  }

  /** A sound file of fp32 tensors; `values` in row order, all 1 where absent. */
  async floats(
    name: string,
    tensors: Readonly<Record<string, FloatTensor>>,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<string> {
    const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
    const parts: number[] = [];
    for (const [tensor, { shape, values }] of Object.entries(tensors)) {
      const length = shape.reduce((product, side) => product * side, 1);
      const begin = parts.length * 4;
      parts.push(...(values ?? Array.from({ length }, () => 1)));
      header[tensor] = { dtype: 'F32', shape, data_offsets: [begin, parts.length * 4] };
    }
    return this.raw(name, header, new Uint8Array(Float32Array.from(parts).buffer));
  }
}

export type FloatTensor = { readonly shape: readonly number[]; readonly values?: readonly number[] };

export function rawSafetensors(header: unknown, data: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}
