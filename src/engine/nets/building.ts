/**
 * What all nets are built with: the graph, where weights come from, the number type, and which forms of an operator
 * the device likes. Whoever adds a number type or a device changes this file and the layers, no net.
 */
import { GraphBuilder, type Value } from '../onnx/graph.ts';
import { Cast, Concat, Reshape, Shape } from '../onnx/index.ts';
import type { DataType, Dim, Graph } from '../onnx/model-proto.ts';
import type { Provider } from '../onnx/provider.ts';
import { dimAt, fixedDim, lengthWhere, type Shape as Dims } from '../onnx/shape.ts';
import type { TensorSource } from '../weights/tensor-source.ts';

/** What is computed in; inputs and outputs of every graph stay fp32. */
export type NumberType = 'f32' | 'f16';

/** Parts computed in fp32 inside an fp16 net, where a model would overflow. */
export type Island = 'norm' | 'attention';

export type BuildOptions = {
  readonly provider: Provider;
  readonly dtype?: NumberType;
  readonly islands?: readonly Island[];
  /**
   * 'winograd': the convolutions that gain by it take transformed kernels where the weights have them; see winograd.ts.
   * Over `NO_WEIGHTS` such a graph says which ones it wants. Default 'direct'.
   */
  readonly convolutions?: 'direct' | 'winograd';
  /** Modules that take a LoRA at run time, by their dotted names; see lora-inputs.ts for the inputs they add. */
  readonly loraModules?: ReadonlySet<string>;
  /** Whether each row of a call brings matrices of its own (default) or all rows share one set: the faster graph. */
  readonly loraRows?: LoraRows;
  /** Modules whose matrix is an input, for a style is in it already; see merged-weights.ts. */
  readonly mergedModules?: ReadonlySet<string>;
};

export type LoraRows = 'each' | 'shared';

/** What is known beforehand of the height and width of a net's first input. */
export type Sides = {
  /** What the model was made for. */
  readonly usual: number;
  /** Every size is a multiple of this. */
  readonly multiple: number;
};

/** A layer that a LoRA can change. */
export type LoraTarget = {
  /** The dotted checkpoint name: `down_blocks.0.attentions.0.proj_in`. */
  readonly module: string;
  /** 1×1 convolutions are matrices too: `linear`. */
  readonly kind: 'linear' | 'conv';
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernel: readonly [number, number];
  readonly stride: number;
  /** The tensor in the checkpoint. */
  readonly weightName: string;
  /** Of that tensor: 1×1 convolutions keep their two ones where the checkpoint has them. */
  readonly convolution: boolean;
  /** How a matrix is used; undefined for what is computed as a convolution. */
  readonly use:
    | {
        /** For one row of the usual size. */
        readonly tokens: number;
        /** The matrix is used in so many parts of equal size along `out`. */
        readonly parts: number;
      }
    | undefined;
};

/** All that a net needs of a tensor source. */
export type NetWeights = Pick<TensorSource, 'origin' | 'get'>;

/** A net over these has the right shapes and nothing behind them: for questions about a config alone. */
export const NO_WEIGHTS: NetWeights = { origin: 'no file', get: () => undefined };

export type Building = {
  readonly graph: GraphBuilder;
  readonly source: NetWeights;
  readonly dtype: NumberType;
  readonly attention: 'fused' | 'decomposed';
  readonly islands: ReadonlySet<Island>;
  /** See subpixel.ts. */
  readonly isSubpixel: boolean;
  /** Absent where every convolution is direct. */
  readonly winograd: Sides | undefined;
  readonly loraModules: ReadonlySet<string>;
  readonly loraRows: LoraRows;
  readonly mergedModules: ReadonlySet<string>;
  /** Of the first input, where the net has one with height and width. */
  readonly sides: Sides | undefined;
  readonly onTarget: (target: LoraTarget) => void;
};

/** Stands for the first axis of everything: pictures in a call. */
export const ROWS = 'rows';

/** Runs `define` over a fresh graph and returns what it built. */
export function buildNet(
  name: string,
  source: NetWeights,
  {
    provider,
    dtype = 'f32',
    islands = [],
    convolutions = 'direct',
    sides,
    loraModules = new Set(),
    loraRows = 'each',
    mergedModules = new Set(),
  }: BuildOptions & { readonly sides?: Sides },
  define: (building: Building) => void,
  onTarget: (target: LoraTarget) => void = () => {},
): Graph {
  const graph = new GraphBuilder(name);
  const attention = provider === 'cpu' || provider === 'cuda' ? 'fused' : 'decomposed';
  const seen = new Set<string>();
  define({
    graph,
    source,
    dtype,
    attention,
    islands: new Set(islands),
    isSubpixel: provider === 'cpu' && dtype === 'f32',
    winograd: convolutions === 'winograd' ? sides : undefined,
    loraModules,
    loraRows,
    mergedModules,
    sides,
    onTarget: (target) => {
      seen.add(target.module);
      onTarget(target);
    },
  });
  for (const module of [...loraModules, ...mergedModules]) {
    if (!seen.has(module)) {
      throw new Error(`${name} has no module ${module} that could take a LoRA.`);
    }
  }
  return graph.finish();
}

/** An fp32 input, cast to the number type of the net. */
export function input(building: Building, name: string, shape: Dims): Value {
  return Cast(building.graph.input(name, 'f32', shape), building.dtype);
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

/** Runs `compute` in fp32 where the net says so. */
export function onIsland(
  building: Building,
  island: Island,
  values: readonly Value[],
  compute: (values: readonly Value[]) => Value,
): Value {
  const wanted: DataType = building.islands.has(island) ? 'f32' : building.dtype;
  return Cast(compute(values.map((value) => Cast(value, wanted))), building.dtype);
}
