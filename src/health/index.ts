/** The public face of what is seen from outside. */
export { Health } from './health.ts';
export { measured } from './measured-runner.ts';
export { Metrics } from './metrics.ts';
export { adapterParts, runnerPart } from './parts.ts';
