/**
 * Noise levels of the sigma samplers (DPM-Solver++, Euler): sigmaVe = sqrt((1 - alphaBar) / alphaBar), the noise in a
 * picture whose signal is kept at 1, at each step's timestep and after the last.
 *
 * As in https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/schedulers/scheduling_euler_discrete.py
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { LastStep } from '../../core/sampling.ts';
import { symmetricBetaQuantile } from './beta-distribution.ts';
import type { Curve, SchedulerConfig } from './scheduler-config.ts';

/** Where zero terminal signal was asked for, the last level is this instead of 0: 2^-24, so that sigma stays finite. */
const LEAST_ALPHA_BAR = 2 ** -24;

/** Both shapes of the distribution of arXiv 2407.12173. */
const BETA_SHAPE = 0.6;

/** rho of Karras et al., arXiv 2206.00364. */
const KARRAS_RHO = 7;

/** The parts of signal and noise in x. */
export type Level = { readonly alpha: number; readonly sigma: number };

/** sigmaVe, the noise in a picture whose signal is kept at 1 → its level. */
export function levelOfSigma(sigmaVe: number): Level {
  const alpha = 1 / Math.sqrt(sigmaVe ** 2 + 1);
  return { alpha, sigma: sigmaVe * alpha };
}

export type NoiseLevels = {
  readonly timesteps: readonly number[];
  /** One more than timesteps: the level after the last step. */
  readonly sigmas: readonly number[];
};

export type NoiseLevelOptions = {
  readonly config: SchedulerConfig;
  readonly alphaBar: Float32Array;
  readonly timesteps: readonly number[];
  /** Absent: as the settings say. */
  readonly lastStep: LastStep | undefined;
  /** Levels of a curve lie between timesteps: how the one between becomes what the UNet is told. */
  readonly toTimestep: (between: number, curve: Curve) => number;
  /** Which levels a curve spans: all of training, or those of the steps. */
  readonly curveSpan: 'training' | 'steps';
};

export function noiseLevels({
  config,
  alphaBar,
  timesteps,
  lastStep = config.finalSigmasType === 'zero' ? 'one' : 'first',
  toTimestep,
  curveSpan,
}: NoiseLevelOptions): NoiseLevels {
  const training = Array.from(alphaBar, (value, t) => {
    const pinned = config.rescaleBetasZeroSnr && t === alphaBar.length - 1 ? LEAST_ALPHA_BAR : value;
    return Math.fround(Math.sqrt((1 - pinned) / pinned));
  });
  const last = lastStep === 'one' ? 0 : training[0]!;
  const spaced = timesteps.map((timestep) => interpolate(training, timestep));
  const { curve } = config;
  if (curve === undefined) {
    return { timesteps, sigmas: [...spaced, last].map(Math.fround) };
  }
  const [high, low] = curveSpan === 'training' ? [training.at(-1)!, training[0]!] : [spaced[0]!, spaced.at(-1)!];
  const count = timesteps.length;
  const levels = Array.from({ length: count }, (_, i) =>
    levelOnCurve(curve, high, low, count === 1 ? 0 : i / (count - 1)),
  );
  const logTraining = training.map((value) => Math.fround(Math.log(value)));
  return {
    timesteps: levels.map((level) => toTimestep(timestepOf(level, logTraining), curve)),
    sigmas: [...levels, last].map(Math.fround),
  };
}

/** From `high` at 0 to `low` at 1. */
function levelOnCurve(curve: Curve, high: number, low: number, at: number): number {
  switch (curve) {
    case 'karras': {
      const [from, to] = [high ** (1 / KARRAS_RHO), low ** (1 / KARRAS_RHO)];
      return (from + at * (to - from)) ** KARRAS_RHO;
    }
    case 'exponential':
      return Math.exp(Math.log(high) + at * (Math.log(low) - Math.log(high)));
    case 'beta':
      return low + symmetricBetaQuantile(1 - at, BETA_SHAPE) * (high - low);
    default:
      return curve satisfies never;
  }
}

/** Between whole timesteps, linear in sigma; past the ends, the end. */
function interpolate(values: readonly number[], at: number): number {
  const below = Math.min(Math.max(Math.floor(at), 0), values.length - 1);
  const above = Math.min(below + 1, values.length - 1);
  return values[below]! + (at - below) * (values[above]! - values[below]!);
}

/**
 * The fractional timestep with this noise level, linear in its logarithm. `logTraining` in 32-bit floats: by their rounding
 * the highest level may come out just below the last timestep, which counts where timesteps are cut to whole ones.
 */
function timestepOf(level: number, logTraining: readonly number[]): number {
  const logLevel = Math.log(Math.max(level, 1e-10));
  const above = logTraining.findIndex((value) => value > logLevel);
  const low = Math.min(Math.max(above === -1 ? logTraining.length - 2 : above - 1, 0), logTraining.length - 2);
  const share = (logLevel - logTraining[low]!) / (logTraining[low + 1]! - logTraining[low]!);
  return low + Math.min(Math.max(share, 0), 1);
}
