/**
 * A plan: everything about one picture's way from noise to latents that is known before it starts.
 *
 * Between two UNet calls every sampler here does the same thing: it turns the model's output into x0, its guess of the
 * finished latents, and mixes old latents, guesses, output and fresh noise in fixed proportions. Samplers differ in the
 * proportions alone, so a plan is a table of them, plain data, and `step` in step.ts is the one function that runs it.
 *
 * Knows no tensors and no noise. Letters: x latents, x0 guess of the finished latents, alpha and sigma the parts of
 * signal and noise in x with alpha² + sigma² = 1.
 */
import type { Sampling } from '../../core/sampling.ts';
import type { PredictionType, SchedulerConfig } from './scheduler-config.ts';
import type { Level } from './sigmas.ts';

/** x' = x·x + x0·x0 + output·output + previousX0·previousX0 + noise·noise, each word a number here and an array there. */
export type Mix = {
  readonly x: number;
  readonly x0: number;
  readonly output: number;
  readonly previousX0: number;
  /** 0: this step draws no noise from the picture's stream. */
  readonly noise: number;
};

export type PlanStep = Level & {
  /** What the UNet is told; whole except for Euler's evenly spaced schedules. */
  readonly timestep: number;
  readonly mix: Mix;
};

/** What is done to x0 before it is used. */
export type Constraint =
  | { readonly kind: 'none' }
  | { readonly kind: 'clip'; readonly range: number }
  /** Clamp to the `ratio` quantile of |x0| (kept within 1 … `max`), then divide by it. */
  | { readonly kind: 'threshold'; readonly ratio: number; readonly max: number };

export type Plan = {
  readonly prediction: PredictionType;
  readonly constraint: Constraint;
  /** A picture from nothing starts as noise times this. */
  readonly initialNoiseScale: number;
  readonly steps: readonly PlanStep[];
};

/** What each sampler is given: the table's ingredients. */
export type ScheduleInput = {
  readonly config: SchedulerConfig;
  readonly alphaBar: Float32Array;
  readonly sampling: Sampling;
  readonly steps: number;
  readonly strength: number | undefined;
};
