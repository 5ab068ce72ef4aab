/**
 * The seam between nets and devices. A net says which layer stands where; a lowering, chosen when the net is built, says
 * which operators it becomes: those of a processor, of a graphics card, with derivatives, in 8 bits. Whoever adds a form
 * of a layer adds or extends a lowering (lowerings/) and changes no net.
 */
import type { Value } from '../onnx/graph.ts';
import type { ConvAttributes, Graph } from '../onnx/index.ts';
import type { TensorSource } from '../weights/tensor-source.ts';
import type { Building, NetWeights } from './building.ts';
import type { WeightScope } from './weight-scope.ts';

/** What is computed in between layers; inputs and outputs of every graph stay fp32. */
export type NumberType = 'f32' | 'f16';

export type LinearLayer = {
  readonly scope: WeightScope;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly bias: boolean;
  /** The result is wanted in so many parts of equal width. */
  readonly parts: number;
};

export type ConvolutionLayer = {
  readonly scope: WeightScope;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly kernel: number;
  readonly bias: boolean;
  /** The result is as high and wide as what came in. */
  readonly keepsSize: boolean;
  readonly attributes: ConvAttributes;
};

export type GroupNormOptions = {
  readonly groups: number;
  readonly epsilon: number;
  /** x · sigmoid(x) of the result. */
  readonly silu?: boolean;
};

export type Heads = {
  readonly heads: number;
  /** Added to the scores; broadcasts to [rows, heads, S, L]. */
  readonly bias?: Value;
};

export interface Lowering {
  readonly dtype: NumberType;
  /** Rows in one style get a graph of their own (`StyleForm.rows`): worth it where a call holds one picture. */
  readonly sharesStyles: boolean;
  /** Whether timesteps come in as they are, or as sinusoids that the host has computed. */
  readonly timesteps: 'numbers' | 'sinusoids';
  /** x [rows·S, in] → `parts` values, [rows·S, out / parts] */
  linear(layer: LinearLayer, x: Value): readonly Value[];
  /** Over a picture. */
  convolution(layer: ConvolutionLayer, x: Value): Value;
  /** Over a picture at twice its size by nearest neighbour, where there is a shorter way than to double it first. */
  doubledConvolution?(layer: ConvolutionLayer, x: Value): Value | undefined;
  /** Over a picture. */
  groupNorm(scope: WeightScope, x: Value, options: GroupNormOptions): Value;
  /** Over the last axis of tokens x [rows·S, C]. */
  layerNorm(scope: WeightScope, x: Value, epsilon: number): Value;
  /** softmax(QKᵀ/√d + bias)V: query [rows·S, C], key and value [rows·L, C] → [rows·S, C] */
  attention(building: Building, query: Value, key: Value, value: Value, heads: Heads): Value;
  /**
   * A net's weights with all that its graph wants of them: made once into files in `cacheDir` or found there.
   * `build`: the graph over given weights; over `NO_WEIGHTS` it asks for everything that could be had.
   */
  prepareWeights(weights: TensorSource, build: (weights: NetWeights) => Graph, cacheDir: string): Promise<TensorSource>;
}
