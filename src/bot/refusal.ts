/** A refusal whose sentence is written once, in the English table: the code is the key. */
import { type ErrorParams, UserError } from '../core/errors.ts';
import { text, type TextKey } from './texts/index.ts';

type ErrorKey = Extract<TextKey, `error.${string}`>;
export type RefusalCode = ErrorKey extends `error.${infer Code}` ? Code : never;

/** A `UserError` with the table's English sentence; other languages are found by its code. */
export function refusal(code: RefusalCode, params: ErrorParams = {}, retryAfterMs?: number): UserError {
  const sentence = text('en', `error.${code}`, params);
  return new UserError(code, sentence, retryAfterMs === undefined ? { params } : { params, retryAfterMs });
}
