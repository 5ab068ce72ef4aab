/** How a handler answers: in the place of the placeholder, or to the asker alone. */
import type { ReplyAddress } from '../core/job.ts';
import type { Message } from '../core/message.ts';
import type { RequestContext } from './context.ts';
import { sentences } from './present/lines.ts';

/** To the asker alone, whatever placeholder there is. */
export async function answerPrivately(asked: RequestContext, message: Message): Promise<void> {
  // A private placeholder is replaced; a public one goes away and a private message comes.
  const mode = asked.isPrivate ? 'edit' : 'private';
  await asked.chat.deliver(asked.address, message, { mode, key: `${asked.invocation.id}:private`, isFinal: true });
}

export async function sayPrivately(asked: RequestContext, ...texts: readonly string[]): Promise<void> {
  await answerPrivately(asked, sentences(...texts));
}

/** In the place of what stands at the address: the placeholder, or the pressed message. */
export async function replace(asked: RequestContext, message: Message): Promise<ReplyAddress> {
  return await asked.chat.deliver(asked.address, message, { mode: 'edit', key: asked.invocation.id, isFinal: true });
}
