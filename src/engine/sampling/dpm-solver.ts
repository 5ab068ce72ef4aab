/**
 * DPM-Solver++ of the second order, multistep, midpoint (arXiv 2211.01095), as in
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/schedulers/scheduling_dpmsolver_multistep.py
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { timestepsOn } from './grid.ts';
import type { Mix, PlanStep, ScheduleInput } from './plan.ts';
import { levelOfSigma, noiseLevels } from './sigmas.ts';

/** Schedules shorter than this end with a first-order step. */
const SHORT_SCHEDULE = 15;

export function dpmSolverSteps({ config, alphaBar, sampling, steps, strength }: ScheduleInput): readonly PlanStep[] {
  const grid = sampling.grid ?? config.timestepSpacing ?? 'linspace';
  const { timesteps: spread, first } = timestepsOn(config, { grid, steps, strength, leaveOutLast: true });
  const { timesteps, sigmas } = noiseLevels({
    config,
    alphaBar,
    timesteps: spread,
    lastStep: sampling.lastStep,
    roundKarrasTimesteps: config.betaSchedule !== 'squaredcos_cap_v2',
    karrasSpan: 'training',
  });
  const endsInFirstOrder =
    config.eulerAtFinal || (config.lowerOrderFinal && steps < SHORT_SCHEDULE) || sigmas.at(-1) === 0;
  return timesteps.slice(first).map((timestep, k) => {
    const i = first + k;
    const isFirstOrder = k === 0 || (i === steps - 1 && endsInFirstOrder);
    const { alpha, sigma } = levelOfSigma(sigmas[i]!);
    const mix = isFirstOrder
      ? firstOrder(sigmas[i]!, sigmas[i + 1]!)
      : secondOrder(sigmas[i - 1]!, sigmas[i]!, sigmas[i + 1]!);
    return { timestep, alpha, sigma, mix };
  });
}

/** With h = log(from / to), the step in half log signal-to-noise: e^-h = to / from. */
function firstOrder(from: number, to: number): Mix {
  const next = levelOfSigma(to);
  return {
    x: next.sigma / levelOfSigma(from).sigma,
    x0: next.alpha * (1 - to / from),
    output: 0,
    previousX0: 0,
    noise: 0,
  };
}

function secondOrder(before: number, from: number, to: number): Mix {
  const base = firstOrder(from, to);
  const ratio = Math.log(before / from) / Math.log(from / to); // r0 of the paper
  const correction = (0.5 * base.x0) / ratio;
  return { ...base, x0: base.x0 + correction, previousX0: -correction };
}
