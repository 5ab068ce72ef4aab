/**
 * Euler's method on the probability flow with the signal kept at 1 (algorithm 2 of arXiv 2206.00364 without churn), as
 * in https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/schedulers/scheduling_euler_discrete.py
 *
 * Here x holds x0 + sigmaVe·eps, so the UNet sees it scaled down.
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Plan, PlanStep, ScheduleInput } from './plan.ts';
import { noiseLevels } from './sigmas.ts';
import { firstStepAtStrength, spacedTimesteps } from './spaced-timesteps.ts';

export function eulerSteps({
  config,
  alphaBar,
  steps,
  strength,
}: ScheduleInput): Pick<Plan, 'initialNoiseScale' | 'steps'> {
  const spacing = config.timestepSpacing ?? 'linspace';
  const spread = spacedTimesteps(config, { spacing, steps, leaveOutLast: false, round: false });
  const { timesteps, sigmas } = noiseLevels({
    config,
    alphaBar,
    timesteps: spread,
    roundKarrasTimesteps: false,
    karrasSpan: 'steps',
  });
  const first = firstStepAtStrength(steps, strength);
  const planned = timesteps.slice(first).map((timestep, k): PlanStep => {
    const from = sigmas[first + k]!;
    const to = sigmas[first + k + 1]!;
    const alpha = 1 / Math.sqrt(from ** 2 + 1);
    return {
      timestep,
      inputScale: alpha,
      alpha,
      sigma: from * alpha,
      mix: { x: to / from, x0: 1 - to / from, output: 0, previousX0: 0, noise: 0 },
    };
  });
  const most = Math.max(...sigmas);
  return { initialNoiseScale: spacing === 'leading' ? Math.sqrt(most ** 2 + 1) : most, steps: planned };
}
