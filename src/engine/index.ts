/** The engine's public face: prompts to pixels in this process. Knows no chat, server or person. */
export { chooseForms, chooseLearningType } from './model/device-forms.ts';
export { tryOut } from './model/device-trials.ts';
export { createEngineRunner, type EngineRunnerOptions } from './engine-runner.ts';
export { readCurves } from './curve-file.ts';
export { freeMemory, type Device } from './ort/index.ts';
