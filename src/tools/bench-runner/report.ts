/** What `bench runner` found, as data: printed for people, or as it is for programs. */
import type { BatchCurve } from '../../engine/batch-curve.ts';
import type { EngineFigures } from './engine.ts';
import type { OverheadFigures } from './overhead.ts';
import type { SimulationResult } from './simulation.ts';

export type CrowdFigures = {
  readonly device: BatchCurve;
  readonly slots: number;
  readonly servers: number;
  readonly load: 'equal' | 'skewed';
  readonly fair: SimulationResult;
  /** The same arrivals, first come, first served. */
  readonly firstCome: SimulationResult;
};

export type Report = {
  readonly jobs: number;
  readonly crowds: readonly CrowdFigures[];
  readonly overhead: OverheadFigures;
  /** Undefined where no model was there to draw with, or none was asked for. */
  readonly engine: EngineFigures | undefined;
};
