/** Sampling: from noise to latents in a number of steps, as pure functions. Knows no nets and no sessions. */
export { combineGuidance, guidanceEmbedding } from './guidance.ts';
export { guessOutside, keepOutside } from './inpaint.ts';
export type { Kept } from './inpaint.ts';
export { alphasCumprod } from './noise-schedule.ts';
export { plan } from './plan.ts';
export type { Plan } from './plan-table.ts';
export { parseSchedulerConfig } from './scheduler-config.ts';
export type { PredictionType, SchedulerConfig } from './scheduler-config.ts';
export { drawsNoise, initialLatents, step } from './step.ts';
export type { Latents } from './step.ts';
export { TorchGenerator } from './torch-generator.ts';
export { mixedNoise } from './variation.ts';
export type { NoiseSource } from './variation.ts';
