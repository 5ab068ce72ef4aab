/** The public face of what is seen from outside. */
export { Health, type HealthReport, type Part, type PartState } from './health.ts';
export { MeasuredRunner } from './measured-runner.ts';
export { Metrics, type Outcome } from './metrics.ts';
export { adapterParts, runnerPart } from './parts.ts';
