/**
 * Half-precision weights as fp32, for devices that compute in nothing else: converted once into a cached file, as a
 * stream. Tensors that are fp32 already stay where they are. Knows no net.
 */
import { cachedWeights, filesOf, sourceId } from './cache.ts';
import { isFloatDtype } from './dtype.ts';
import type { TensorInfo, TensorSource } from './tensor-source.ts';
import { infosOf, overlay, streamFloats } from './tensor-table.ts';

/**
 * The same tensors, all floats as fp32. Throws `UserError` `weights.nan` for NaN and infinity in what is converted,
 * `weights.unwritable` when neither the model's folder nor `cacheDir` can take the file.
 */
export async function widen(source: TensorSource, cacheDir: string): Promise<TensorSource> {
  return widenThose(source, cacheDir, '', () => true);
}

/** As `widen`, but half-precision tensors stay as they are: for devices that compute in it. */
export async function widenForeign(source: TensorSource, cacheDir: string): Promise<TensorSource> {
  return widenThose(
    source,
    cacheDir,
    ' foreign',
    ({ dtype, scale }) => scale !== undefined || (dtype !== 'F16' && dtype !== 'BF16'),
  );
}

async function widenThose(
  source: TensorSource,
  cacheDir: string,
  which: string,
  isWanted: (tensor: TensorInfo) => boolean,
): Promise<TensorSource> {
  const narrow = infosOf(source).filter(
    (tensor) =>
      tensor.dtype !== 'F32' && (isFloatDtype(tensor.dtype) || tensor.scale !== undefined) && isWanted(tensor),
  );
  const [first] = narrow;
  if (first === undefined) {
    return source;
  }
  const key = `widen 1 ${await sourceId(source)}${which}`;
  const inputs = filesOf(source);
  const widened = await cachedWeights({ besides: first.file, cacheDir, label: 'fp32', key, inputs }, () =>
    narrow.map((tensor) => ({
      name: tensor.name,
      dtype: 'F32',
      shape: tensor.shape,
      parts: () => floatBytes(streamFloats(tensor)),
    })),
  );
  return overlay(source.origin, source, widened);
}

/** Views of the same memory as bytes. */
async function* floatBytes(parts: AsyncIterable<Float32Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const part of parts) {
    yield new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
  }
}
