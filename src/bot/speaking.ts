/** How a handler answers: in the place of the placeholder, or to the asker alone. */
import type { UserError } from '../core/errors.ts';
import type { ReplyAddress } from '../core/job.ts';
import type { Message } from '../core/message.ts';
import type { RequestContext } from './context.ts';
import { button, CHANNELS, message, plain, sentences, withChannels } from './present/lines.ts';
import { errorText, text } from './texts/index.ts';

/** To the asker alone, whatever placeholder there is. */
export async function answerPrivately(asked: RequestContext, answer: Message): Promise<void> {
  // A private placeholder is replaced; a public one goes away and a private message comes.
  const mode = asked.isPrivate ? 'edit' : 'private';
  await asked.chat.deliver(asked.address, answer, { mode, key: `${asked.invocation.id}:private`, isFinal: true });
}

export async function sayPrivately(asked: RequestContext, ...texts: readonly string[]): Promise<void> {
  await answerPrivately(asked, sentences(...texts));
}

/** To the asker alone, with a button that takes back what was done. */
export async function offerUndo(asked: RequestContext, done: string, id: string): Promise<void> {
  const undo = button(id, text(asked.locale, 'button.take-back'), { emoji: '↩️' });
  await answerPrivately(asked, message({ lines: [[plain(done)]], rows: [[undo]] }));
}

/** Why not, in the asker's language. */
export async function sayRefusal(asked: RequestContext, error: UserError): Promise<void> {
  if (error.code !== 'allowed.channel') {
    await sayPrivately(asked, errorText(asked.locale, error));
    return;
  }
  // Ids tell nobody where to go: the channels are shown as such.
  const sentence = text(asked.locale, 'error.allowed.channel', { channels: CHANNELS });
  await answerPrivately(asked, message({ lines: [withChannels(sentence, asked.settings.channels)] }));
}

/** In the place of what stands at the address: the placeholder, or the pressed message. */
export async function replace(asked: RequestContext, answer: Message): Promise<ReplyAddress> {
  return await asked.chat.deliver(asked.address, answer, { mode: 'edit', key: asked.invocation.id, isFinal: true });
}
