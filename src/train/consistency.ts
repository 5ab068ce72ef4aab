/**
 * Latent consistency distillation (Luo et al., arXiv 2310.04378, 2311.05556) as arithmetic over arrays: the teacher's
 * guided step, the boundary conditions, and how far a student is off. Numbers in, numbers out; knows no nets.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { NoiseSchedule } from './noising.ts';

/** Of the data; a constant of the paper's boundary conditions, not measured. */
const SIGMA_DATA = 0.5;

/** c_skip and c_out at a timestep: 1 and 0 at the end, where the picture itself is asked for (2310.04378, section 4.1). */
export function boundary(timestep: number, timestepScaling: number): readonly [skip: number, out: number] {
  const scaled = timestep * timestepScaling;
  const root = Math.sqrt(scaled ** 2 + SIGMA_DATA ** 2);
  return [SIGMA_DATA ** 2 / root ** 2, scaled / root];
}

/**
 * x0 as a line in what the net predicts: x0 = ofSample · x + ofPrediction · prediction. Throws `RangeError` where nothing
 * of x is left, and only ε is predicted.
 */
export function originalFrom(schedule: NoiseSchedule, timestep: number): { ofSample: number; ofPrediction: number } {
  const [signal, sigma] = schedule.at(timestep);
  switch (schedule.prediction) {
    case 'epsilon':
      if (signal === 0) {
        throw new RangeError(`Expected some signal at timestep ${timestep}, there is none.`);
      }
      return { ofSample: 1 / signal, ofPrediction: -sigma / signal };
    case 'v_prediction':
      return { ofSample: signal, ofPrediction: -sigma };
    case 'sample':
      return { ofSample: 0, ofPrediction: 1 };
    default:
      return schedule.prediction satisfies never;
  }
}

export type Guided = {
  /** x at `from`. */
  readonly x: Float32Array;
  readonly conditional: Float32Array;
  readonly unconditional: Float32Array;
  readonly from: number;
  readonly to: number;
  /** 0: the conditional prediction alone. */
  readonly guidance: number;
};

/** A DDIM step from x at `from` to `to`, with guidance: both x0 and ε go beyond the conditional ones (eq. 14). */
export function guidedStep(schedule: NoiseSchedule, { x, conditional, unconditional, from, to, guidance }: Guided) {
  const [signal, sigma] = schedule.at(from);
  const [nextSignal, nextSigma] = schedule.at(to);
  const { ofSample, ofPrediction } = originalFrom(schedule, from);
  const result = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const prediction = conditional[i]! + guidance * (conditional[i]! - unconditional[i]!);
    const original = ofSample * x[i]! + ofPrediction * prediction;
    // x = signal · x0 + sigma · ε, solved for ε.
    result[i] = nextSignal * original + (nextSigma * (x[i]! - signal * original)) / sigma;
  }
  return result;
}

export type Consistency = {
  readonly x: Float32Array;
  readonly timestep: number;
  readonly timestepScaling: number;
};

/** What a consistency model says: c_skip · x + c_out · x0. */
export function consistent(
  schedule: NoiseSchedule,
  { x, timestep, timestepScaling }: Consistency,
  prediction: Float32Array,
): Float32Array<ArrayBuffer> {
  const { factor, ofSample } = line(schedule, timestep, timestepScaling);
  return Float32Array.from(x, (value, i) => ofSample * value + factor * prediction[i]!);
}

/** How far off a student is: factor · prediction + offset, where `target` is what it should say. */
export function studentError(
  schedule: NoiseSchedule,
  { x, timestep, timestepScaling }: Consistency,
  target: Float32Array,
): { readonly factor: number; readonly offset: Float32Array<ArrayBuffer> } {
  const { factor, ofSample } = line(schedule, timestep, timestepScaling);
  return { factor, offset: Float32Array.from(x, (value, i) => ofSample * value - target[i]!) };
}

function line(schedule: NoiseSchedule, timestep: number, timestepScaling: number) {
  const [skip, out] = boundary(timestep, timestepScaling);
  const { ofSample, ofPrediction } = originalFrom(schedule, timestep);
  return { factor: out * ofPrediction, ofSample: skip + out * ofSample };
}
