/**
 * What the small decoder in bytes reads beside its weights: made once into a cached file. The ranges that its layers work in are
 * seen while it decodes, in float, what its own encoder makes of drawn shapes: noise is no picture, and what it decodes noise to
 * says nothing of pictures.
 */
import type { Picture } from '../../core/picture.ts';
import {
  buildTinyDecoder,
  buildTinyEncoder,
  gainsByBytes,
  loweringFor,
  tinyByteLayers,
  type AutoencoderTinyConfig,
} from '../nets/index.ts';
import { Neg, ReduceMax, type Graph } from '../onnx/index.ts';
import type { FloatTensor } from '../ort/index.ts';
import { byteTensors, type Ranges } from '../weights/byte-layers.ts';
import { cachedWeights, filesOf, sourceId } from '../weights/cache.ts';
import { renamed, type TensorSource } from '../weights/index.ts';
import { drawnShapes } from './drawn-shapes.ts';
import { areNumbers, notNumbers } from './numbers.ts';
import { pictureToValues } from './picture-values.ts';
import type { NetPlace } from './session-opener.ts';

const SEEDS = [1, 2, 3, 4];
const SIDE = 256;

/** Whether a decoder gains by bytes and there is what shows its ranges. */
export function canBeBytes(config: AutoencoderTinyConfig, weights: TensorSource): boolean {
  return gainsByBytes(config) && weights.get('encoder.layers.0.weight') !== undefined;
}

/** `weights`: widened. Throws `UserError` (`model.nan`, `weights.…`). */
export async function tinyBytes(
  config: AutoencoderTinyConfig,
  weights: TensorSource,
  place: NetPlace,
): Promise<TensorSource> {
  // Of what it is made from alone: other forms may lie beside.
  const made = renamed(weights.origin, weights, (name) => (/\.(?:weight|bias)$/u.test(name) ? name : undefined));
  const [besides = weights.origin] = filesOf(made);
  const key = `tiny bytes 1 ${await sourceId(made)}`;
  return cachedWeights({ besides, cacheDir: place.cacheDir, label: 'int8', key, inputs: filesOf(made) }, async () =>
    byteTensors(made, tinyByteLayers(config), await seenRanges(config, made, place)),
  );
}

async function seenRanges(config: AutoencoderTinyConfig, weights: TensorSource, { open }: NetPlace): Promise<Ranges> {
  const build = { lowering: loweringFor({ provider: 'cpu' }) };
  const points = new Set(tinyByteLayers(config).points.map(({ name }) => name));
  const decoder = buildTinyDecoder(config, weights, build, (path, value) => {
    if (points.has(path)) {
      value.graph.output(`${path} greatest`, ReduceMax(value, [0, 2, 3], { keepdims: false }));
      value.graph.output(`${path} least`, Neg(ReduceMax(Neg(value), [0, 2, 3], { keepdims: false })));
    }
  });
  const run = async (graph: Graph, feeds: Readonly<Record<string, FloatTensor>>) => {
    const session = await open.lean(graph);
    try {
      return await session.run(feeds);
    } finally {
      await session.release();
    }
  };
  const pictures = SEEDS.map((seed) => drawnShapes(seed, SIDE));
  const { latents } = await run(buildTinyEncoder(config, weights, build), { image: imageOf(pictures) });
  if (latents === undefined) {
    throw new Error('the encoder gave no latents');
  }
  const seen = await run(decoder, { latents });
  const of = (name: string): Float32Array => {
    const data = seen[name]?.data ?? Float32Array.of(Number.NaN);
    if (!areNumbers(data)) {
      throw notNumbers();
    }
    return data;
  };
  return new Map([...points].map((name) => [name, { least: of(`${name} least`), greatest: of(`${name} greatest`) }]));
}

function imageOf(pictures: readonly Picture[]): FloatTensor {
  const data = new Float32Array(pictures.length * 3 * SIDE ** 2);
  pictures.forEach((picture, k) => data.set(pictureToValues(picture), k * 3 * SIDE ** 2));
  return { data, shape: [pictures.length, 3, SIDE, SIDE] };
}
