/**
 * The seam between nets and devices. A net says which layer stands where; a lowering, chosen when the net is built, says
 * which operators it becomes: those of a processor, of a graphics card, with derivatives, in 8 bits. Whoever adds a form
 * of a layer adds or extends a lowering (lowerings/) and changes no net.
 */
import type { GraphBuilder, Value } from '../onnx/graph.ts';
import type { ConvAttributes, Graph } from '../onnx/index.ts';
import type { LoraTarget } from '../weights/lora/lora-module.ts';
import type { TensorSource } from '../weights/tensor-source.ts';

/** What is computed in between layers; inputs and outputs of every graph stay fp32. */
export type NumberType = 'f32' | 'f16';

/** How a style gets into a net, at modules by their dotted names. */
export type StyleForm = {
  /**
   * Whether each row of a call brings matrices of its own (default) or all rows share one set: the faster graph. `gated`:
   * they share one set whose weights come beside, for mixes that change from call to call.
   */
  readonly rows: 'each' | 'shared' | 'gated';
  /** As a low-rank pair beside the layer; see lora-inputs.ts for the inputs they add. */
  readonly beside: ReadonlySet<string>;
  /** In the matrix, which then is an input; see merged-weights.ts. */
  readonly merged: ReadonlySet<string>;
};

/** What is known beforehand of the height and width of a net's first input. */
export type Sides = {
  /** What the model was made for. */
  readonly usual: number;
  /** Every size is a multiple of this. */
  readonly multiple: number;
};

/** A layer of a net, as it is announced while the net is built; a 1×1 convolution is a matrix too: `linear`. */
export type Layer = LoraTarget & {
  /** The tensor in the checkpoint. */
  readonly weightName: string;
  /** How a matrix is used; undefined for what is computed as a convolution. */
  readonly use:
    | {
        /** For one row of the usual size. */
        readonly tokens: number;
        /** The matrix is used in so many parts of equal size along `out`. */
        readonly parts: number;
        /** In 8 bits. */
        readonly isQuantised: boolean;
      }
    | undefined;
};

/** All that a net needs of a tensor source. */
export type NetWeights = Pick<TensorSource, 'origin' | 'get'>;

export type Building = {
  readonly graph: GraphBuilder;
  readonly source: NetWeights;
  readonly lowering: Lowering;
  readonly styles: StyleForm;
  /** Of the first input, where the net has one with height and width. */
  readonly sides: Sides | undefined;
  readonly onLayer: (layer: Layer) => void;
};

/** What a layer's form may ask of its weights. */
export interface LayerWeights {
  readonly building: Building;
  /** The layer's dotted name in the checkpoint. */
  readonly path: string;
  has(name: string): boolean;
  /** The tensor `name` as a constant of `shape`. Throws `UserError` `model.weights`. */
  weight(name: string, shape: readonly number[]): Value;
  /** `count` rows from `start` of it. */
  weightRows(name: string, shape: readonly number[], start: number, count: number): Value;
  /** Outputs `start` to `start + count` of the tensor `weight` in 8 bits, [kh·kw·in, count], and a scale for each. */
  quantised(shape: readonly number[], start: number, count: number): { readonly values: Value; readonly scale: Value };
}

export type LinearLayer = {
  readonly scope: LayerWeights;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly bias: boolean;
  /** The result is wanted in so many parts of equal width. */
  readonly parts: number;
};

/** How many rows of the picture above and below a part of it came with it: they are seen, and nothing is made of them. */
export type Halo = { readonly above: 0 | 1; readonly below: 0 | 1 };

export type ConvolutionLayer = {
  readonly scope: LayerWeights;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernel: number;
  readonly bias: boolean;
  /** The result is as high and wide as what came in, but for its halo. */
  readonly keepsSize: boolean;
  /** Of what comes in; the attributes' padding is less by it. */
  readonly halo: Halo;
  readonly attributes: ConvAttributes;
};

export type GroupNormOptions = {
  readonly groups: number;
  readonly epsilon: number;
  /** x · sigmoid(x) of the result. */
  readonly silu?: boolean;
  /** A vector [rows, C] that is added to every pixel before. */
  readonly plus?: Value | undefined;
};

export type Heads = {
  readonly heads: number;
  /** Added to the scores; broadcasts to [rows, heads, S, L]. */
  readonly bias?: Value;
};

export interface Lowering {
  readonly dtype: NumberType;
  /** Where a picture's channels lie between layers: [rows, C, H, W] or [rows, H, W, C]. */
  readonly channels: 'first' | 'last';
  /**
   * Bytes of a picture of the usual size above which a decoder keeps it in bands of rows (bands.ts), whose norms and convolutions
   * are then computed one after another: less memory. Infinite where pictures stay whole.
   */
  readonly largestPicture: number;
  /** Rows in one style get a graph of their own (`StyleForm.rows`): worth it where a call holds one picture. */
  readonly sharesStyles: boolean;
  /** Whether graphs read what was made of the weights, instead of them: for other weights it is made anew. */
  readonly replacesWeights: boolean;
  /** What styles come in as: in halves a call sends half as much. */
  readonly styleType: NumberType;
  /** Whether timesteps come in as they are, or as sinusoids that the host has computed. */
  readonly timesteps: 'numbers' | 'sinusoids';
  /** x [rows·S, in] → `parts` values, [rows·S, out / parts] */
  linear(layer: LinearLayer, x: Value): readonly Value[];
  /** Whether that reads the matrix in 8 bits, `LayerWeights.quantised`. */
  isQuantised(layer: LinearLayer, x: Value): boolean;
  /** y + a·b, what a low-rank term is: y [T, N], a [T, K], b [K, N] */
  plusProduct(y: Value, a: Value, b: Value): Value;
  /** Over a picture. */
  convolution(layer: ConvolutionLayer, x: Value): Value;
  /** Over a picture, by a kernel [out, in, k, k] that comes in with a call. */
  convolutionBy(kernel: Value, x: Value, attributes: ConvAttributes): Value;
  /** Over a picture at twice its size by nearest neighbour, where there is a shorter way than to double it first. */
  doubledConvolution?(layer: ConvolutionLayer, x: Value): Value | undefined;
  /** hidden · gelu(gate) of a layer that gives both, one after the other in [rows·S, 2·half], as one operator. */
  readonly gatedGelu?: {
    suits(half: number): boolean;
    /** x: what the layer gives without its bias. */
    apply(building: Building, x: Value, bias: Value): Value;
  };
  /** Over a picture. */
  groupNorm(scope: LayerWeights, x: Value, options: GroupNormOptions): Value;
  /** Over the last axis of tokens x [rows·S, C]. */
  layerNorm(scope: LayerWeights, x: Value, epsilon: number): Value;
  /** softmax(QKᵀ/√d + bias)V: query [rows·S, C], key and value [rows·L, C] → [rows·S, C] */
  attention(building: Building, query: Value, key: Value, value: Value, heads: Heads): Value;
  /**
   * A net's weights with all that its graph wants of them: made once into files in `cacheDir` or found there.
   * `build`: the graph over given weights; over `NO_WEIGHTS` it asks for everything that could be had.
   */
  prepareWeights(weights: TensorSource, build: (weights: NetWeights) => Graph, cacheDir: string): Promise<TensorSource>;
}
