/**
 * Timesteps as vectors: sines and cosines of geometrically spaced frequencies, then two linear layers. Formulas:
 * diffusers' `get_timestep_embedding` and `TimestepEmbedding`.
 */
import type { Value } from '../onnx/graph.ts';
import { Add, Cast, Concat, Cos, Mul, QuickGelu, Sin, Unsqueeze } from '../onnx/index.ts';
import { linear } from './linear.ts';
import type { WeightScope } from './weight-scope.ts';

export type Sinusoid = {
  /** Even. */
  readonly features: number;
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
};

/** fp32 `t` [rows, …] → [rows, …, features], always computed in fp32. */
export function sinusoid(t: Value, waves: Sinusoid): Value {
  const { features, flipSinToCos, freqShift } = waves;
  const half = features / 2;
  const table = t.graph.floats(`frequencies ${half} ${freqShift}`, frequenciesOf(waves), [half]);
  const angles = Mul(Unsqueeze(t, [t.shape.length]), table);
  return Concat(flipSinToCos ? [Cos(angles), Sin(angles)] : [Sin(angles), Cos(angles)], -1);
}

/** As `sinusoid`, of one number, into `target`, which has `features` places: for devices whose sines are too coarse. */
export function writeSinusoid(t: number, waves: Sinusoid, target: Float32Array): void {
  const half = waves.features / 2;
  const [sines, cosines] = waves.flipSinToCos ? [half, 0] : [0, half];
  for (const [i, frequency] of frequenciesOf(waves).entries()) {
    const angle = Math.fround(t * frequency);
    target[sines + i] = Math.sin(angle);
    target[cosines + i] = Math.cos(angle);
  }
}

function frequenciesOf({ features, freqShift }: Sinusoid): Float32Array<ArrayBuffer> {
  const half = features / 2;
  return Float32Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10_000) * i) / (half - freqShift)));
}

/** linear_2(silu(linear_1(x + cond_proj(condition)))) → [rows, features] */
export function timestepEmbedding(scope: WeightScope, x: Value, features: number, condition?: Value): Value {
  const inFeatures = Number(x.shape[1]);
  const shifted =
    condition === undefined ? x : Add(x, linear(scope.at('cond_proj'), condition, inFeatures, { bias: false }));
  const hidden = silu(linear(scope.at('linear_1'), Cast(shifted, scope.building.lowering.dtype), features));
  return linear(scope.at('linear_2'), hidden, features);
}

/** x · sigmoid(x): one operator instead of two. */
export function silu(x: Value): Value {
  return QuickGelu(x, { alpha: 1 });
}
