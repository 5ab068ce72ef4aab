/**
 * Weights of 8 bits: a layer's kernel as whole numbers from −127 to 127 with one scale for each of its outputs, and as the
 * matrix that a product wants, [kh·kw·in, out]. Computed once into a cached file that is mapped afterwards. Which layers
 * are worth it is said elsewhere (nets/lowerings/eight-bit-rule.ts).
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { cachedWeights, filesOf, sourceId } from './cache.ts';
import { kernelRounding } from './kernel-rounding.ts';
import type { TensorToWrite } from './safetensors-writer.ts';
import type { TensorInfo, TensorSource } from './tensor-source.ts';
import { TensorTable } from './tensor-table.ts';

/** What the whole numbers of a module are called beside its `weight`, and what their scales are. */
export const QUANTISED = 's8';
export const QUANTISED_SCALE = 's8_scale';

/** Of the whole numbers, either way from 0. */
export const GREATEST = 127;

/** Outputs `start` to `start + count` of `<path>.weight`. */
export type QuantisedPart = { readonly path: string; readonly start: number; readonly count: number };

/** −127 to 127 [kh·kw·in, count] and [count] */
export type QuantisedMatrix = {
  readonly values: Int8Array<ArrayBuffer>;
  readonly scales: Float32Array<ArrayBuffer>;
};

export function quantisedName({ path, start, count }: QuantisedPart, which: string): string {
  return `${path}.${which}[${start}:${start + count}]`;
}

/**
 * `<path>.s8[start:end]` and `<path>.s8_scale[start:end]` for each part. Throws `UserError` as `readFloats`, and
 * `weights.unwritable` when neither the model's folder nor `cacheDir` can take the file.
 */
export async function quantisedWeights(
  source: TensorSource,
  parts: readonly QuantisedPart[],
  cacheDir: string,
): Promise<TensorSource> {
  const found = parts.flatMap((part) => {
    const info = source.get(`${part.path}.weight`);
    return info === undefined ? [] : [{ part, info }];
  });
  const [first] = found;
  if (first === undefined) {
    return new TensorTable(source.origin, []);
  }
  const names = found.map(({ part }) => quantisedName(part, QUANTISED));
  // Of what it is made from alone: where a style changes some weights, the others' are found.
  const weights = new TensorTable(source.origin, new Set(found.map(({ info }) => info)));
  const key = `int8 2 ${await sourceId(weights)} ${JSON.stringify(names)}`;
  return cachedWeights({ besides: first.info.file, cacheDir, label: 'int8', key, inputs: filesOf(weights) }, () =>
    found.flatMap(({ part, info }) => tensorsOf(source, part, info)),
  );
}

function tensorsOf(source: TensorSource, part: QuantisedPart, info: TensorInfo): readonly TensorToWrite[] {
  const { count } = part;
  const perOutput = info.shape.slice(1).reduce((product, side) => product * side, 1);
  // Both tensors come from one reading; they are written one right after the other.
  let made: Promise<QuantisedMatrix> | undefined;
  const matrix = (): Promise<QuantisedMatrix> =>
    (made ??= source
      .readFloats(info.name)
      .then((w) => quantiseMatrix(w.subarray(part.start * perOutput, (part.start + count) * perOutput), info.shape)));
  return [
    {
      name: quantisedName(part, QUANTISED),
      dtype: 'I8',
      shape: [perOutput, count],
      parts: async function* () {
        yield new Uint8Array((await matrix()).values.buffer);
      },
    },
    {
      name: quantisedName(part, QUANTISED_SCALE),
      dtype: 'F32',
      shape: [count],
      parts: async function* () {
        yield new Uint8Array((await matrix()).scales.buffer);
        made = undefined;
      },
    },
  ];
}

/** Outputs that are turned round together: what is written then stays in the cache. */
const BLOCK = 64;

/**
 * w [count, in, …kernel], its outputs' greatest magnitudes to `GREATEST`; `shape`: the whole tensor's, [out, in, …kernel].
 * A matrix is rounded to the nearest, a kernel as kernel-rounding.ts says. A row of zeros has the scale 1.
 */
export function quantiseMatrix(w: Float32Array, shape: readonly number[]): QuantisedMatrix {
  const [, inFeatures = 1, ...kernel] = shape;
  const round = kernelRounding(kernel);
  const area = kernel.reduce((product, side) => product * side, 1);
  const perOutput = inFeatures * area;
  const count = w.length / perOutput;
  const scales = new Float32Array(count);
  for (let o = 0; o < count; o++) {
    let greatest = 0;
    for (let k = o * perOutput; k < (o + 1) * perOutput; k++) {
      greatest = Math.max(greatest, Math.abs(w[k]!));
    }
    scales[o] = greatest === 0 ? 1 : greatest / GREATEST;
  }
  const values = new Int8Array(w.length);
  const places = new Float64Array(area);
  for (let from = 0; from < count; from += BLOCK) {
    const to = Math.min(count, from + BLOCK);
    for (let c = 0; c < inFeatures; c++) {
      for (let o = from; o < to; o++) {
        const first = o * perOutput + c * area;
        for (let place = 0; place < area; place++) {
          places[place] = w[first + place]! / scales[o]!;
        }
        round(places);
        for (let place = 0; place < area; place++) {
          values[(place * inFeatures + c) * count + o] = places[place]!;
        }
      }
    }
  }
  return { values, scales };
}
