/**
 * DDIM without added noise (arXiv 2010.02502, eta 0), as in
 * https://github.com/huggingface/diffusers/blob/58eb52c0/src/diffusers/schedulers/scheduling_ddim.py
 */
/* oxlint-disable typescript/no-non-null-assertion -- loops keep every index within its array */
import type { Mix, PlanStep, ScheduleInput } from './plan.ts';
import type { PredictionType } from './scheduler-config.ts';
import { assertSignalAt, firstStepAtStrength, spacedTimesteps } from './spaced-timesteps.ts';

export function ddimSteps({ config, alphaBar, steps, strength }: ScheduleInput): readonly PlanStep[] {
  const spacing = config.timestepSpacing ?? 'leading';
  const timesteps = spacedTimesteps(config, { spacing, steps, leaveOutLast: false, round: true });
  const stride = Math.floor(config.numTrainTimesteps / steps);
  const finalAlphaBar = config.setAlphaToOne ? 1 : alphaBar[0]!;
  return timesteps.slice(firstStepAtStrength(steps, strength)).map((unclamped) => {
    // A steps_offset can push the first of very many timesteps past the schedule's end.
    const timestep = Math.min(unclamped, config.numTrainTimesteps - 1);
    assertSignalAt(timestep, alphaBar, config);
    // The previous timestep goes by the stride of training steps, whatever the spacing.
    const previous = timestep - stride;
    const alphaBarNext = previous >= 0 ? alphaBar[previous]! : finalAlphaBar;
    const alpha = Math.sqrt(alphaBar[timestep]!);
    const sigma = Math.sqrt(1 - alphaBar[timestep]!);
    const mix = ddimMix({
      prediction: config.predictionType,
      alpha,
      sigma,
      alphaNext: Math.sqrt(alphaBarNext),
      sigmaNext: Math.sqrt(1 - alphaBarNext),
    });
    return { timestep, inputScale: 1, alpha, sigma, mix };
  });
}

type DdimMix = {
  readonly prediction: PredictionType;
  readonly alpha: number;
  readonly sigma: number;
  readonly alphaNext: number;
  readonly sigmaNext: number;
};

/** x' = alphaNext·x0 + sigmaNext·eps, where eps comes from the output before x0 is clipped. */
function ddimMix({ prediction, alpha, sigma, alphaNext, sigmaNext }: DdimMix): Mix {
  switch (prediction) {
    case 'epsilon':
      return { x: 0, x0: alphaNext, output: sigmaNext, previousX0: 0, noise: 0 };
    case 'v_prediction':
      return { x: sigmaNext * sigma, x0: alphaNext, output: sigmaNext * alpha, previousX0: 0, noise: 0 };
    case 'sample':
      return { x: sigmaNext / sigma, x0: alphaNext, output: (-sigmaNext * alpha) / sigma, previousX0: 0, noise: 0 };
    default:
      return prediction satisfies never;
  }
}
