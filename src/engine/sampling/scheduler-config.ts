/**
 * A model's `scheduler_config.json`, as far as sampling depends on it.
 *
 * Whatever class the file names, any of our samplers can be built from it: a key that is absent stays absent here, and
 * each sampler falls back to its own default for it, as diffusers' `from_config` does. Names are the file's own, in
 * camel case. Knows no timesteps.
 */
import { z } from 'zod';
import { UserError } from '../../core/errors.ts';

const PREDICTION_TYPES = ['epsilon', 'v_prediction', 'sample'] as const;
export type PredictionType = (typeof PREDICTION_TYPES)[number];

const TIMESTEP_SPACINGS = ['leading', 'trailing', 'linspace'] as const;
export type TimestepSpacing = (typeof TIMESTEP_SPACINGS)[number];

/** How levels of noise are spread, where not as the timesteps are. */
export type Curve = 'karras' | 'exponential' | 'beta';

const BETA_SCHEDULES = ['linear', 'scaled_linear', 'squaredcos_cap_v2'] as const;

const schedulerConfigFile = z.object({
  num_train_timesteps: z.number().int().min(1).max(100_000).default(1000),
  beta_start: z.number().positive().lt(1).default(0.00085),
  beta_end: z.number().positive().lt(1).default(0.012),
  beta_schedule: z.enum(BETA_SCHEDULES).default('scaled_linear'),
  trained_betas: z.array(z.number().positive().lt(1)).nullish(),
  rescale_betas_zero_snr: z.boolean().default(false),
  prediction_type: z.enum(PREDICTION_TYPES).default('epsilon'),
  original_inference_steps: z.number().int().min(1).default(50),
  timestep_scaling: z.number().positive().default(10),
  // diffusers' DDIM clips by default and its pipelines switch that off again: latents are no pixels.
  clip_sample: z.boolean().default(false),
  clip_sample_range: z.number().positive().default(1),
  thresholding: z.boolean().default(false),
  dynamic_thresholding_ratio: z.number().min(0).max(1).default(0.995),
  sample_max_value: z.number().min(1).default(1),
  set_alpha_to_one: z.boolean().default(true),
  steps_offset: z.number().int().min(0).default(0),
  timestep_spacing: z.enum(TIMESTEP_SPACINGS).optional(),
  final_sigmas_type: z.enum(['zero', 'sigma_min']).default('zero'),
  lower_order_final: z.boolean().default(true),
  euler_at_final: z.boolean().default(false),
  use_karras_sigmas: z.boolean().nullish(),
  use_exponential_sigmas: z.boolean().nullish(),
  use_beta_sigmas: z.boolean().nullish(),
  // What our sigma samplers do not do; each is refused where it would count.
  use_flow_sigmas: z.boolean().nullish(),
  use_lu_lambdas: z.boolean().nullish(),
  interpolation_type: z.string().nullish(),
  timestep_type: z.string().nullish(),
  sigma_min: z.number().nullish(),
  sigma_max: z.number().nullish(),
  algorithm_type: z.string().nullish(),
  solver_order: z.number().nullish(),
  solver_type: z.string().nullish(),
});

export type SchedulerConfig = {
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: (typeof BETA_SCHEDULES)[number];
  readonly trainedBetas: readonly number[] | undefined;
  readonly rescaleBetasZeroSnr: boolean;
  readonly predictionType: PredictionType;
  /** LCM: how many steps the distilled model's own schedule has. */
  readonly originalInferenceSteps: number;
  readonly timestepScaling: number;
  readonly clipSample: boolean;
  readonly clipSampleRange: number;
  readonly thresholding: boolean;
  readonly dynamicThresholdingRatio: number;
  readonly sampleMaxValue: number;
  readonly setAlphaToOne: boolean;
  readonly stepsOffset: number;
  /** Absent: leading for DDIM, linspace for DPM-Solver++ and Euler. LCM has a grid of its own. */
  readonly timestepSpacing: TimestepSpacing | undefined;
  readonly finalSigmasType: 'zero' | 'sigma_min';
  readonly lowerOrderFinal: boolean;
  readonly eulerAtFinal: boolean;
  /** How the sigma samplers spread their levels; undefined: as the timesteps are spread. */
  readonly curve: Curve | undefined;
  /** Of DPM-Solver++. */
  readonly solver: { readonly order: 1 | 2; readonly type: 'midpoint' | 'heun'; readonly isStochastic: boolean };
  /** Settings that a sampler here cannot follow, as `key = value`; they count for that sampler alone. */
  readonly unfollowed: { readonly sigmas: readonly string[]; readonly solver: readonly string[] };
};

/**
 * Reads the parsed JSON of a `scheduler_config.json`. `where` names the file in errors.
 * Throws `UserError('model.scheduler')` for values that no sampler here understands (flow models among them).
 */
export function parseSchedulerConfig(json: unknown, where: string): SchedulerConfig {
  const foreign = foreignClass.safeParse(json).data?._class_name;
  if (foreign !== undefined) {
    throw new UserError(
      'model.scheduler',
      `Expected the scheduler settings of a Stable Diffusion model in ${where}, but they are of ${foreign}, which noises in another way; take a model whose scheduler predicts epsilon, v or sample.`,
      { params: { file: where, key: foreign } },
    );
  }
  const parsed = schedulerConfigFile.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = issue?.path.join('.') ?? '';
    throw new UserError(
      'model.scheduler',
      `Expected the scheduler settings of a Stable Diffusion model in ${where}, but \`${key}\` is not usable (${issue?.message ?? 'unknown'}); take a model whose scheduler predicts epsilon, v or sample.`,
      {
        params: { file: where, key },
      },
    );
  }
  const file = parsed.data;
  if (file.trained_betas?.length !== undefined && file.trained_betas.length !== file.num_train_timesteps) {
    throw new UserError(
      'model.scheduler',
      `Expected ${file.num_train_timesteps} values of \`trained_betas\` in ${where}, but there are ${file.trained_betas.length}; mend the file or take another copy of the model.`,
      {
        params: { file: where, key: 'trained_betas' },
      },
    );
  }
  return {
    numTrainTimesteps: file.num_train_timesteps,
    betaStart: file.beta_start,
    betaEnd: file.beta_end,
    betaSchedule: file.beta_schedule,
    trainedBetas: file.trained_betas ?? undefined,
    rescaleBetasZeroSnr: file.rescale_betas_zero_snr,
    predictionType: file.prediction_type,
    originalInferenceSteps: file.original_inference_steps,
    timestepScaling: file.timestep_scaling,
    clipSample: file.clip_sample,
    clipSampleRange: file.clip_sample_range,
    thresholding: file.thresholding,
    dynamicThresholdingRatio: file.dynamic_thresholding_ratio,
    sampleMaxValue: file.sample_max_value,
    setAlphaToOne: file.set_alpha_to_one,
    stepsOffset: file.steps_offset,
    timestepSpacing: file.timestep_spacing,
    finalSigmasType: file.final_sigmas_type,
    lowerOrderFinal: file.lower_order_final,
    eulerAtFinal: file.euler_at_final,
    curve: CURVES.find(([, key]) => file[key] === true)?.[0],
    solver: {
      order: file.solver_order === 1 ? 1 : 2,
      type: file.solver_type === 'heun' ? 'heun' : 'midpoint',
      isStochastic: file.algorithm_type === 'sde-dpmsolver++',
    },
    unfollowed: unfollowedIn(file),
  };
}

/** Schedulers whose models learnt noise of another kind: none of our samplers can be built from them. */
const foreignClass = z.looseObject({ _class_name: z.string().regex(/^(?:EDM|FlowMatch|DDPMWuerstchen|KarrasVe)/) });

const CURVES = [
  ['karras', 'use_karras_sigmas'],
  ['exponential', 'use_exponential_sigmas'],
  ['beta', 'use_beta_sigmas'],
] as const satisfies readonly (readonly [Curve, keyof z.infer<typeof schedulerConfigFile>])[];

type File = z.infer<typeof schedulerConfigFile>;
/** What each sampler can follow of a setting; absent and null are the usual. */
type Followed = readonly (readonly [keyof File, readonly unknown[]])[];
const SIGMAS: Followed = [
  ['use_flow_sigmas', [false]],
  ['interpolation_type', ['linear']],
  ['timestep_type', ['discrete']],
  ['sigma_min', []],
  ['sigma_max', []],
];
const SOLVER: Followed = [
  // DEIS' and UniPC's own words mean the usual here, as in diffusers.
  ['algorithm_type', ['dpmsolver++', 'sde-dpmsolver++', 'deis']],
  ['solver_order', [1, 2]],
  ['solver_type', ['midpoint', 'heun', 'logrho', 'bh1', 'bh2']],
  ['use_lu_lambdas', [false]],
];

function unfollowedIn(file: File): SchedulerConfig['unfollowed'] {
  const beyond = (followed: Followed): readonly string[] =>
    followed.flatMap(([key, values]) => {
      const value = file[key];
      return value === undefined || value === null || values.includes(value) ? [] : [`${key} = ${String(value)}`];
    });
  return { sigmas: beyond(SIGMAS), solver: beyond(SOLVER) };
}
