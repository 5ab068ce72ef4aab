/**
 * How a picture is stepped from noise to latents, as data: which sampler, at which timesteps, with how much fresh noise,
 * and what its last step ends on. What is absent is as the sampler does on this model by itself.
 */
export const SCHEDULER_NAMES = ['lcm', 'ddim', 'dpm++', 'euler', 'tcd'] as const;
export type SchedulerName = (typeof SCHEDULER_NAMES)[number];

/** How timesteps are spread over training. */
export const SPREADS = ['lcm', 'leading', 'trailing', 'linspace'] as const;

/** A list names them itself, descending. */
export type TimestepGrid = (typeof SPREADS)[number] | readonly number[];

/** Signal alone (`one`), or the least noise of training, alphaBar of timestep 0 (`first`). */
export const LAST_STEPS = ['one', 'first'] as const;
export type LastStep = (typeof LAST_STEPS)[number];

export type WholeSampling = {
  readonly scheduler: SchedulerName;
  readonly grid: TimestepGrid;
  /** 0 … 1: TCD's gamma, or DDIM's eta; the others know none. */
  readonly eta: number;
  readonly lastStep: LastStep;
};

export type Sampling = Pick<WholeSampling, 'scheduler'> & {
  readonly [Name in Exclude<keyof WholeSampling, 'scheduler'>]?: WholeSampling[Name] | undefined;
};
