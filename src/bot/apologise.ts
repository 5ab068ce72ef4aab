/**
 * The last word when an event could not be answered at all, as where the store is gone: said through the chat alone, and
 * what was written down of the event is not drawn later besides. Throws nothing.
 */
import type { Invocation } from '../core/chat.ts';
import { UserError } from '../core/errors.ts';
import type { ReplyAddress } from '../core/job.ts';
import type { BotPorts } from './ports.ts';
import { faultSentence } from './fault.ts';
import { inboxIdOf } from './inbox-record.ts';
import { message, plain } from './present/lines.ts';

type Unanswered = { readonly invocation: Invocation; readonly address: ReplyAddress; readonly error: unknown };

export async function apologise(
  { log, stores, chatOf }: Pick<BotPorts, 'log' | 'stores' | 'chatOf'>,
  { invocation, address, error }: Unanswered,
): Promise<void> {
  const { id, action, actor, place } = invocation;
  const { locale } = actor;
  if (error instanceof UserError) {
    log.error({ action: action.kind, err: error }, 'an event could not be answered');
  }
  const shown = message({ lines: [[plain(faultSentence(error, locale, log, { action: action.kind }))]] });
  try {
    await chatOf(place.platform)?.deliver(address, shown, {
      mode: 'private',
      key: `gone:${id}`,
      isFinal: true,
      locale,
    });
    await stores.inbox.discard(inboxIdOf(invocation));
  } catch (cause) {
    log.error({ err: cause }, 'nobody could be told');
  }
}
