/**
 * The latent consistency schedule and its proportions (arXiv 2310.04378), as in
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/schedulers/scheduling_lcm.py
 *
 * Each step jumps to a finished picture and noises it again to the next timestep, with fresh noise except after the
 * last. Strength shortens the grid that the steps are picked from, so n steps are n steps at every strength.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { UserError } from '../../core/errors.ts';
import type { PlanStep, ScheduleInput } from './plan.ts';
import { assertSignalAt } from './spaced-timesteps.ts';

/** sigma_data of the boundary condition; never configured. */
const SIGMA_DATA = 0.5;

export function lcmSteps({ config, alphaBar, steps, strength }: ScheduleInput): readonly PlanStep[] {
  const timesteps = lcmTimesteps({
    steps,
    strength: strength ?? 1,
    originalSteps: config.originalInferenceSteps,
    trainTimesteps: config.numTrainTimesteps,
  });
  return timesteps.map((timestep, i) => {
    assertSignalAt(timestep, alphaBar, config);
    const alphaBarT = alphaBar[timestep]!;
    const scaled = timestep * config.timestepScaling;
    const cSkip = SIGMA_DATA ** 2 / (scaled ** 2 + SIGMA_DATA ** 2);
    const cOut = scaled / Math.sqrt(scaled ** 2 + SIGMA_DATA ** 2);
    const next = timesteps[i + 1];
    const alphaNext = next === undefined ? 1 : Math.sqrt(alphaBar[next]!);
    return {
      timestep,
      inputScale: 1,
      alpha: Math.sqrt(alphaBarT),
      sigma: Math.sqrt(1 - alphaBarT),
      mix: {
        x: alphaNext * cSkip,
        x0: alphaNext * cOut,
        output: 0,
        previousX0: 0,
        noise: next === undefined ? 0 : Math.sqrt(1 - alphaBar[next]!),
      },
    };
  });
}

type LcmGrid = {
  readonly steps: number;
  readonly strength: number;
  readonly originalSteps: number;
  readonly trainTimesteps: number;
};

/** Descending. Throws `UserError('request.steps')` when the grid at this strength has fewer entries than steps. */
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
