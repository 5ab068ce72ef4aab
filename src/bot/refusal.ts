/** A refusal whose sentence is written once, in the English table: the code is the key. */
import { type ErrorParams, UserError, type UserErrorOptions } from '../core/errors.ts';
import { text, type TextKey } from './texts/index.ts';

type ErrorKey = Extract<TextKey, `error.${string}`>;
export type RefusalCode = ErrorKey extends `error.${infer Code}` ? Code : never;

/** A `UserError` with the table's English sentence; other languages are found by its code. */
export function refusal(
  code: RefusalCode,
  params: ErrorParams = {},
  more: Omit<UserErrorOptions, 'params'> = {},
): UserError {
  return new UserError(code, text('en', `error.${code}`, params), { params, ...more });
}
