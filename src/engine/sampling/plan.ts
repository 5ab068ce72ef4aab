/** One picture's plan, by the model's config and the wanted sampler. Knows no tensors and no noise. */
import type { Sampling } from '../../core/sampling.ts';
import { dpmSolverSteps } from './dpm-solver.ts';
import { jumpSteps } from './jump.ts';
import { alphasCumprod } from './noise-schedule.ts';
import { UserError } from '../../core/errors.ts';
import type { Constraint, Plan, ScheduleInput } from './plan-table.ts';
import type { SchedulerConfig } from './scheduler-config.ts';

export type PlanOptions = Sampling & {
  readonly steps: number;
  /** With a picture to start from: how much of it is drawn anew, 0 < strength ≤ 1. */
  readonly strength: number | undefined;
};

/**
 * Throws `UserError('request.steps' | 'request.strength' | 'request.timesteps' | 'model.scheduler')` where the schedule
 * has no such steps.
 */
export function plan(config: SchedulerConfig, { steps, strength, ...sampling }: PlanOptions): Plan {
  requireFollowed(config, sampling.scheduler);
  const input: ScheduleInput = { config, alphaBar: alphasCumprod(config), sampling, steps, strength };
  const threshold: Constraint = config.thresholding
    ? { kind: 'threshold', ratio: config.dynamicThresholdingRatio, max: config.sampleMaxValue }
    : { kind: 'none' };
  const thresholdOrClip: Constraint =
    !config.thresholding && config.clipSample ? { kind: 'clip', range: config.clipSampleRange } : threshold;
  const prediction = config.predictionType;
  switch (sampling.scheduler) {
    case 'lcm':
    case 'ddim':
      return { prediction, constraint: thresholdOrClip, ...jumpSteps(sampling.scheduler, input) };
    case 'dpm++':
      return { prediction, constraint: threshold, initialNoiseScale: 1, steps: dpmSolverSteps(input) };
    case 'tcd':
    case 'euler':
      return { prediction, constraint: { kind: 'none' }, ...jumpSteps(sampling.scheduler, input) };
    default:
      return sampling.scheduler satisfies never;
  }
}

/** Settings of a model that would be left out in silence are refused for the sampler that they are made for. */
function requireFollowed({ unfollowed: { sigmas, solver } }: SchedulerConfig, scheduler: Sampling['scheduler']): void {
  const counting = scheduler === 'dpm++' ? [...solver, ...sigmas] : scheduler === 'euler' ? sigmas : [];
  const [first] = counting;
  if (first !== undefined) {
    throw new UserError(
      'model.scheduler-setting',
      `Expected scheduler settings that ${scheduler} can follow, but the model's say ${first}; draw with another scheduler, such as ddim.`,
      { params: { scheduler, setting: first } },
    );
  }
}
