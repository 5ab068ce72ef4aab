/**
 * Noise levels of the sigma samplers (DPM-Solver++, Euler): sigmaVe = sqrt((1 - alphaBar) / alphaBar), the noise in a
 * picture whose signal is kept at 1, at each step's timestep and after the last.
 *
 * As in https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/schedulers/scheduling_euler_discrete.py
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { LastStep } from '../../core/sampling.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

/** Where zero terminal signal was asked for, the last level is this instead of 0: 2^-24, so that sigma stays finite. */
const LEAST_ALPHA_BAR = 2 ** -24;

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
  /** Karras levels lie between timesteps; DPM-Solver++ rounds what it tells the UNet. */
  readonly roundKarrasTimesteps: boolean;
  /** Which levels Karras' curve spans: all of training, or those of the steps. */
  readonly karrasSpan: 'training' | 'steps';
};

export function noiseLevels({
  config,
  alphaBar,
  timesteps,
  lastStep = config.finalSigmasType === 'zero' ? 'one' : 'first',
  roundKarrasTimesteps,
  karrasSpan,
}: NoiseLevelOptions): NoiseLevels {
  const training = Array.from(alphaBar, (value, t) => {
    const pinned = config.rescaleBetasZeroSnr && t === alphaBar.length - 1 ? LEAST_ALPHA_BAR : value;
    return Math.fround(Math.sqrt((1 - pinned) / pinned));
  });
  const last = lastStep === 'one' ? 0 : training[0]!;
  const spaced = timesteps.map((timestep) => interpolate(training, timestep));
  if (!config.useKarrasSigmas) {
    return { timesteps, sigmas: [...spaced, last].map(Math.fround) };
  }
  const [high, low] = karrasSpan === 'training' ? [training.at(-1)!, training[0]!] : [spaced[0]!, spaced.at(-1)!];
  const levels = karrasLevels(high, low, timesteps.length);
  const between = levels.map((level) => timestepOf(level, training));
  return {
    timesteps: roundKarrasTimesteps ? between.map(Math.round) : between.map(Math.fround),
    sigmas: [...levels, last].map(Math.fround),
  };
}

function karrasLevels(high: number, low: number, count: number): readonly number[] {
  const from = high ** (1 / KARRAS_RHO);
  const to = low ** (1 / KARRAS_RHO);
  return Array.from(
    { length: count },
    (_, i) => (from + (count === 1 ? 0 : i / (count - 1)) * (to - from)) ** KARRAS_RHO,
  );
}

/** Between whole timesteps, linear in sigma; past the ends, the end. */
function interpolate(values: readonly number[], at: number): number {
  const below = Math.min(Math.max(Math.floor(at), 0), values.length - 1);
  const above = Math.min(below + 1, values.length - 1);
  return values[below]! + (at - below) * (values[above]! - values[below]!);
}

/** The fractional timestep with this noise level, linear in its logarithm. */
function timestepOf(level: number, training: readonly number[]): number {
  const above = training.findIndex((value) => value > level);
  const low = Math.min(Math.max(above === -1 ? training.length - 2 : above - 1, 0), training.length - 2);
  const logLow = Math.log(training[low]!);
  const logHigh = Math.log(training[low + 1]!);
  const share = (Math.log(Math.max(level, 1e-10)) - logLow) / (logHigh - logLow);
  return low + Math.min(Math.max(share, 0), 1);
}
