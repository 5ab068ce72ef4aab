/**
 * The sentence for what went wrong, in the reader's language: a mistake of theirs as it is written, one of ours by a
 * number under which the operator finds it in the log.
 */
import { randomBytes } from 'node:crypto';

import { UserError } from '../core/errors.ts';
import type { Locale } from '../core/people.ts';
import type { Log } from './ports.ts';
import { errorText, text } from './texts/index.ts';

/** For what a chat itself keeps on the disk. */
export { writeFailure } from '../store/index.ts';

/** Logs a fault of ours under a short id, with `fields` beside it; a `UserError` is not logged. */
export function faultSentence(error: unknown, locale: Locale, log: Pick<Log, 'error'>, fields: object = {}): string {
  if (error instanceof UserError) {
    return errorText(locale, error);
  }
  const id = randomBytes(4).toString('hex');
  log.error({ ...fields, fault: id, err: error }, 'a fault of ours');
  return text(locale, 'error.fault', { id });
}
