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
export function sinusoid(t: Value, { features, flipSinToCos, freqShift }: Sinusoid): Value {
  const half = features / 2;
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp((-Math.log(10_000) * i) / (half - freqShift)),
  );
  const table = t.graph.floats(`frequencies ${half} ${freqShift}`, frequencies, [half]);
  const angles = Mul(Unsqueeze(t, [t.shape.length]), table);
  return Concat(flipSinToCos ? [Cos(angles), Sin(angles)] : [Sin(angles), Cos(angles)], -1);
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
