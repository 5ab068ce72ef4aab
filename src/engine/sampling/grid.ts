/**
 * The timesteps at which the UNet is asked: picked from the schedule that a latent consistency model was distilled on,
 * spread over training in one of three ways (table 2 of arXiv 2305.08891), or named one by one. Descending, with
 * numpy's rounding, and shortened for a picture to start from. Knows no noise levels.
 */
import { UserError } from '../../core/errors.ts';
import type { TimestepGrid } from '../../core/sampling.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

export type GridOptions = {
  readonly grid: TimestepGrid;
  readonly steps: number;
  /** With a picture to start from: how much of it is drawn anew, 0 < strength ≤ 1. */
  readonly strength: number | undefined;
  /** Intervals rather than points: DPM-Solver++ spreads steps + 1 points and leaves out the last. */
  readonly leaveOutLast?: boolean;
  /** Euler keeps evenly spaced timesteps fractional. */
  readonly keepFractions?: boolean;
};

export type GridTimesteps = {
  readonly timesteps: readonly number[];
  /** Where a picture to start from begins in them. */
  readonly first: number;
};

/**
 * Throws `UserError`: `request.steps` for more steps than the grid has, `request.strength` where none is left,
 * `request.timesteps` for a list that does not descend within training.
 */
export function timestepsOn(config: SchedulerConfig, options: GridOptions): GridTimesteps {
  const { grid, steps, strength } = options;
  if (grid === 'lcm') {
    // Strength shortens the grid that the steps are picked from, so n steps are n steps at every strength.
    const { originalInferenceSteps: originalSteps, numTrainTimesteps: trainTimesteps } = config;
    return { timesteps: lcmTimesteps({ steps, strength: strength ?? 1, originalSteps, trainTimesteps }), first: 0 };
  }
  const first = firstStepAtStrength(steps, strength);
  if (typeof grid !== 'string') {
    checkList(grid, options, config.numTrainTimesteps);
    return { timesteps: grid, first };
  }
  return { timesteps: spacedTimesteps(config, grid, options), first };
}

type LcmGrid = {
  readonly steps: number;
  readonly strength: number;
  readonly originalSteps: number;
  readonly trainTimesteps: number;
};

/**
 * Latent consistency's (arXiv 2310.04378), as in
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/schedulers/scheduling_lcm.py
 */
export function lcmTimesteps({ steps, strength, originalSteps, trainTimesteps }: LcmGrid): readonly number[] {
  const stride = Math.floor(trainTimesteps / originalSteps);
  const grid = Math.trunc(originalSteps * strength);
  if (stride < 1) {
    throw new UserError(
      'model.scheduler',
      `Expected at most ${trainTimesteps} original_inference_steps, but the model's scheduler says ${originalSteps}; mend scheduler_config.json.`,
      {
        params: { key: 'original_inference_steps' },
      },
    );
  }
  if (steps > grid) {
    const reason =
      strength === 1 ? `the LCM schedule has ${grid}` : `the LCM schedule has ${grid} at strength ${strength}`;
    throw new UserError(
      'request.steps',
      `Expected no more steps than the schedule has, but ${steps} were asked for and ${reason}; ask for fewer steps${strength === 1 ? '' : ' or more strength'}.`,
      {
        params: { steps, limit: grid, strength },
      },
    );
  }
  return Array.from({ length: steps }, (_, i) => {
    const fromTop = Math.floor((i * grid) / steps);
    return (grid - fromTop) * stride - 1;
  });
}

function spacedTimesteps(
  config: SchedulerConfig,
  spacing: 'leading' | 'trailing' | 'linspace',
  { steps, leaveOutLast = false, keepFractions = false }: GridOptions,
): readonly number[] {
  const n = config.numTrainTimesteps;
  if (steps > n) {
    throw new UserError(
      'request.steps',
      `Expected at most ${n} steps, but ${steps} were asked for; ask for fewer steps.`,
      { params: { steps, limit: n } },
    );
  }
  const points = leaveOutLast && spacing !== 'trailing' ? steps + 1 : steps;
  switch (spacing) {
    case 'linspace': {
      const stride = points === 1 ? 0 : (n - 1) / (points - 1);
      const ascending = Array.from({ length: points }, (_, i) =>
        keepFractions ? Math.fround(i * stride) : roundHalfToEven(i * stride),
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

function checkList(list: readonly number[], { steps }: GridOptions, trainTimesteps: number): void {
  const isDescending = list.every((timestep, i) => i === 0 || timestep < (list[i - 1] ?? 0));
  if (!isDescending || list.some((timestep) => timestep < 0 || timestep >= trainTimesteps)) {
    throw new UserError(
      'request.timesteps',
      `Expected descending timesteps from ${trainTimesteps - 1} to 0, but got ${list.join(', ')}; put them in order.`,
      { params: { given: list.join(', '), limit: trainTimesteps - 1 } },
    );
  }
  if (list.length !== steps) {
    throw new UserError(
      'request.steps',
      `Expected as many steps as timesteps, but ${steps} were asked for and there are ${list.length} (${list.join(', ')}); ask for ${list.length} steps.`,
      { params: { steps, limit: list.length } },
    );
  }
}

/** Of n steps the last floor(n · strength), as diffusers' image-to-image pipelines do. */
function firstStepAtStrength(steps: number, strength: number | undefined): number {
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

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) {
    return Math.round(value);
  }
  return floor % 2 === 0 ? floor : floor + 1;
}
