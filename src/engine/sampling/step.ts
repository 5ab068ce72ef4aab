/**
 * Runs a plan: how latents start, and what they become after the UNet's answer to them.
 *
 * Pure functions of plan, step index and arrays of one picture; nothing is kept between calls. A picture's noise comes
 * in as an argument, drawn from its own stream by whoever owns it. Arrays are flat [channels · height · width].
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Constraint, Plan, PlanStep } from './plan-table.ts';
import type { PredictionType } from './scheduler-config.ts';

/** A picture between two steps. */
export type Latents = {
  readonly x: Float32Array;
  /** The last guess of the finished latents, for previews and for the next step of DPM-Solver++. */
  readonly x0: Float32Array | undefined;
};

/** Latents before the first step: noise alone, or `init` noised as far as the first timestep says. */
export function initialLatents(plan: Plan, noise: Float32Array, init: Float32Array | undefined): Latents {
  if (init === undefined) {
    return { x: noise.map((value) => value * plan.initialNoiseScale), x0: undefined };
  }
  const { alpha, sigma } = stepAt(plan, 0);
  return { x: init.map((value, i) => alpha * value + sigma * noise[i]!), x0: undefined };
}

/** Whether step `index` wants noise; if so, one draw of x's length from the picture's stream. */
export function drawsNoise(plan: Plan, index: number): boolean {
  return stepAt(plan, index).mix.noise !== 0;
}

export type StepInput = {
  readonly latents: Latents;
  /** The UNet's answer, guidance already applied. */
  readonly output: Float32Array;
  /** Required where `drawsNoise` says so. */
  readonly noise: Float32Array | undefined;
};

/** The latents after step `index`; the inputs are left as they are. */
export function step(plan: Plan, index: number, { latents, output, noise }: StepInput): Latents {
  const planned = stepAt(plan, index);
  const { mix } = planned;
  if (mix.noise !== 0 && noise === undefined) {
    throw new Error(`step ${index} draws noise but was given none`);
  }
  const x0 = guess(plan.prediction, planned, latents.x, output);
  constrain(plan.constraint, x0);
  const previousX0 = mix.previousX0 === 0 ? undefined : latents.x0;
  if (mix.previousX0 !== 0 && previousX0 === undefined) {
    throw new Error(`step ${index} builds on the guess of the step before but was given none`);
  }
  const x = new Float32Array(x0.length);
  for (let i = 0; i < x.length; i++) {
    x[i] = mix.x * latents.x[i]! + mix.x0 * x0[i]!;
  }
  addScaled(x, output, mix.output);
  addScaled(x, previousX0, mix.previousX0);
  addScaled(x, noise, mix.noise);
  return { x, x0 };
}

function stepAt(plan: Plan, index: number): PlanStep {
  const planned = plan.steps[index];
  if (planned === undefined) {
    throw new Error(`the plan has ${plan.steps.length} steps, none at index ${index}`);
  }
  return planned;
}

/** x0 from the model's output: x = alpha·x0 + sigma·eps, v = alpha·eps - sigma·x0. */
function guess(
  prediction: PredictionType,
  { alpha, sigma }: PlanStep,
  x: Float32Array,
  output: Float32Array,
): Float32Array {
  const x0 = new Float32Array(x.length);
  switch (prediction) {
    case 'epsilon': {
      const ofX = 1 / alpha;
      const ofOutput = sigma / alpha;
      for (let i = 0; i < x0.length; i++) {
        x0[i] = ofX * x[i]! - ofOutput * output[i]!;
      }
      return x0;
    }
    case 'v_prediction': {
      const ofX = alpha;
      for (let i = 0; i < x0.length; i++) {
        x0[i] = ofX * x[i]! - sigma * output[i]!;
      }
      return x0;
    }
    case 'sample':
      x0.set(output);
      return x0;
    default:
      return prediction satisfies never;
  }
}

/** In place. */
function constrain(constraint: Constraint, x0: Float32Array): void {
  switch (constraint.kind) {
    case 'none':
      return;
    case 'clip':
      clampTo(x0, constraint.range, 1);
      return;
    case 'threshold': {
      const level = Math.min(Math.max(quantile(x0.map(Math.abs), constraint.ratio), 1), constraint.max);
      clampTo(x0, level, level);
      return;
    }
    default:
      return constraint satisfies never;
  }
}

function clampTo(values: Float32Array, range: number, divisor: number): void {
  for (let i = 0; i < values.length; i++) {
    values[i] = Math.min(Math.max(values[i]!, -range), range) / divisor;
  }
}

/** torch's: linear between the two neighbours in order. Sorts `values`. */
function quantile(values: Float32Array, ratio: number): number {
  values.sort();
  const at = ratio * (values.length - 1);
  const below = values[Math.floor(at)]!;
  const above = values[Math.ceil(at)]!;
  return below + (at - Math.floor(at)) * (above - below);
}

function addScaled(target: Float32Array, values: Float32Array | undefined, scale: number): void {
  if (scale === 0 || values === undefined) {
    return;
  }
  for (let i = 0; i < target.length; i++) {
    target[i] = target[i]! + scale * values[i]!;
  }
}
