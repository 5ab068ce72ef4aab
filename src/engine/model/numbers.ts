/**
 * Whether what a model answered is numbers, and the sentence for when it is not. fp32 weights are mapped into memory
 * without being read first, so damage shows here and nowhere earlier. Knows no nets.
 */
import { UserError } from '../../core/errors.ts';

/** Whether all `values` are numbers: one that is none makes their sum none. */
export function areNumbers(values: Float32Array): boolean {
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    sum += values[index] ?? 0; // by index: an iterator makes an object of every number
  }
  return Number.isFinite(sum);
}

/** `UserError` `model.nan`: damaged weights pass every other check, being a sound file of unsound numbers. */
export function notNumbers(): UserError {
  return new UserError(
    'model.nan',
    'Expected numbers from the model, but its answer holds NaN or infinity; its weights, VAE or a style are damaged, or its number type is too small: take other files.',
  );
}
