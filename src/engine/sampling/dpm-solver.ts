/**
 * DPM-Solver++ of the first and second order, multistep, as an ordinary or a stochastic equation (arXiv 2211.01095), as in
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/schedulers/scheduling_dpmsolver_multistep.py
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { timestepsOn } from './grid.ts';
import type { Mix, PlanStep, ScheduleInput } from './plan-table.ts';
import type { SchedulerConfig } from './scheduler-config.ts';
import { levelOfSigma, noiseLevels } from './sigmas.ts';

type Solver = SchedulerConfig['solver'];

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
    // What lies between two timesteps is told as the lower one, but for Karras' levels, which are rounded.
    toTimestep: (between, curve) =>
      curve === 'karras' && config.betaSchedule !== 'squaredcos_cap_v2' ? Math.round(between) : Math.floor(between),
    curveSpan: 'training',
  });
  const endsInFirstOrder =
    config.eulerAtFinal || (config.lowerOrderFinal && steps < SHORT_SCHEDULE) || sigmas.at(-1) === 0;
  return timesteps.slice(first).map((timestep, k) => {
    const i = first + k;
    const isFirstOrder = config.solver.order === 1 || k === 0 || (i === steps - 1 && endsInFirstOrder);
    const { alpha, sigma } = levelOfSigma(sigmas[i]!);
    const mix = isFirstOrder
      ? firstOrder(sigmas[i]!, sigmas[i + 1]!, config.solver)
      : secondOrder([sigmas[i - 1]!, sigmas[i]!, sigmas[i + 1]!], config.solver);
    return { timestep, alpha, sigma, mix };
  });
}

/**
 * With h = log(from / to), the step in half log signal-to-noise: e^-h = to / from. As a stochastic equation the same step
 * goes twice as far towards x0, and fresh noise makes up for it.
 */
function firstOrder(from: number, to: number, { isStochastic }: Solver): Mix {
  const next = levelOfSigma(to);
  const kept = to / from;
  return {
    x: (next.sigma / levelOfSigma(from).sigma) * (isStochastic ? kept : 1),
    x0: next.alpha * (1 - (isStochastic ? kept ** 2 : kept)),
    output: 0,
    previousX0: 0,
    noise: isStochastic ? next.sigma * Math.sqrt(1 - kept ** 2) : 0,
  };
}

function secondOrder([before, from, to]: readonly [number, number, number], solver: Solver): Mix {
  const base = firstOrder(from, to, solver);
  const h = Math.log(from / to);
  const ratio = Math.log(before / from) / h; // r0 of the paper
  const slope = solver.type === 'midpoint' ? 0.5 * base.x0 : heunSlope(h, to, solver);
  const correction = slope / ratio;
  return { ...base, x0: base.x0 + correction, previousX0: -correction };
}

/** Infinite h, to no noise at all, has the limit alpha. */
function heunSlope(h: number, to: number, { isStochastic }: Solver): number {
  const twice = isStochastic ? 2 * h : h;
  return levelOfSigma(to).alpha * (1 + (Number.isFinite(twice) ? Math.expm1(-twice) / twice : 0));
}
