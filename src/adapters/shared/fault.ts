/**
 * The sentence for what went wrong, in the reader's language: a mistake of theirs as it is written, one of ours by a
 * number under which the operator finds it in the log.
 */
import { randomBytes } from 'node:crypto';

import type { Log } from '../../bot/index.ts';
import { sentences } from '../../bot/present/lines.ts';
import { errorText, text } from '../../bot/texts/index.ts';
import { UserError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';

/** Logs a fault of ours under a short id and gives the sentence that names it; a `UserError` is not logged. */
export function faultMessage(error: unknown, locale: Locale, log: Pick<Log, 'error'>): Message {
  if (error instanceof UserError) {
    return sentences(errorText(locale, error));
  }
  const id = randomBytes(4).toString('hex');
  log.error({ err: error, fault: id }, 'a fault of ours');
  return sentences(text(locale, 'error.fault', { id }));
}
