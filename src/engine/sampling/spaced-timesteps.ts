/**
 * Timesteps of the many-step samplers: spread over the training schedule in one of three ways (table 2 of
 * arXiv 2305.08891), with numpy's rounding, and shortened for a picture to start from.
 */
import { UserError } from '../../core/errors.ts';
import type { SchedulerConfig, TimestepSpacing } from './scheduler-config.ts';

export type Spread = {
  readonly spacing: TimestepSpacing;
  readonly steps: number;
  /** Intervals rather than points: DPM-Solver++ spreads steps + 1 points and leaves out the last. */
  readonly leaveOutLast: boolean;
  /** Euler keeps evenly spaced timesteps fractional. */
  readonly round: boolean;
};

/** Descending. Throws `UserError('request.steps')` for more steps than the model was trained with. */
export function spacedTimesteps(
  config: SchedulerConfig,
  { spacing, steps, leaveOutLast, round }: Spread,
): readonly number[] {
  const n = config.numTrainTimesteps;
  if (steps > n) {
    throw new UserError(
      'request.steps',
      `Expected at most ${n} steps, but ${steps} were asked for; ask for fewer steps.`,
      { params: { steps, limit: n } },
    );
  }
  const points = leaveOutLast ? steps + 1 : steps;
  switch (spacing) {
    case 'linspace': {
      const stride = points === 1 ? 0 : (n - 1) / (points - 1);
      const ascending = Array.from({ length: points }, (_, i) =>
        round ? roundHalfToEven(i * stride) : Math.fround(i * stride),
      );
      return ascending.toReversed().slice(0, steps);
    }
    case 'leading': {
      const stride = Math.floor(n / points);
      return Array.from({ length: steps }, (_, i) => (points - 1 - i) * stride + config.stepsOffset);
    }
    case 'trailing': {
      const stride = n / steps;
      return Array.from({ length: steps }, (_, i) => roundHalfToEven(n - i * stride) - 1);
    }
    default:
      return spacing satisfies never;
  }
}

/**
 * Of n steps the last floor(n · strength), as diffusers' image-to-image pipelines do.
 * Throws `UserError('request.strength')` when none is left.
 */
export function firstStepAtStrength(steps: number, strength: number | undefined): number {
  if (strength === undefined) {
    return 0;
  }
  const kept = Math.min(Math.trunc(steps * strength), steps);
  if (kept < 1) {
    throw new UserError(
      'request.strength',
      `Expected a strength that leaves at least one step, but ${steps} steps at strength ${strength} leave none; ask for more strength or more steps.`,
      {
        params: { steps, strength },
      },
    );
  }
  return steps - kept;
}

/** At alphaBar 0 there is no signal to divide by; only v and sample predictions can start there. */
export function assertSignalAt(timestep: number, alphaBar: Float32Array, config: SchedulerConfig): void {
  if (alphaBar[timestep] === 0 && config.predictionType === 'epsilon') {
    throw new UserError(
      'model.scheduler',
      'Expected a v or sample prediction with rescale_betas_zero_snr, but the model predicts epsilon, which has no value at zero signal; mend scheduler_config.json.',
      {
        params: { key: 'rescale_betas_zero_snr' },
      },
    );
  }
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) {
    return Math.round(value);
  }
  return floor % 2 === 0 ? floor : floor + 1;
}
