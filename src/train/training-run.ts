/**
 * What runs of every kind of training do alike: whose turn it is, how far one is, what is written. Knows no recipe's way of
 * learning.
 */
import { CancelledError, UserError } from '../core/errors.ts';
import { unetLoraTargets } from '../engine/nets/index.ts';
import type { BaseModel } from './base-model.ts';
import { writeLora, type LoraNotes } from './lora-writer.ts';
import type { StyleRecipe } from './style-recipe.ts';
import type { Trainer } from './trainer.ts';

export type TrainingEvent =
  | { readonly kind: 'encoded'; readonly pictures: number; readonly of: number }
  | {
      readonly kind: 'step';
      readonly step: number;
      readonly steps: number;
      /** A moving average: single losses say little. */
      readonly loss: number;
      readonly secondsLeft: number;
    }
  /** `file` holds what was learnt so far. */
  | {
      readonly kind: 'saved';
      readonly step: number;
      readonly steps: number;
      readonly rank: number;
      readonly file: string;
    };

/** Waits until it may use the device; throws `CancelledError` when `signal` fired. */
export async function waitForTurn(run: {
  readonly between?: () => Promise<void>;
  readonly signal: AbortSignal;
}): Promise<void> {
  await run.between?.();
  if (run.signal.aborted) {
    throw new CancelledError();
  }
}

/** Of the shown loss and of the time of a step. */
const SMOOTHING = 0.03;

export class Progress {
  readonly #steps: number;
  readonly #advice: string;
  #loss: number | undefined;
  #msPerStep: number | undefined;

  /** `advice`: what to do where the loss is no number any more. */
  constructor(steps: number, advice: string) {
    this.#steps = steps;
    this.#advice = advice;
  }

  /** Throws `UserError` `train.diverged`. */
  step(step: number, loss: number, tookMs: number): TrainingEvent {
    if (!Number.isFinite(loss)) {
      throw new UserError(
        'train.diverged',
        `Expected the loss to stay a number, but at step ${step} it is none; ${this.#advice}.`,
        { params: { step } },
      );
    }
    this.#loss = smoothed(this.#loss, loss);
    this.#msPerStep = smoothed(this.#msPerStep, tookMs);
    const steps = this.#steps;
    return { kind: 'step', step, steps, loss: this.#loss, secondsLeft: ((steps - step) * this.#msPerStep) / 1000 };
  }
}

function smoothed(known: number | undefined, value: number): number {
  return known === undefined ? value : known + SMOOTHING * (value - known);
}

type Written = {
  readonly base: BaseModel;
  readonly recipe: Pick<StyleRecipe, 'rank' | 'batch' | 'rate' | 'keeps' | 'strength'>;
  readonly size: { readonly width: number; readonly height: number };
  readonly seed: number;
  readonly notes: Pick<LoraNotes, 'title' | 'baseHash' | 'license' | 'trigger' | 'date' | 'wordFile'>;
  readonly out: string;
};

/** What was learnt so far, as a file. Throws `UserError` `weights.unwritable`. */
export async function writeLearnt(
  { base, recipe: { rank, batch, rate, keeps, strength = 1 }, size, seed, notes, out }: Written,
  trainer: Trainer,
  { steps, pictures }: { readonly steps: number; readonly pictures: number },
): Promise<void> {
  const { weights, config } = base.unet;
  const kernels = new Set(
    unetLoraTargets(config)
      .filter(({ weightName }) => weights.get(weightName)?.shape.length === 4)
      .map(({ module }) => module),
  );
  const kept = trainer
    .averaged()
    .filter(({ name }) => keeps?.(name) ?? true)
    .map((each) =>
      each.name.endsWith('.lora_up') && strength !== 1
        ? { ...each, values: each.values.map((value) => value * strength) }
        : each,
    );
  await writeLora(out, kept, (module) => kernels.has(module), {
    ...notes,
    ...size,
    base: base.base,
    rank,
    steps,
    batch,
    rate,
    seed,
    pictures,
    prediction: base.scheduler.predictionType,
  });
}
