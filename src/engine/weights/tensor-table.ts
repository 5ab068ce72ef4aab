/**
 * A tensor source that is nothing but a table of places. Renaming, splitting, sharding and overlaying are all just
 * other tables over the same files, so no byte moves until somebody reads. Refuses to know what a tensor is for.
 */
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import { UserError } from '../../core/errors.ts';
import { BYTES_PER_ELEMENT, isFloatDtype, widenInto } from './dtype.ts';
import type { TensorInfo, TensorSource } from './tensor-source.ts';

export class TensorTable implements TensorSource {
  readonly origin: string;
  readonly #tensors: ReadonlyMap<string, TensorInfo>;

  /** `tensors` carry their final names; of two with one name the later counts. */
  constructor(origin: string, tensors: Iterable<TensorInfo>) {
    this.origin = origin;
    this.#tensors = new Map(Array.from(tensors, (tensor) => [tensor.name, tensor]));
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  get(name: string): TensorInfo | undefined {
    return this.#tensors.get(name);
  }

  async readFloats(name: string): Promise<Float32Array<ArrayBuffer>> {
    return readFloats(this.#need(name));
  }

  #need(name: string): TensorInfo {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) {
      throw new UserError(
        'weights.tensor',
        `The weights in "${this.origin}" must hold a tensor "${name}" and have none; they belong to another kind of model or are incomplete.`,
        { params: { origin: this.origin, tensor: name } },
      );
    }
    return tensor;
  }
}

/** Everything in a source, in its own order. */
export function infosOf(source: TensorSource): readonly TensorInfo[] {
  return source.names.flatMap((name) => source.get(name) ?? []);
}

/** `base` with some of its tensors replaced; names that only `overrides` has are added. */
export function overlay(origin: string, base: TensorSource, overrides: TensorSource): TensorTable {
  return new TensorTable(origin, [...infosOf(base), ...infosOf(overrides)]);
}

/** The tensors to which `rename` gives a name, under that name. */
export function renamed(
  origin: string,
  source: TensorSource,
  rename: (name: string) => string | undefined,
): TensorTable {
  return new TensorTable(
    origin,
    infosOf(source).flatMap((info) => {
      const name = rename(info.name);
      return name === undefined ? [] : [{ ...info, name }];
    }),
  );
}

/** Reads one tensor whole and widens it to fp32. Throws `UserError` for a type that is no float, NaN and infinity. */
export async function readFloats(tensor: TensorInfo): Promise<Float32Array<ArrayBuffer>> {
  return withFile(tensor.file, (handle) => collectFloats(handle, tensor));
}

/** Reads tensors of one file, which is opened a single time. Throws like `readFloats`. */
export async function readMany(
  file: string,
  tensors: readonly TensorInfo[],
): Promise<readonly Float32Array<ArrayBuffer>[]> {
  return withFile(file, async (handle) => {
    const all: Float32Array<ArrayBuffer>[] = [];
    for (const tensor of tensors) {
      all.push(await collectFloats(handle, tensor));
    }
    return all;
  });
}

/**
 * Reads one tensor as fp32, a few megabytes at a time, so that memory stays small whatever the tensor.
 * Each part is valid until the next one is asked for. Throws like `readFloats`.
 */
export async function* streamFloats(tensor: TensorInfo): AsyncGenerator<Float32Array<ArrayBuffer>, void, undefined> {
  const handle = await open(tensor.file, 'r');
  try {
    yield* widenParts(handle, tensor);
  } finally {
    await handle.close();
  }
}

/** Small: what is read of one tensor after another is garbage that waits to be collected. */
const PART_ELEMENTS = 1 << 18;

async function collectFloats(handle: FileHandle, tensor: TensorInfo): Promise<Float32Array<ArrayBuffer>> {
  const read = await floatReader(handle, tensor);
  const floats = new Float32Array(elementsOf(tensor));
  for (let at = 0; at < floats.length; at += PART_ELEMENTS) {
    await read(floats.subarray(at, at + PART_ELEMENTS), at);
  }
  return floats;
}

async function* widenParts(
  handle: FileHandle,
  tensor: TensorInfo,
): AsyncGenerator<Float32Array<ArrayBuffer>, void, undefined> {
  const read = await floatReader(handle, tensor);
  const count = elementsOf(tensor);
  const floats = new Float32Array(Math.min(PART_ELEMENTS, count));
  for (let at = 0; at < count; at += floats.length) {
    const part = floats.subarray(0, count - at);
    await read(part, at);
    yield part;
  }
}

function elementsOf({ length, dtype }: TensorInfo): number {
  return length / BYTES_PER_ELEMENT[dtype];
}

/** Gives a function that fills `out` with the tensor's elements from `at`; fp32 goes from the disk into `out` itself. */
async function floatReader(handle: FileHandle, tensor: TensorInfo, isScaled = false): Promise<FloatReader> {
  const { scale, ...bare } = tensor;
  if (scale !== undefined) {
    return scaledReader(await floatReader(handle, bare, true), tensor, await readFloats(scale));
  }
  const { dtype } = tensor;
  const file = path.basename(tensor.file);
  if (!isFloatDtype(dtype) && !(dtype === 'I8' && isScaled)) {
    throw new UserError(
      'weights.dtype',
      `Weights must be floats, or whole numbers of 8 bits with a scale, but "${tensor.name}" in "${file}" is ${dtype}; use an ordinary fp16 or fp32 version of the file.`,
      { params: { file, tensor: tensor.name, dtype } },
    );
  }
  const width = BYTES_PER_ELEMENT[dtype];
  const scratch = new Uint8Array(dtype === 'F32' ? 0 : Math.min(PART_ELEMENTS, elementsOf(tensor)) * width);
  return async (out, at) => {
    const bytes =
      dtype === 'F32'
        ? new Uint8Array(out.buffer, out.byteOffset, out.byteLength)
        : scratch.subarray(0, out.length * width);
    await fill(handle, tensor, bytes, at * width);
    if (widenInto(dtype, bytes, out) >= 0) {
      throw new UserError(
        'weights.nan',
        `Weights must be finite numbers, but "${tensor.name}" in "${file}" holds NaN or infinity; the file is damaged or its training failed, so use another.`,
        { params: { file, tensor: tensor.name } },
      );
    }
  };
}

type FloatReader = (out: Float32Array<ArrayBuffer>, at: number) => Promise<void>;

function scaledReader(read: FloatReader, { shape }: TensorInfo, scales: Float32Array): FloatReader {
  const perRow = scales.length === 1 ? Infinity : shape.slice(1).reduce((product, side) => product * side, 1);
  return async (out, at) => {
    await read(out, at);
    for (let i = 0; i < out.length; i++) {
      out[i] = (out[i] ?? 0) * (scales[Math.floor((at + i) / perRow)] ?? 1);
    }
  };
}

/** Reads `bytes.byteLength` bytes of the tensor from its byte `at`. */
async function fill(handle: FileHandle, tensor: TensorInfo, bytes: Uint8Array, at: number): Promise<void> {
  for (let filled = 0; filled < bytes.byteLength;) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.byteLength - filled, tensor.offset + at + filled);
    if (bytesRead === 0) {
      const file = path.basename(tensor.file);
      throw new UserError(
        'weights.truncated',
        `"${file}" ended in the middle of "${tensor.name}"; it changed while it was read or was not copied whole, so copy it again.`,
        { params: { file, tensor: tensor.name } },
      );
    }
    filled += bytesRead;
  }
}

async function withFile<Result>(file: string, use: (handle: FileHandle) => Promise<Result>): Promise<Result> {
  const handle = await open(file, 'r');
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}
