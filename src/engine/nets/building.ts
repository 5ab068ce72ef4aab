/**
 * What all nets are built with: the graph, where weights come from, and the lowering that turns layers into operators.
 */
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { Cast, Concat, Reshape, Shape } from '../onnx/index.ts';
import type { Dim, Graph } from '../onnx/model-proto.ts';
import { dimAt, fixedDim, lengthWhere, type Shape as Dims } from '../onnx/shape.ts';
import type { Building, Layer, Lowering, NetWeights, Sides, StyleForm } from './lowering.ts';

export type { Building, Layer, NetWeights, Sides, StyleForm } from './lowering.ts';

export type BuildOptions = {
  readonly lowering: Lowering;
  /** Default: a style gets in nowhere. */
  readonly styles?: Partial<StyleForm>;
};

/** A net over these has the right shapes and nothing behind them: for questions about a config alone. */
export const NO_WEIGHTS: NetWeights = { origin: 'no file', get: () => undefined };

/** Stands for the first axis of everything: pictures in a call. */
export const ROWS = 'rows';

const NO_STYLES: StyleForm = { rows: 'each', beside: new Set(), merged: new Set() };

/** Runs `define` over a fresh graph and returns what it built. */
export function buildNet(
  name: string,
  source: NetWeights,
  { lowering, styles, sides }: BuildOptions & { readonly sides?: Sides },
  define: (building: Building) => void,
  onLayer: (layer: Layer) => void = () => {},
): Graph {
  const graph = new GraphBuilder(name);
  const form = { ...NO_STYLES, ...styles };
  const seen = new Set<string>();
  define({
    graph,
    source,
    lowering,
    styles: form,
    sides,
    onLayer: (layer) => {
      seen.add(layer.module);
      onLayer(layer);
    },
  });
  for (const module of [...form.beside, ...form.merged]) {
    if (!seen.has(module)) {
      throw new Error(`${name} has no module ${module} that could take a LoRA.`);
    }
  }
  return graph.finish();
}

/** An fp32 input, cast to the number type of the net. */
export function input(building: Building, name: string, shape: Dims): Value {
  return Cast(building.graph.input(name, 'f32', shape), building.lowering.dtype);
}

/** Of a style, in the lowering's own type for them. */
export function styleInput({ graph, lowering }: Building, name: string, shape: Dims): Value {
  return Cast(graph.input(name, lowering.styleType, shape), lowering.dtype);
}

export function output(building: Building, name: string, value: Value): void {
  building.graph.output(name, Cast(value, 'f32'));
}

/** How many rows this call has, as a tensor [1]. The first input of every net starts with that axis. */
export function rowCount({ graph }: Building): Value {
  const [first] = graph.inputs;
  if (first?.shape[0] !== ROWS) {
    throw new Error('Expected a net whose first input has an axis of rows.');
  }
  return Shape(first, { start: 0, end: 1 });
}

/**
 * Between layers, tokens are flat: [rows·S, C], the form that a matrix product wants. Where rows matter they are taken
 * apart: [rows, S, C]. Vectors [rows, C] are tokens with S = 1. Neither way copies anything.
 */
export function byRows(building: Building, tokens: Value): Value {
  const channels = fixedDim(tokens.shape, 1);
  const target = Concat([rowCount(building), building.graph.ints([-1, channels])], 0);
  return Reshape(tokens, target, [ROWS, tokensPerRow(tokens), channels]);
}

/** [rows, S, C] → [rows·S, C] */
export function flat(tokens: Value): Value {
  const [, perRow, channels] = [dimAt(tokens.shape, 0), dimAt(tokens.shape, 1), fixedDim(tokens.shape, 2)];
  return Reshape(tokens, [-1, channels], [perRow === 1 ? ROWS : `${ROWS}·${perRow}`, channels]);
}

/**
 * What a count of tokens, `rows·height/2·width/2` say, comes to for one row of the size that the net was made for. A
 * prompt's count as a side, which is near enough for what this decides: the cheaper of two forms.
 */
export function usualCount({ sides }: Building, count: Dim): number {
  if (sides === undefined || typeof count === 'number') {
    return typeof count === 'number' ? count : 1;
  }
  return count.split('·').reduce((product, dim) => product * (dim === ROWS ? 1 : lengthWhere(dim, sides.usual)), 1);
}

function tokensPerRow(tokens: Value): Dim {
  const length = String(dimAt(tokens.shape, 0));
  if (length === ROWS) {
    return 1;
  }
  const perRow = length.slice(`${ROWS}·`.length);
  return /^\d+$/.test(perRow) ? Number(perRow) : perRow;
}
