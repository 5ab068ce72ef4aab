/**
 * The decoder of AutoencoderTiny whose pictures stay bytes from the first doubling to the pixels: what costs it time on a
 * processor is to read and write them. All scales were found beforehand (model/tiny-bytes.ts), a ReLU is a zero point of 0, and
 * channels lie last. What comes before, a sixty-fourth of the pixels, is in float: there latents come in, and an error lasts.
 */
import type { Value } from '../onnx/graph.ts';
import {
  Cast,
  Concat,
  DequantizeLinear,
  Mul,
  QLinearAdd,
  QLinearConv,
  QuantizeLinear,
  Reshape,
  Shape,
  SliceAxis,
  Sub,
  Transpose,
  type ByteScale,
  type Graph,
  type Quantised,
} from '../onnx/index.ts';
import { dimAt, fixedDim, scaled } from '../onnx/shape.ts';
import {
  BYTES,
  OUTPUTS_AT_ONCE,
  type ByteConvolution,
  type ByteLayers,
  type BytePoint,
} from '../weights/byte-layers.ts';
import {
  softlyClamped,
  tinyDecoderLayers,
  tinyLayers,
  type AutoencoderTinyConfig,
  type TinyLayer,
} from './autoencoder-tiny.ts';
import { buildNet, output, type BuildOptions, type NetWeights } from './building.ts';
import { channelsFirst } from './pictures.ts';
import { WeightScope } from './weight-scope.ts';

const LAYERS = 'decoder.layers';

/** Fewer channels are read and written in little time, and have few neighbours to even out an error. */
const FEWEST_CHANNELS = 64;

/** Whether a decoder gains by it; one that doubles nothing has no such part. */
export function gainsByBytes({ decoder }: AutoencoderTinyConfig): boolean {
  return decoder.length > 1 && decoder.every(({ channels }) => channels >= FEWEST_CHANNELS);
}

/** The points are those that `buildTinyDecoder` has an observer told of. */
export function tinyByteLayers(config: AutoencoderTinyConfig): ByteLayers {
  const { entry, bytes } = parted(config);
  const points: BytePoint[] = [{ name: pathOf(entry), group: pathOf(entry), isRectified: true }];
  const convolutions: ByteConvolution[] = [];
  let [x, group] = [pathOf(entry), pathOf(entry)];
  for (const layer of bytes) {
    const path = pathOf(layer);
    if (layer.kind === 'block') {
      const [first, second, third] = [`${path}.conv.0`, `${path}.conv.2`, `${path}.conv.4`] as const;
      points.push({ name: first, group: first, isRectified: true });
      points.push({ name: second, group: second, isRectified: true });
      points.push({ name: third, group, isRectified: false, addedTo: x });
      points.push({ name: path, group, isRectified: true });
      convolutions.push({ path: first, hasBias: true, x, y: first });
      convolutions.push({ path: second, hasBias: true, x: first, y: second });
      convolutions.push({ path: third, hasBias: true, x: second, y: third });
    } else if (layer.kind === 'doubled') {
      group = path;
      points.push({ name: path, group, isRectified: false });
      convolutions.push({ path, hasBias: false, x, y: path });
    } else {
      convolutions.push({ path, hasBias: true, x, y: undefined });
    }
    x = path;
  }
  return { points, convolutions };
}

/** As `buildTinyDecoder`, of weights with `byteTensors` of the layers above beside them; the image is clipped to −1 … 1. */
export function buildTinyDecoderInBytes(
  config: AutoencoderTinyConfig,
  weights: NetWeights,
  options: BuildOptions,
): Graph {
  const { floats, entry, bytes } = parted(config);
  return buildNet('vae_decoder', weights, options, (building) => {
    const { graph } = building;
    const scope = new WeightScope(building);
    const x = channelsFirst(building, tinyLayers(building, softlyClamped(building, config), floats));
    const channelScales = scope.prepared(`${pathOf(entry)}.${BYTES.channelScales}`, 'f32', [entry.channels]);
    const first = QuantizeLinear(Cast(x, 'f32'), channelScales, { axis: 1, dtype: 'u8' });
    const given = { values: Transpose(first, [0, 2, 3, 1]), ...scaleAt(scope, pathOf(entry)) };
    const { values } = bytes.reduce((y, layer) => byteLayer(scope, y, layer), given);
    const planes = Transpose(
      SliceAxis(values, 3, { start: 0, end: config.outChannels }, config.outChannels),
      [0, 3, 1, 2],
    );
    // From 0 … 2 to −1 … 1.
    const image = DequantizeLinear({ values: planes, scale: graph.scalar(2 / 255), zeroPoint: graph.byte(0, 'u8') });
    output(building, 'image', Sub(image, graph.scalar(1)));
  });
}

function parted(config: AutoencoderTinyConfig) {
  const layers = tinyDecoderLayers(config);
  const at = layers.findIndex(({ kind }) => kind === 'doubled');
  const [floats, bytes] = [layers.slice(0, at), layers.slice(at)];
  const entry = floats.at(-1);
  if (entry === undefined) {
    throw new Error('Expected a decoder that doubles its picture.');
  }
  return { floats, entry, bytes };
}

function pathOf({ number }: TinyLayer): string {
  return `${LAYERS}.${number}`;
}

function scaleAt(scope: WeightScope, point: string): ByteScale {
  return {
    scale: scope.prepared(`${point}.${BYTES.scale}`, 'f32', []),
    zeroPoint: scope.prepared(`${point}.${BYTES.zeroPoint}`, 'u8', []),
  };
}

function byteLayer(scope: WeightScope, x: Quantised, layer: TinyLayer): Quantised {
  const { kind, channels } = layer;
  const path = pathOf(layer);
  if (kind === 'block') {
    const made = [0, 2, 4].reduce((y, k) => convolution(scope, y, { path: `${path}.conv.${k}`, channels }), x);
    return QLinearAdd(made, x, scaleAt(scope, path));
  }
  if (kind === 'doubled') {
    return convolution(scope, { ...x, values: doubled(x.values) }, { path, channels, hasBias: false });
  }
  const { graph } = x.values;
  const outputs = Math.ceil(channels / OUTPUTS_AT_ONCE) * OUTPUTS_AT_ONCE;
  const pixels = { scale: graph.scalar(1 / 255), zeroPoint: graph.byte(0, 'u8') };
  return convolution(scope, x, { path, channels: outputs, y: pixels });
}

/** 3×3, from x to the point of its own path unless to `y`. */
function convolution(
  scope: WeightScope,
  x: Quantised,
  { path, channels, hasBias = true, y }: ConvolutionOf,
): Quantised {
  const kernel = {
    values: scope.prepared(`${path}.${BYTES.kernel}`, 'i8', [channels, fixedDim(x.values.shape, 3), 3, 3]),
    scale: scope.prepared(`${path}.${BYTES.kernelScale}`, 'f32', [channels]),
    bias: hasBias ? scope.prepared(`${path}.${BYTES.bias}`, 'i32', [channels]) : undefined,
  };
  return QLinearConv(x, kernel, y ?? scaleAt(scope, path), [1, 1, 1, 1]);
}

type ConvolutionOf = {
  readonly path: string;
  readonly channels: number;
  readonly hasBias?: boolean;
  readonly y?: ByteScale;
};

/** x [N, H, W, C] → [N, 2H, 2W, C] by nearest neighbour; onnxruntime's Resize takes several times as long over bytes. */
function doubled(x: Value): Value {
  const [rows, height, width, channels] = [
    dimAt(x.shape, 0),
    dimAt(x.shape, 1),
    dimAt(x.shape, 2),
    fixedDim(x.shape, 3),
  ];
  const wide = Reshape(Concat([x, x], 3), [0, 0, -1], [rows, height, `${width}·${2 * channels}`]);
  const both = Concat([wide, wide], 2, `${width}·${4 * channels}`);
  const target = Mul(Shape(x), x.graph.ints([1, 2, 2, 1]));
  return Reshape(both, target, [rows, scaled(height, 2, 1), scaled(width, 2, 1), channels]);
}
