/**
 * Weights as a graphics card's graph wants them, made once into a cached file and mapped from there: halves of what is
 * stored wider, and kernels with their channels last. Knows no net; names come from the graph.
 */
import { cachedWeights, filesOf, sourceId } from './cache.ts';
import { LARGEST_HALF, narrowToHalves } from './halves.ts';
import type { TensorToWrite } from './safetensors-writer.ts';
import type { TensorInfo, TensorSource } from './tensor-source.ts';
import { infosOf, overlay, streamFloats } from './tensor-table.ts';

/** What a module's kernel [out, kh, kw, in] is called; the checkpoint's own, [out, in, kh, kw], is `weight`. */
export const KERNEL_LAST = 'weight_channels_last';

export type DeviceWeights = {
  readonly dtype: 'f32' | 'f16';
  /** Modules whose kernels are wanted with channels last. */
  readonly transposed: readonly string[];
  /** Absolute: where the file goes when the model's own folder cannot be written. */
  readonly cacheDir: string;
};

/**
 * The same tensors, in halves where `dtype` says so, and `<module>.weight_channels_last` for each of `transposed` that has none
 * yet. A tensor with a value that no half can hold stays as it is stored. Throws `UserError` `weights.unwritable` without a
 * place to write.
 */
export async function prepareForDevice(
  source: TensorSource,
  { dtype, transposed, cacheDir }: DeviceWeights,
): Promise<TensorSource> {
  const wide =
    dtype === 'f16' ? infosOf(source).filter(({ dtype: stored }) => stored === 'F32' || stored === 'BF16') : [];
  const lacking = transposed.filter((module) => source.get(`${module}.${KERNEL_LAST}`) === undefined);
  const kernels = lacking.flatMap((module) => source.get(`${module}.weight`) ?? []);
  const [first] = [...wide, ...kernels];
  if (first === undefined) {
    return source;
  }
  const key = `device 1 ${await sourceId(source)} ${JSON.stringify([dtype, lacking])}`;
  const entry = {
    besides: first.file,
    cacheDir,
    label: dtype === 'f16' ? 'fp16' : 'fp32',
    key,
    inputs: filesOf(source),
  } as const;
  const made = await cachedWeights(entry, async () => [
    ...(await fitting(wide)).map((info): TensorToWrite => ({
      name: info.name,
      dtype: 'F16',
      shape: info.shape,
      parts: () => halvesOf(streamFloats(info)),
    })),
    ...kernels.map((info) => transposedKernel(source, info, dtype)),
  ]);
  return overlay(source.origin, source, made);
}

async function fitting(infos: readonly TensorInfo[]): Promise<readonly TensorInfo[]> {
  const kept: TensorInfo[] = [];
  for (const info of infos) {
    if (await fits(info)) {
      kept.push(info);
    }
  }
  return kept;
}

async function fits(info: TensorInfo): Promise<boolean> {
  for await (const part of streamFloats(info)) {
    if (part.some((value) => Math.abs(value) > LARGEST_HALF)) {
      return false;
    }
  }
  return true;
}

/** [out, in, kh, kw] → [out, kh, kw, in] */
function transposedKernel(source: TensorSource, { name, shape }: TensorInfo, dtype: 'f32' | 'f16'): TensorToWrite {
  const [out = 1, inside = 1, kh = 1, kw = 1] = shape;
  async function* floats(): AsyncGenerator<Float32Array<ArrayBuffer>, void, undefined> {
    const kernel = await source.readFloats(name);
    const [area, turned] = [kh * kw, new Float32Array(kernel.length)];
    for (let pair = 0; pair < out * inside; pair++) {
      const [row, channel] = [Math.floor(pair / inside), pair % inside];
      for (let at = 0; at < area; at++) {
        turned[(row * area + at) * inside + channel] = kernel[pair * area + at] ?? 0;
      }
    }
    yield turned;
  }
  return {
    name: `${name.slice(0, -'weight'.length)}${KERNEL_LAST}`,
    dtype: dtype === 'f16' ? 'F16' : 'F32',
    shape: [out, kh, kw, inside],
    parts: () => (dtype === 'f16' ? halvesOf(floats()) : bytesOf(floats())),
  };
}

async function* halvesOf(parts: AsyncIterable<Float32Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const part of parts) {
    const halves = new Uint16Array(part.length);
    narrowToHalves(part, halves);
    yield new Uint8Array(halves.buffer);
  }
}

async function* bytesOf(parts: AsyncIterable<Float32Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const part of parts) {
    yield new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  }
}
