/** The answer to what went wrong, as a message: the bot's sentence for it. */
import { faultSentence } from '../../bot/fault.ts';
import type { Log } from '../../bot/index.ts';
import { sentences } from '../../bot/present/lines.ts';
import type { Message } from '../../core/message.ts';
import type { Locale } from '../../core/people.ts';

/** Logs a fault of ours under a short id and gives the sentence that names it; a `UserError` is not logged. */
export function faultMessage(error: unknown, locale: Locale, log: Pick<Log, 'error'>): Message {
  return sentences(faultSentence(error, locale, log));
}
