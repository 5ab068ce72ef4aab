/**
 * The step that LCM, TCD, DDIM and Euler share: x is taken apart into x0 and eps, and put together again at the next
 * level of noise, where a part of the noise may be fresh:
 *
 *   x' = alpha'·x0 + sqrt(sigma'² - fresh²)·eps + fresh·noise
 *
 * What tells them apart is how much is fresh. DDIM (arXiv 2010.02502): eta times the deviation of the forward process.
 * TCD (arXiv 2402.19159): what lies between the next timestep t' and s = floor((1 - eta)·t'). LCM (arXiv 2310.04378):
 * all of it, with a boundary term of a millionth. Euler (arXiv 2206.00364 without churn): none; its x with the signal
 * kept at 1 is ours divided by alpha, so it is DDIM between levels that may lie between timesteps. Follows
 * https://github.com/huggingface/diffusers/tree/58eb52c0/src/diffusers/schedulers (lcm, tcd, ddim, euler_discrete).
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import { UserError } from '../../core/errors.ts';
import type { Sampling, TimestepGrid } from '../../core/sampling.ts';
import { timestepsOn } from './grid.ts';
import type { Mix, Plan, PlanStep, ScheduleInput } from './plan-table.ts';
import type { PredictionType, SchedulerConfig } from './scheduler-config.ts';
import { levelOfSigma, noiseLevels, type Level } from './sigmas.ts';

/** sigma_data of LCM's boundary condition; never configured. */
const SIGMA_DATA = 0.5;

export type JumpSampler = Exclude<Sampling['scheduler'], 'dpm++'>;
type Jump = {
  readonly timestep: number;
  readonly from: Level;
  readonly to: Level;
  /** The timestep of `to`; undefined after the last step. */
  readonly target: number | undefined;
};

export function jumpSteps(scheduler: JumpSampler, input: ScheduleInput): Pick<Plan, 'initialNoiseScale' | 'steps'> {
  const { config, sampling } = input;
  const eta = sampling.eta ?? (scheduler === 'tcd' ? TCD_ETA : 0);
  const { jumps, initialNoiseScale } = scheduler === 'euler' ? eulerJumps(input) : jumpsOf(scheduler, input);
  return {
    initialNoiseScale,
    steps: jumps.map((jump): PlanStep => {
      const fresh = freshNoise(scheduler, jump, eta, input.alphaBar);
      const mix = mixOf(config.predictionType, jump, fresh);
      return {
        timestep: jump.timestep,
        ...jump.from,
        mix: scheduler === 'lcm' ? withBoundary(mix, jump, config) : mix,
      };
    }),
  };
}

/** diffusers' and the paper's. */
const TCD_ETA = 0.3;

/** Levels at whole timesteps. */
function jumpsOf(
  scheduler: Exclude<JumpSampler, 'euler'>,
  { config, alphaBar, sampling, steps, strength }: ScheduleInput,
): { readonly jumps: readonly Jump[]; readonly initialNoiseScale: number } {
  const isConsistency = scheduler !== 'ddim';
  const grid = sampling.grid ?? (isConsistency ? 'lcm' : (config.timestepSpacing ?? 'leading'));
  const { timesteps, first } = timestepsOn(config, { grid, steps, strength });
  // A steps_offset can push the first of very many timesteps past the schedule's end.
  const drawn = timesteps.slice(first).map((timestep) => Math.min(timestep, config.numTrainTimesteps - 1));
  const ends = sampling.lastStep ?? ownLastStep(scheduler, config);
  const end: Level = ends === 'one' ? { alpha: 1, sigma: 0 } : levelAt(0, alphaBar);
  const stride = !isConsistency && isSpaced(grid) ? Math.floor(config.numTrainTimesteps / steps) : undefined;
  const jumps = drawn.map((timestep, i): Jump => {
    assertSignalAt(timestep, alphaBar, config);
    // DDIM goes by the stride of training steps, whatever the spacing.
    const next = stride === undefined ? drawn[i + 1] : timestep - stride;
    const target = next === undefined || next < 0 ? undefined : next;
    const to = target === undefined ? end : levelAt(target, alphaBar);
    return { timestep, from: levelAt(timestep, alphaBar), to, target };
  });
  return { jumps, initialNoiseScale: 1 };
}

/** Levels of a list of sigmas, which may be Karras' or lie between timesteps. */
function eulerJumps({ config, alphaBar, sampling, steps, strength }: ScheduleInput): {
  readonly jumps: readonly Jump[];
  readonly initialNoiseScale: number;
} {
  const grid = sampling.grid ?? config.timestepSpacing ?? 'linspace';
  const spread = timestepsOn(config, { grid, steps, strength, keepFractions: true });
  const { timesteps, sigmas } = noiseLevels({
    config,
    alphaBar,
    timesteps: spread.timesteps,
    lastStep: sampling.lastStep,
    toTimestep: Math.fround,
    curveSpan: 'steps',
  });
  const levels = sigmas.map(levelOfSigma);
  const jumps = timesteps
    .map((timestep, i): Jump => ({
      timestep,
      from: levels[i]!,
      to: levels[i + 1]!,
      target: timesteps[i + 1],
    }))
    .slice(spread.first);
  // Where the grid begins at the end of training, pictures start as noise of that level without its signal.
  return { jumps, initialNoiseScale: grid === 'leading' ? 1 : levels[0]!.sigma };
}

function ownLastStep(scheduler: JumpSampler, config: SchedulerConfig): 'one' | 'first' {
  return scheduler === 'lcm' || (scheduler === 'ddim' && config.setAlphaToOne) ? 'one' : 'first';
}

function isSpaced(grid: TimestepGrid): boolean {
  return grid === 'leading' || grid === 'trailing' || grid === 'linspace';
}

function levelAt(timestep: number, alphaBar: Float32Array): Level {
  return { alpha: Math.sqrt(alphaBar[timestep]!), sigma: Math.sqrt(1 - alphaBar[timestep]!) };
}

/** How much of the noise at the next level is fresh: 0 to sigma'. */
function freshNoise(scheduler: JumpSampler, jump: Jump, eta: number, alphaBar: Float32Array): number {
  const { from, to, target } = jump;
  switch (scheduler) {
    case 'lcm':
      return target === undefined ? 0 : to.sigma;
    case 'tcd': {
      if (target === undefined || eta === 0) {
        return 0;
      }
      const between = alphaBar[Math.floor((1 - eta) * target)]!;
      return Math.sqrt(1 - to.alpha ** 2 / between);
    }
    case 'ddim':
      return eta * Math.sqrt((to.sigma ** 2 / from.sigma ** 2) * (1 - from.alpha ** 2 / to.alpha ** 2));
    case 'euler':
      return 0;
    default:
      return scheduler satisfies never;
  }
}

/** eps comes from the output before x0 is clipped. */
function mixOf(prediction: PredictionType, { from, to }: Jump, fresh: number): Mix {
  const kept = Math.sqrt(Math.max(0, to.sigma ** 2 - fresh ** 2));
  const rest = { x0: to.alpha, previousX0: 0, noise: fresh };
  switch (prediction) {
    case 'epsilon':
      return { ...rest, x: 0, output: kept };
    case 'v_prediction':
      return { ...rest, x: kept * from.sigma, output: kept * from.alpha };
    case 'sample':
      return { ...rest, x: kept / from.sigma, output: (-kept * from.alpha) / from.sigma };
    default:
      return prediction satisfies never;
  }
}

/** The guess itself is c_out·x0 + c_skip·x. */
function withBoundary(mix: Mix, { timestep, to }: Jump, { timestepScaling }: SchedulerConfig): Mix {
  const scaled = timestep * timestepScaling;
  const cSkip = SIGMA_DATA ** 2 / (scaled ** 2 + SIGMA_DATA ** 2);
  const cOut = scaled / Math.sqrt(scaled ** 2 + SIGMA_DATA ** 2);
  return { ...mix, x: mix.x + to.alpha * cSkip, x0: to.alpha * cOut };
}

/** At alphaBar 0 there is no signal to divide by; only v and sample predictions can start there. */
function assertSignalAt(timestep: number, alphaBar: Float32Array, config: SchedulerConfig): void {
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
