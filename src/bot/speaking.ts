/** How a handler answers: in the place of the placeholder, or to the asker alone. */
import type { Message } from '../core/message.ts';
import { acknowledgementOf } from './acknowledgement.ts';
import type { Turn } from './kit.ts';
import { sentences } from './present/lines.ts';

/** To the asker alone, whatever placeholder there is. */
export async function answerPrivately(turn: Turn, message: Message): Promise<void> {
  // A private placeholder is replaced; a public one goes away and a private message comes.
  const isPrivate = acknowledgementOf(turn.invocation.action) === 'private';
  const mode = isPrivate ? 'edit' : 'private';
  await turn.chat.deliver(turn.address, message, { mode, key: `${turn.invocation.id}:private`, isFinal: true });
}

export async function sayPrivately(turn: Turn, ...texts: readonly string[]): Promise<void> {
  await answerPrivately(turn, sentences(...texts));
}

/** In the place of what stands at the address: the placeholder, or the pressed message. */
export async function replace(turn: Turn, message: Message): Promise<void> {
  await turn.chat.deliver(turn.address, message, { mode: 'edit', key: turn.invocation.id, isFinal: true });
}
