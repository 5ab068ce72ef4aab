/**
 * DPM-Solver++ of the second order, multistep, midpoint (arXiv 2211.01095), as in
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/schedulers/scheduling_dpmsolver_multistep.py
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Mix, PlanStep, ScheduleInput } from './plan.ts';
import { noiseLevels } from './sigmas.ts';
import { firstStepAtStrength, spacedTimesteps } from './spaced-timesteps.ts';

/** Schedules shorter than this end with a first-order step. */
const SHORT_SCHEDULE = 15;

export function dpmSolverSteps({ config, alphaBar, steps, strength }: ScheduleInput): readonly PlanStep[] {
  const spread = spacedTimesteps(config, {
    spacing: config.timestepSpacing ?? 'linspace',
    steps,
    leaveOutLast: config.timestepSpacing !== 'trailing',
    round: true,
  });
  const { timesteps, sigmas } = noiseLevels({
    config,
    alphaBar,
    timesteps: spread,
    roundKarrasTimesteps: config.betaSchedule !== 'squaredcos_cap_v2',
    karrasSpan: 'training',
  });
  const endsInFirstOrder =
    config.eulerAtFinal || (config.lowerOrderFinal && steps < SHORT_SCHEDULE) || config.finalSigmasType === 'zero';
  const first = firstStepAtStrength(steps, strength);
  return timesteps.slice(first).map((timestep, k) => {
    const i = first + k;
    const isFirstOrder = k === 0 || (i === steps - 1 && endsInFirstOrder);
    const { alpha, sigma } = level(sigmas[i]!);
    const mix = isFirstOrder
      ? firstOrder(sigmas[i]!, sigmas[i + 1]!)
      : secondOrder(sigmas[i - 1]!, sigmas[i]!, sigmas[i + 1]!);
    return { timestep, inputScale: 1, alpha, sigma, mix };
  });
}

/** sigmaVe → the parts of signal and noise with squares that sum to 1. */
function level(sigmaVe: number): { readonly alpha: number; readonly sigma: number } {
  const alpha = 1 / Math.sqrt(sigmaVe ** 2 + 1);
  return { alpha, sigma: sigmaVe * alpha };
}

/** With h = log(from / to), the step in half log signal-to-noise: e^-h = to / from. */
function firstOrder(from: number, to: number): Mix {
  const next = level(to);
  return { x: next.sigma / level(from).sigma, x0: next.alpha * (1 - to / from), output: 0, previousX0: 0, noise: 0 };
}

function secondOrder(before: number, from: number, to: number): Mix {
  const base = firstOrder(from, to);
  const ratio = Math.log(before / from) / Math.log(from / to); // r0 of the paper
  const correction = (0.5 * base.x0) / ratio;
  return { ...base, x0: base.x0 + correction, previousX0: -correction };
}
