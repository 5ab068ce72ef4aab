/**
 * Layers that stay in bytes from one to the next: what comes in is u8 by a scale that was found beforehand, kernels are s8 by
 * a scale for each output, and so is what comes out. Channels of a picture are evened out first, for one scale has to do for
 * all of them: what a layer divides an output by, those that read it multiply by. Knows no net: which layers there are comes in.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { kernelRounding } from './kernel-rounding.ts';
import { GREATEST } from './quantised.ts';
import type { TensorToWrite } from './safetensors-writer.ts';
import type { TensorSource } from './tensor-source.ts';

/** Where a picture lies in bytes between layers. */
export type BytePoint = {
  readonly name: string;
  /** Pictures of a group are added to one another, so that their channels are evened out alike. */
  readonly group: string;
  /** Nothing below 0 is kept. */
  readonly isRectified: boolean;
  /** It is added to that point and rectified then, so that less than what takes it to 0 is never told apart. */
  readonly addedTo?: string;
};

/** From the point `x` to the point `y`; without one to values from 0 to 1 in 255 steps. */
export type ByteConvolution = {
  readonly path: string;
  readonly hasBias: boolean;
  readonly x: string;
  readonly y: string | undefined;
};

export type ByteLayers = { readonly points: readonly BytePoint[]; readonly convolutions: readonly ByteConvolution[] };

/** Of each channel at a point. */
export type Ranges = ReadonlyMap<string, { readonly least: Float32Array; readonly greatest: Float32Array }>;

/** What tensors are called beside a layer's `weight`, and beside a point. */
export const BYTES = {
  kernel: 'u8s8',
  kernelScale: 'u8s8_scale',
  bias: 'u8s8_bias',
  scale: 'u8_scale',
  zeroPoint: 'u8_zero',
  /** What a picture in float becomes bytes by, for each channel. */
  channelScales: 'u8_scales',
} as const;

/** onnxruntime's kernels take outputs in so many at once, and far longer for a rest: zeros fill it. */
export const OUTPUTS_AT_ONCE = 16;

/** Of what was seen beforehand: another picture may have more. */
const HEADROOM = 1.25;
/** How far channels are evened out: 1 would give all of them the same range, at the cost of the kernels' own precision. */
const EVENNESS = 0.5;
/** Of the mean range: what is hardly ever there is not made large. */
const LEAST_RANGE = 1e-3;

/** Throws `UserError` as `readFloats`. */
export async function byteTensors(
  source: TensorSource,
  { points, convolutions }: ByteLayers,
  ranges: Ranges,
): Promise<readonly TensorToWrite[]> {
  const evening = eveningOf(points, ranges);
  const scales = scalesOf(points, ranges, evening);
  const floats = points.flatMap(({ name }) => {
    const { scale } = scales.get(name)!;
    return [
      tensor(
        `${name}.${BYTES.channelScales}`,
        'F32',
        evening.get(name)!.map((each) => each * scale),
      ),
      tensor(`${name}.${BYTES.scale}`, 'F32', Float32Array.of(scale), []),
    ];
  });
  const kernels: TensorToWrite[] = [];
  for (const { path, hasBias, x, y } of convolutions) {
    const { shape = [] } = source.get(`${path}.weight`) ?? {};
    const even = { x: evening.get(x)!, y: y === undefined ? undefined : evening.get(y)! };
    const w = evened(await source.readFloats(`${path}.weight`), shape, even);
    const made = kernelBytes(w, shape);
    floats.push(tensor(`${path}.${BYTES.kernelScale}`, 'F32', made.scales));
    if (hasBias) {
      const b = await source.readFloats(`${path}.bias`);
      const steps = Int32Array.from(made.scales, (scale, o) =>
        Math.round((b[o] ?? 0) / (even.y?.[o] ?? 1) / (scales.get(x)!.scale * scale)),
      );
      floats.push(tensor(`${path}.${BYTES.bias}`, 'I32', steps));
    }
    kernels.push(tensor(`${path}.${BYTES.kernel}`, 'I8', made.values, [made.scales.length, ...shape.slice(1)]));
  }
  const zeroPoints = points.map(({ name }) =>
    tensor(`${name}.${BYTES.zeroPoint}`, 'U8', Uint8Array.of(scales.get(name)!.zeroPoint), []),
  );
  // Numbers of four bytes first: so each lies where a processor reads it at once.
  return [...floats, ...kernels, ...zeroPoints];
}

/** What each channel of a point is divided by. */
function eveningOf(points: readonly BytePoint[], ranges: Ranges): ReadonlyMap<string, Float32Array<ArrayBuffer>> {
  const groups = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, group, isRectified } of points) {
    const { least, greatest } = ranges.get(name)!;
    const before = groups.get(group);
    const seen = Float32Array.from(greatest, (high, c) =>
      Math.max(high, isRectified ? 0 : -least[c]!, before?.[c] ?? 0),
    );
    groups.set(group, seen);
  }
  const evening = new Map(
    Array.from(groups, ([group, seen]) => {
      const mean = seen.reduce((sum, each) => sum + each, 0) / seen.length || 1;
      return [group, seen.map((each) => Math.max(each / mean, LEAST_RANGE) ** EVENNESS)];
    }),
  );
  return new Map(points.map(({ name, group }) => [name, evening.get(group)!]));
}

type Scale = { readonly scale: number; readonly zeroPoint: number };

function scalesOf(
  points: readonly BytePoint[],
  ranges: Ranges,
  evening: ReadonlyMap<string, Float32Array>,
): ReadonlyMap<string, Scale> {
  const bounds = (name: string): { readonly low: number; readonly high: number } => {
    const [even, { least, greatest }] = [evening.get(name)!, ranges.get(name)!];
    return {
      low: HEADROOM * Math.min(0, ...least.map((each, c) => each / even[c]!)),
      high: HEADROOM * Math.max(0, ...greatest.map((each, c) => each / even[c]!)),
    };
  };
  return new Map(
    points.map(({ name, isRectified, addedTo }) => {
      const { low, high } = bounds(name);
      const most = addedTo === undefined ? Number.POSITIVE_INFINITY : bounds(addedTo).high;
      const kept = isRectified ? 0 : Math.max(low, -most);
      const scale = (high - kept) / 255 || 1;
      return [name, { scale, zeroPoint: Math.round(-kept / scale) }];
    }),
  );
}

/** w [O, I, …kernel] for inputs that were divided by `x` and outputs to be divided by `y`. */
function evened(
  w: Float32Array<ArrayBuffer>,
  [, inputs = 1, ...kernel]: readonly number[],
  { x, y }: { readonly x: Float32Array; readonly y: Float32Array | undefined },
): Float32Array<ArrayBuffer> {
  const area = kernel.reduce((product, side) => product * side, 1);
  return w.map((value, at) => {
    const [input, output] = [Math.floor(at / area) % inputs, Math.floor(at / area / inputs)];
    return (value * x[input]!) / (y?.[output] ?? 1);
  });
}

/** w [O, I, …kernel] by a scale for each output, of which there are enough to fill the last of those taken at once. */
function kernelBytes(
  w: Float32Array,
  [outputs = 1, ...rest]: readonly number[],
): { readonly values: Int8Array<ArrayBuffer>; readonly scales: Float32Array<ArrayBuffer> } {
  const kernel = rest.slice(1);
  const round = kernelRounding(kernel);
  const area = kernel.reduce((product, side) => product * side, 1);
  const perOutput = w.length / outputs;
  const filled = Math.ceil(outputs / OUTPUTS_AT_ONCE) * OUTPUTS_AT_ONCE;
  const scales = new Float32Array(filled).fill(1);
  const values = new Int8Array(filled * perOutput);
  for (let o = 0; o < outputs; o++) {
    const row = w.subarray(o * perOutput, (o + 1) * perOutput);
    const scale = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / GREATEST || 1;
    scales[o] = scale;
    for (let at = 0; at < perOutput; at += area) {
      const places = Float64Array.from(row.subarray(at, at + area), (value) => value / scale);
      round(places);
      values.set(places, o * perOutput + at);
    }
  }
  return { values, scales };
}

function tensor(
  name: string,
  dtype: TensorToWrite['dtype'],
  data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer>,
  shape: readonly number[] = [data.length],
): TensorToWrite {
  return {
    name,
    dtype,
    shape,
    parts: async function* () {
      yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    },
  };
}
