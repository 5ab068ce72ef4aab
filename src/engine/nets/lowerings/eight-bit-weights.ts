/**
 * What a net in 8 bits reads: its matrices from a file made once, and the float tensors that are left, which alone are
 * widened: of a model in half precision a few megabytes. What the matrices were made from stays in the table, for styles to
 * be merged into. Knows no layer.
 */
import { QUANTISED, QUANTISED_SCALE, quantisedWeights, type QuantisedPart } from '../../weights/quantised.ts';
import type { TensorSource } from '../../weights/tensor-source.ts';
import { overlay, renamed } from '../../weights/tensor-table.ts';
import { widen } from '../../weights/index.ts';
import type { Graph } from '../../onnx/index.ts';
import type { NetWeights } from '../building.ts';

/** As `Lowering.prepareWeights`, for graphs that take no style into their matrices: what the source has in 8 bits stays. */
export async function preparedInEightBits(
  source: TensorSource,
  build: (weights: NetWeights) => Graph,
  cacheDir: string,
): Promise<TensorSource> {
  const { initializers } = build(asIfQuantised(source));
  const parts = initializers.flatMap(({ name }) => (source.get(name) === undefined ? (partOf(name) ?? []) : []));
  const floats = new Set(initializers.map(({ name }) => name.replace(/\[.*$/u, '')));
  const left = renamed(source.origin, source, (name) => (floats.has(name) ? name : undefined));
  const wide = overlay(source.origin, source, await widen(left, cacheDir));
  return overlay(source.origin, wide, await quantisedWeights(source, parts, cacheDir));
}

/** What a net over these prepared weights reads: the matrices, and of the others what is not one of them in float. */
export function bytesInEightBits(weights: TensorSource): number {
  const replaced = new Set(weights.names.flatMap((name) => partOf(name)?.path ?? []));
  const read = weights.names.filter((name) => !replaced.has(name.replace(/\.weight$/u, '')));
  return read.reduce((total, name) => total + (weights.get(name)?.length ?? 0), 0);
}

const NAME = new RegExp(`^(?<path>.*)\\.${QUANTISED}\\[(?<start>\\d+):(?<end>\\d+)\\]$`, 'u');

function partOf(name: string): QuantisedPart | undefined {
  const { path, start, end } = NAME.exec(name)?.groups ?? {};
  return path === undefined ? undefined : { path, start: Number(start), count: Number(end) - Number(start) };
}

function isQuantised(name: string): boolean {
  return [QUANTISED, QUANTISED_SCALE].some((kind) => name.includes(`.${kind}[`));
}

/** The source with all that could be in 8 bits: nothing lies behind those tensors. */
function asIfQuantised(source: TensorSource): NetWeights {
  return {
    origin: source.origin,
    get: (name) =>
      source.get(name) ??
      (isQuantised(name) ? { name, dtype: 'I8', shape: [], file: '', offset: 0, length: 0 } : undefined),
  };
}
