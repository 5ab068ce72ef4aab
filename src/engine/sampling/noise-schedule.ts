/**
 * alphaBar[t], the share of signal (as a power) that is left in a picture noised to timestep t, for every t of
 * training: x_t = sqrt(alphaBar[t]) x_0 + sqrt(1 - alphaBar[t]) eps.
 *
 * Rounded to 32-bit floats where torch rounds, so that schedules agree with diffusers to the last digits. Knows no
 * sampler.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { SchedulerConfig } from './scheduler-config.ts';

/** The largest beta of the cosine schedule. */
const MAX_COSINE_BETA = 0.999;

/** [numTrainTimesteps], falling from nearly 1 to nearly 0 (to exactly 0 with zero terminal signal). */
export function alphasCumprod(config: SchedulerConfig): Float32Array {
  const alphas = betas(config).map((beta) => 1 - beta);
  return config.rescaleBetasZeroSnr
    ? cumulativeProduct(alphasWithoutTerminalSignal(cumulativeProduct(alphas)))
    : cumulativeProduct(alphas);
}

function betas(config: SchedulerConfig): Float32Array {
  if (config.trainedBetas !== undefined) {
    return Float32Array.from(config.trainedBetas);
  }
  const { numTrainTimesteps: n, betaStart, betaEnd } = config;
  switch (config.betaSchedule) {
    case 'linear':
      return linspace(betaStart, betaEnd, n);
    case 'scaled_linear':
      return linspace(Math.sqrt(betaStart), Math.sqrt(betaEnd), n).map((root) => root * root);
    case 'squaredcos_cap_v2':
      return Float32Array.from({ length: n }, (_, i) =>
        Math.min(1 - cosineAlphaBar((i + 1) / n) / cosineAlphaBar(i / n), MAX_COSINE_BETA),
      );
    default:
      return config.betaSchedule satisfies never;
  }
}

function cosineAlphaBar(time: number): number {
  return Math.cos(((time + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
}

/** torch's: from both ends towards the middle, in 32-bit floats. */
function linspace(start: number, end: number, count: number): Float32Array {
  const values = new Float32Array(count);
  const step = Math.fround(Math.fround(Math.fround(end) - Math.fround(start)) / Math.max(count - 1, 1));
  for (let i = 0; i < count; i++) {
    values[i] = i < count / 2 ? Math.fround(start) + step * i : Math.fround(end) - step * (count - 1 - i);
  }
  return values;
}

function cumulativeProduct(values: Float32Array): Float32Array {
  let product = 1;
  return values.map((value) => (product *= value));
}

/**
 * Algorithm 1 of arXiv 2305.08891: shifts and stretches sqrt(alphaBar) so that it ends at 0 and starts where it did.
 * Takes alphaBar, gives alpha.
 */
function alphasWithoutTerminalSignal(alphaBar: Float32Array): Float32Array {
  const roots = alphaBar.map(Math.sqrt);
  const first = roots[0]!;
  const last = roots.at(-1)!;
  const squares = roots.map((root) => ((root - last) * (first / (first - last))) ** 2);
  return squares.map((square, t) => (t === 0 ? square : square / squares[t - 1]!));
}
