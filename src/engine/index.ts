/** The engine's public face: prompts to pixels in this process. Knows no chat, server or person. */
export { createEngineRunner, type EngineRunnerOptions } from './engine-runner.ts';
export { parseManifest, readManifest } from './manifest-file.ts';
export type { ModelLocation } from './model-shelf.ts';
export type { Device } from './ort/index.ts';
export { CPU_POLICY, GPU_POLICY, type SchedulerPolicy } from './scheduler.ts';
